"""ns-train under mpirun: one run shared by processes, stopped or killed in any of them."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from cli_case import BIN, CliCase, write_tiny_fashion_mnist
from test_bench_detector import RECIPE as DETECTOR
from test_bench_detector import write_squares

LINKED = "libmpi" in subprocess.run(["ldd", BIN / "ns-train"], capture_output=True, text=True, check=False).stdout
# Leaks of the MPI library are not ours; a container may forbid what its shared memory would like to do.
ENVIRONMENT = os.environ | {"OMPI_MCA_btl_vader_single_copy_mechanism": "none", "OMPI_MCA_plm_rsh_agent": "sh",
                            "ASAN_OPTIONS": "detect_leaks=0"}


@unittest.skipUnless(LINKED and shutil.which("mpirun"), "ns-train was built without MPI, or there is no mpirun")
class Mpi(CliCase):
    def setUp(self):
        super().setUp()
        write_tiny_fashion_mnist(self.folder / "data", train=80)
        self.recipe()

    def recipe(self, **changes):
        keys = dict(dataset="fashion_mnist", data_dir="data", width=0.25, method="nested", epochs=4, batch_size=20, learning_rate=0.002,
                    warmup_epochs=0, validation_images=20, threads=1, sparsities=[0.5, 0.75], prune_start_epoch=1, prune_end_epoch=2,
                    prune_every_steps=3)
        (self.folder / "recipe.json").write_text(json.dumps(keys | changes))

    def start(self, *words, processes=2):
        command = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-np", str(processes), BIN / "ns-train", "recipe.json", *words]
        running = subprocess.Popen(command, cwd=self.folder, text=True, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(running.stdout.close)
        self.addCleanup(running.stderr.close)
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        return running

    def finish(self, running, status=0):
        stdout, stderr = running.communicate(timeout=240)
        self.assertEqual(running.returncode, status, stderr)
        return stdout, stderr

    def process(self, running, rank):
        """The process id of a rank: mpirun's child that says so."""
        for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                if int(status.read_text().rpartition(")")[2].split()[1]) == running.pid:
                    if f"OMPI_COMM_WORLD_RANK={rank}".encode() in (status.parent / "environ").read_bytes().split(b"\0"):
                        return int(status.parent.name)
            except OSError:
                pass  # ended meanwhile
        self.fail(f"mpirun has no process of rank {rank}")
        return None

    def compare_with_one_process(self):
        """Returns what the two said."""
        alone = self.run_tool("ns-train", "recipe.json", "-o", "one.safetensors", "--json").stdout
        stdout, stderr = self.finish(self.start("-o", "two.safetensors", "--json"))
        for one, two in zip(map(json.loads, alone.splitlines()), map(json.loads, stdout.splitlines()), strict=True):
            self.assertEqual((one["epoch"], one["phase"]), (two["epoch"], two["phase"]))
            for a, b in zip(one["subnets"], two["subnets"], strict=True):
                self.assertAlmostEqual(a["train_loss"], b["train_loss"], delta=0.001)
        return stderr

    def test_detectors_follow_the_losses_of_one_process(self):
        write_squares(self.folder / "squares", train=24, test=2)
        (self.folder / "recipe.json").write_text(json.dumps(DETECTOR | dict(data_dir="squares", epochs=2, prune_start_epoch=0, prune_end_epoch=1, learning_rate=0.002)))
        self.compare_with_one_process()

    def test_two_processes_follow_the_losses_of_one_and_only_the_first_writes_and_prints(self):
        self.assertEqual(self.compare_with_one_process().count("epoch 1/4"), 1)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["data", "one.safetensors", "recipe.json", "two.safetensors"])

    def test_a_process_that_dies_ends_the_job_with_a_message_and_the_run_goes_on_from_its_checkpoint(self):
        self.recipe(method="dense", epochs=20)
        self.finish(self.start("-q", "-o", "whole.safetensors"))
        for rank in (1, 0):
            with self.subTest(rank=rank):
                running = self.start("-o", "m.safetensors", "--json")
                running.stdout.readline()
                os.kill(self.process(running, rank), signal.SIGKILL)
                _, stderr = self.finish(running, 128 + signal.SIGKILL)
                self.assertIn(f"rank {rank}", stderr)
                if rank == 1:
                    self.assertIn("ns-train: error: another process of the job has ended", stderr)
                    self.assertIn("hint: continue with: ns-train recipe.json -o m.safetensors --resume m.resume.safetensors", stderr)
                self.assertFalse((self.folder / "m.safetensors").exists())
                self.finish(self.start("-q", "-o", "m.safetensors", "--resume", "m.resume.safetensors"))
                self.assertEqual((self.folder / "m.safetensors").read_bytes(), (self.folder / "whole.safetensors").read_bytes())
                os.remove(self.folder / "m.safetensors")

    def test_a_signal_to_mpirun_leaves_a_checkpoint(self):
        self.recipe(method="dense", epochs=400)
        running = self.start("-o", "m.safetensors", "--json")
        running.stdout.readline()
        time.sleep(0.1)
        running.terminate()
        _, stderr = running.communicate(timeout=120)
        self.assertNotEqual(running.returncode, 0)
        self.assertIn("interrupted; continue with", stderr)
        self.run_tool("ns-info", "m.resume.safetensors")

    def test_errors_are_told_once_and_the_batch_must_be_shared_out_evenly(self):
        for words, fragment in ((["-o", "none/m.safetensors"], "none"), (["-o", "m", "--set", "batch_size=15"], "batches of 15 images cannot be shared out"),
                                (["-o", "m", "--data-dir", "none"], "none"), (["-o", "m", "--resume", "recipe.json"], "recipe.json")):
            with self.subTest(words=words):
                _, stderr = self.start(*words).communicate(timeout=120)
                self.assertEqual(stderr.count("ns-train: error: "), 1, stderr)
                self.assertIn(fragment, stderr)
                self.assertFalse((self.folder / "m").exists())


@unittest.skipIf(LINKED, "ns-train was built with MPI")
class WithoutMpi(CliCase):
    def test_a_build_without_mpi_does_not_start_the_same_run_twice(self):
        (self.folder / "recipe.json").write_text("{}")
        done = self.run_tool("ns-train", "recipe.json", "-o", "m", status=2, env=os.environ | {"OMPI_COMM_WORLD_SIZE": "2"})
        self.assert_error(done, "ns-train", "this build trains in one process only", "hint: build where MPI is found")


if __name__ == "__main__":
    unittest.main()
