"""ns-train loses nothing: killed at any moment, out of disk, its folder read-only, its loss no number."""
import json
import math
import os
import pathlib
import random
import struct
import subprocess
import time
import unittest

from cli_case import BIN, CliCase, write_tiny_fashion_mnist

EPOCHS = 30
PHASES = {"dense": (0, 9), "pruning": (10, 19), "nested": (20, EPOCHS - 2)}  # epochs done, first and last


class NothingLost(CliCase):
    def setUp(self):
        super().setUp()
        write_tiny_fashion_mnist(self.folder / "data", train=100)
        self.recipe()

    def recipe(self, **changes):
        keys = dict(dataset="fashion_mnist", data_dir="data", width=0.25, method="nested", epochs=EPOCHS, batch_size=20, warmup_epochs=0,
                    validation_images=20, threads=1, sparsities=[0.5, 0.75], prune_start_epoch=10, prune_end_epoch=20, prune_every_steps=3)
        (self.folder / "recipe.json").write_text(json.dumps(keys | changes))

    def whole(self):
        """The bytes of an uninterrupted run."""
        self.run_tool("ns-train", "recipe.json", "-q", "-o", "whole.safetensors")
        return (self.folder / "whole.safetensors").read_bytes()

    def start(self, *words, output="m.safetensors", tool=("ns-train",)):
        running = subprocess.Popen([BIN / tool[0], *tool[1:], "recipe.json", "-o", output, "--json", *words], cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(running.stdout.close)
        self.addCleanup(running.stderr.close)
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        return running

    def wait_for_epoch(self, running, epoch):
        done = 0
        while done < epoch:
            line = running.stdout.readline()
            self.assertTrue(line, "the run ended too early")
            done = json.loads(line)["epoch"]

    def resume(self, output="m.safetensors"):
        resumable = output.replace(".safetensors", ".resume.safetensors")
        there = (self.folder / resumable).exists()
        self.run_tool("ns-train", "recipe.json", "-q", "-o", output, *(["--resume", resumable] if there else []))
        return (self.folder / output).read_bytes()

    def test_a_run_killed_at_random_moments_of_every_phase_ends_in_the_same_bytes(self):
        seed = int(os.environ.get("NESTKIT_KILL_SEED", random.randrange(10**6)))
        print(f"NESTKIT_KILL_SEED={seed}")
        rng = random.Random(seed)
        for method, phases in (("nested", PHASES), ("dense", {"dense": (0, EPOCHS - 2)})):
            self.recipe(method=method)
            whole = self.whole()
            os.remove(self.folder / "whole.safetensors")
            for phase, (first, last) in phases.items():
                epoch, delay = rng.randint(first, last), rng.uniform(0, 0.03)
                with self.subTest(method=method, phase=phase, epoch=epoch, delay=delay, seed=seed):
                    resumable = self.folder / "m.resume.safetensors"
                    running = self.start(*(["--resume", resumable.name] if resumable.exists() else []))
                    self.wait_for_epoch(running, epoch)
                    time.sleep(delay)
                    running.kill()
                    running.wait()
                    self.assertFalse((self.folder / "m.safetensors").exists())
                    if resumable.exists():
                        self.run_tool("ns-info", resumable)
            self.assertEqual(self.resume(), whole, f"NESTKIT_KILL_SEED={seed}")
            os.remove(self.folder / "m.safetensors")

    def test_runs_of_every_other_kind_survive_being_killed(self):
        seed = int(os.environ.get("NESTKIT_KILL_SEED", random.randrange(10**6)))
        print(f"NESTKIT_KILL_SEED={seed}")
        rng = random.Random(seed)
        ensemble = dict(method="dense", arch="resnet8_binary", members=2, optimizer="adam", learning_rate=0.01, epochs=6)
        for name, tool, epochs, changes in (
                ("slimmable", ("ns-train",), 8, dict(method="slimmable", width=0.5, widths=[1.0, 0.5], epochs=8)),
                ("gated", ("ns-train",), 8, dict(method="gated", width=0.5, gate_ratios=[0.75, 0.5], epochs=8)),
                ("tentacle", ("bin-ensemble", "train"), 6, ensemble | dict(ensemble="tentacle")),
                ("bagging", ("bin-ensemble", "train"), 12, ensemble | dict(ensemble="bagging")),
                ("boosting", ("bin-ensemble", "train"), 12, ensemble | dict(ensemble="boosting"))):
            with self.subTest(kind=name, seed=seed):
                self.recipe(**changes)
                self.run_tool(*tool, "recipe.json", "-q", "-o", "whole.safetensors")
                running = self.start(tool=tool)
                for _ in range(rng.randint(1, epochs - 2)):
                    self.assertTrue(running.stdout.readline(), "the run ended too early")
                time.sleep(rng.uniform(0, 0.03))
                running.kill()
                running.wait()
                self.assertFalse((self.folder / "m.safetensors").exists())
                self.run_tool(*tool, "recipe.json", "-q", "-o", "m.safetensors", "--resume", "m.resume.safetensors")
                self.assertEqual((self.folder / "m.safetensors").read_bytes(), (self.folder / "whole.safetensors").read_bytes())
                for file in ("m", "whole"):
                    os.remove(self.folder / f"{file}.safetensors")

    def test_a_loss_that_is_no_number_leaves_the_last_good_checkpoint_and_says_so(self):
        self.recipe(method="dense", epochs=200, learning_rate=100, momentum=0.99, weight_decay=0.02)
        done = self.run_tool("ns-train", "recipe.json", "-q", "-o", "m.safetensors", status=2)
        self.assert_error(done, "ns-train", "not a number any more in step", "checkpoints saved so far are good")
        self.assertFalse((self.folder / "m.safetensors").exists())
        file = (self.folder / "m.resume.safetensors").read_bytes()
        end = 8 + int.from_bytes(file[:8], "little")
        for name, tensor in json.loads(file[8:end]).items():
            if tensor.get("dtype") == "F32":
                first, last = (end + offset for offset in tensor["data_offsets"])
                values = struct.unpack(f"<{(last - first) // 4}f", file[first:last])
                self.assertTrue(all(map(math.isfinite, values)), name)
        again = self.run_tool("ns-train", "recipe.json", "-q", "-o", "m.safetensors", "--resume", "m.resume.safetensors", status=2)
        self.assertEqual(again.stderr, done.stderr)

    def mounted(self, *options):
        """A small file system of its own; the test is skipped where nobody may mount one."""
        place = self.folder / "disk"
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", place], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"cannot mount: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=True)
        return place

    def assert_stopped_by(self, running, reason):
        """Ends with status 4 and the reason; only the good checkpoint is left, and it leads to the bytes of the whole run."""
        _, stderr = running.communicate(timeout=120)
        self.assertEqual(running.returncode, 4, stderr)
        self.assertIn("ns-train: error: disk/m.resume.safetensors", stderr)
        self.assertIn(reason, stderr)

    def test_a_disk_that_fills_up_keeps_the_last_checkpoint_and_the_run_goes_on_when_there_is_room(self):
        whole, disk = self.whole(), self.mounted("size=2m")
        running = self.start(output="disk/m.safetensors")
        self.wait_for_epoch(running, 3)
        with open(disk / "filler", "wb", buffering=0) as filler, self.assertRaises(OSError):
            while True:
                filler.write(bytes(4096))
        self.assert_stopped_by(running, "No space left")
        self.assertEqual(sorted(p.name for p in disk.iterdir()), ["filler", "m.resume.safetensors"])
        os.remove(disk / "filler")
        self.assertEqual(self.resume("disk/m.safetensors"), whole)

    def test_a_folder_that_becomes_read_only_keeps_the_last_checkpoint(self):
        whole, disk = self.whole(), self.mounted("size=2m")
        running = self.start(output="disk/m.safetensors")
        self.wait_for_epoch(running, 3)
        for _ in range(200):  # busy while a checkpoint is being written
            if subprocess.run(["mount", "-o", "remount,ro", disk], capture_output=True, check=False).returncode == 0:
                break
        self.assert_stopped_by(running, "Read-only file system")
        refused = self.run_tool("ns-train", "recipe.json", "-o", "disk/other.safetensors", status=4)
        self.assert_error(refused, "ns-train", "disk/other.safetensors", "Read-only file system")
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        self.assertEqual(sorted(p.name for p in disk.iterdir()), ["m.resume.safetensors"])
        self.assertEqual(self.resume("disk/m.safetensors"), whole)

    def test_a_disk_that_is_full_from_the_start_is_told_before_training(self):
        disk = self.mounted("size=4k")
        (disk / "filler").write_bytes(bytes(4096))
        started = self.run_tool("ns-train", "recipe.json", "-o", "disk/m.safetensors", status=4)
        self.assert_error(started, "ns-train", "disk/m", "No space left")
        self.assertEqual([p.name for p in pathlib.Path(disk).iterdir()], ["filler"])


if __name__ == "__main__":
    unittest.main()
