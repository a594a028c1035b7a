"""bench/record_experiment on a tiny run, and what scripts/headlines makes of such records."""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

from cli_case import BIN, SOURCE, CliCase
from tiny_chain import RECIPE, TinyChain

sys.path.insert(0, str(SOURCE / "scripts"))
import training_figures  # noqa: E402

FIRMWARE = BIN.parent / "firmware/bin/nestkit-m7.elf"


class Experiments(CliCase):
    def test_what_another_starts_or_learns_from_is_trained_before_it(self):
        experiments = {"dense": {"recipe": "configs/neu_det_ssd_resnet8_dense.json", "seeds": [1]}, "nested": {"like": "dense", "init": "dense"},
                       "large": {"like": "dense"}, "taught": {"like": "nested", "teacher": "large"}}
        (self.folder / "list.json").write_text(json.dumps(experiments))
        done = subprocess.run([SOURCE / "bench/run_experiments", "list.json", "taught", "--work", "w", "--records", "r.jsonl", "--dry-run"],
                              cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.split(), ["run_experiments:", "dense_s1", "run_experiments:", "large_s1", "run_experiments:", "taught_s1"])

    def test_a_signal_waits_for_the_checkpoint_of_the_tool(self):
        (self.folder / "list.json").write_text(json.dumps({"dense": {"recipe": "configs/cifar10_resnet8_dense.json"}}))
        tool = self.folder / "ns-train"  # which takes its time to save
        tool.write_text("#!/bin/sh\ntrap 'sleep 1; touch saved; exit 130' INT TERM\ntouch started\nwhile :; do sleep 0.1; done\n")
        tool.chmod(0o755)
        for signal_of_all in (True, False):
            with self.subTest(signal_of_all):
                process = subprocess.Popen([SOURCE / "bench/run_experiments", "list.json", "--seeds", "1", "--work", "w", "--records", "r.jsonl", "--bin", "."],
                                           cwd=self.folder, stderr=subprocess.DEVNULL, start_new_session=True)
                self.addCleanup(process.kill)
                self.wait_for("started")
                if signal_of_all:
                    os.killpg(process.pid, signal.SIGINT)
                else:
                    process.terminate()
                self.assertEqual(process.wait(timeout=30), 130)
                self.assertTrue((self.folder / "saved").exists())
                for name in ("started", "saved"):
                    (self.folder / name).unlink()

    def wait_for(self, name):
        for _ in range(300):
            if (self.folder / name).exists():
                return
            time.sleep(0.1)
        self.fail(f"no {name}")


class TrainSpeed(CliCase):
    PROGRAM = SOURCE / "bench/train_speed"

    def test_the_largest_relative_difference_of_losses_counts_and_what_is_no_number_is_infinitely_far(self):
        loader = importlib.machinery.SourceFileLoader("train_speed", str(self.PROGRAM))
        sys.path.insert(0, str(self.PROGRAM.parent))  # where it finds recording
        self.addCleanup(sys.path.remove, str(self.PROGRAM.parent))
        program = importlib.util.module_from_spec(importlib.util.spec_from_loader("train_speed", loader))
        loader.exec_module(program)
        with contextlib.redirect_stderr(io.StringIO()) as shown:
            self.assertAlmostEqual(program.difference([2.0, 1.1, 4.0], [2.0, 1.0, 4.2]), 0.1)
            self.assertEqual(program.difference([1.0, float("nan")], [1.0, 1.0]), float("inf"))
            with self.assertRaises(ValueError):
                program.difference([1.0], [1.0, 2.0])
        self.assertIn("step 2: loss 1.100000 nestkit, 1.000000 PyTorch, relative difference 1.0e-01", shown.getvalue())

    def test_what_it_cannot_measure_is_refused_before_anything_is_built(self):
        for words, fragment in ((["resnet9"], "unknown network 'resnet9' (known: resnet8, "), (["--rounds", "0"], "must be positive"), (["--seconds", "-1"], "must be positive")):
            done = subprocess.run([self.PROGRAM, *words], cwd=self.folder, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(fragment, done.stderr)


class Table(CliCase):
    def table(self, *words, status=0):
        done = subprocess.run([SOURCE / "scripts/results_table", *words], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_the_quickstart_s_table_has_a_row_per_subnet_and_refuses_other_records(self):
        results = SOURCE / "bench/results/quickstart"
        rows = self.table(results / "results.jsonl", results / "pack_nested.jsonl").stdout.splitlines()
        self.assertEqual([row.split()[0] for row in rows[2:6]], ["dense", "1", "2", "3"])
        self.assertTrue(rows[-1].startswith("One nested file: "))
        self.assertIn("results_table: error: gone.jsonl: ", self.table("gone.jsonl", status=3).stderr)
        self.assertIn("line 1: expected a nestkit.pack/1 record", self.table(results / "results.jsonl", results / "results.jsonl", status=3).stderr)
        self.assertIn("usage: scripts/results_table", self.table(status=2).stderr)


@unittest.skipUnless(shutil.which("gnuplot"), "no gnuplot")
class Pictures(CliCase):
    def plot(self, program, *words, status=0):
        done = subprocess.run([SOURCE / "scripts" / program, *words, "-o", "plot"], cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr

    def drawn(self):
        self.assertEqual((self.folder / "plot.png").read_bytes()[:4], b"\x89PNG")
        return (self.folder / "plot.svg").read_text()

    def test_experiments_are_lines_of_accuracy_against_instructions(self):
        self.plot("plot_training", SOURCE / "bench/results/training/cifar10_resnet8.jsonl")
        picture = self.drawn()
        for text in ("nested wide (3 seeds)", "alone (", "slimmable (", "cifar10, resnet8"):
            self.assertIn(text, picture)
        self.plot("plot_training", SOURCE / "bench/results/training/cifar10_resnet8.jsonl", "--only", "alone_late", "nested_late")
        self.assertIn("alone late (3 seeds)", self.drawn())
        self.assertNotIn("slimmable", self.drawn())
        self.assertIn("no line 'alone70' (there are alone, alone_late, ",
                      self.plot("plot_training", SOURCE / "bench/results/training/cifar10_resnet8.jsonl", "--only", "alone70", status=3))

    def test_the_quickstart_s_records_are_drawn_and_others_refused(self):
        results = SOURCE / "bench/results/quickstart"
        self.plot("plot_results", results / "results.jsonl", "--pack", results / "pack_nested.jsonl")
        self.assertIn("3 alone", self.drawn())
        self.assertIn("line 1: expected a nestkit.experiment/1 record", self.plot("plot_training", results / "results.jsonl", status=3))
        (self.folder / "empty.jsonl").touch()
        self.assertIn("plot_results: error: empty.jsonl: no records", self.plot("plot_results", "empty.jsonl", status=3))


class Record(TinyChain):
    def record(self, *words, status=0, log="log.jsonl"):
        done = subprocess.run([SOURCE / "bench/record_experiment", *words, "--log", log, "--bin", BIN, "--data-dir", self.made / "data",
                               "-o", self.folder / "out" / "records.jsonl"], cwd=self.folder, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def log(self, epochs, subnets=1):
        records = [{"schema": "nestkit.train/1", "epoch": e + 1, "subnets": [{"validation_accuracy": e / 10}] * subnets} for e in range(epochs)]
        (self.folder / "log.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))

    @unittest.skipUnless(FIRMWARE.exists() and shutil.which("qemu-system-arm"), "no emulator or no firmware")
    def test_a_run_is_measured_once_per_experiment_and_seed(self):
        self.log(RECIPE["epochs"])
        self.write("list.csv", b"file,record\nt10k-images-idx3-ubyte,0\n")
        self.record("dense", self.made / "dense.safetensors")
        self.record("other", self.made / "dense.safetensors")
        self.record("dense", self.made / "dense.safetensors", "--exclude", "list.csv", "--like", "other")
        records = [json.loads(line) for line in (self.folder / "out/records.jsonl").read_text().splitlines()]
        self.assertEqual([(r["experiment"], r["test_images"], r["original_images"], r.get("like")) for r in records],
                         [("other", 50, 50, None), ("dense", 50, 49, "other")])
        self.run_tool("ns-pack", self.made / "dense.safetensors", "--optimize", "speed", "--data-dir", self.made / "data", "-o", "dense.nsm")
        bench = json.loads(self.run_tool("ns-bench", "dense.nsm", "--data-dir", self.made / "data", "--json").stdout)
        subnet, = records[1]["subnets"]
        self.assertEqual((records[1]["seed"], records[1]["epochs"], records[1]["packed_sha256"]), (1, RECIPE["epochs"], bench["artifact_sha256"]))
        self.assertEqual((subnet["test_accuracy_int8"], subnet["storage_bytes"], subnet["validation_accuracy"]),
                         (bench["accuracy_top1"], bench["flash_bytes"], (RECIPE["epochs"] - 1) / 10))
        self.assertGreater(subnet["m7_instructions"], subnet["macs"])

    @unittest.skipUnless(FIRMWARE.exists() and shutil.which("qemu-system-arm"), "no emulator or no firmware")
    def test_every_width_of_a_slimmable_run_is_measured(self):
        with open(self.folder / "log.jsonl", "w") as log:
            self.run_tool("ns-train", self.made / "recipe.json", "--data-dir", self.made / "data", "-q", "--json", "--set", "method=slimmable",
                          "--set", "widths=1,0.5", "--set", "epochs=1", "-o", "slim.safetensors", stdout=log)
        self.record("slimmable", "slim.safetensors")
        record = json.loads((self.folder / "out/records.jsonl").read_text())
        self.assertNotIn("slimmable_bytes", record)
        half, whole = record["subnets"]
        self.assertEqual([(s["subnet"], s["width"]) for s in (half, whole)], [(1, 0.5), (2, 1.0)])
        self.assertLess(half["m7_instructions"], whole["m7_instructions"])
        self.assertLess(half["macs"], whole["macs"])
        self.assertEqual(half["storage_bytes"], whole["storage_bytes"])
        last = json.loads((self.folder / "log.jsonl").read_text())["subnets"]
        self.assertEqual([s["validation_accuracy"] for s in (half, whole)], [s["validation_accuracy"] for s in last])

    def test_what_does_not_belong_together_is_refused(self):
        self.log(RECIPE["epochs"] - 1)
        self.assertIn("expected to end with epoch 3", self.record("dense", self.made / "dense.safetensors", status=1).stderr)
        self.assertIn("not a checkpoint", self.record("dense", self.made / "recipe.json", status=1).stderr)
        self.assertIn("none.jsonl: not the records", self.record("dense", self.made / "dense.safetensors", log="none.jsonl", status=1).stderr)
        self.assertFalse((self.folder / "out").exists())


def run(experiment, seed, *subnets):
    """A record with subnets of (sparsity, float accuracy, instructions); int8 loses a thousandth per seed."""
    return {"schema": "nestkit.experiment/1", "experiment": experiment, "seed": seed, "date": f"2026-01-0{seed}", "commit": "abc", "subnets": [
        {"sparsity": sparsity, "original_accuracy_float": accuracy, "original_accuracy_int8": accuracy - 0.001 * seed,
         "test_accuracy_float": accuracy, "m7_instructions": cost} for sparsity, accuracy, cost in subnets]}


class Figures(CliCase):
    def figures(self, *records):
        (self.folder / "training").mkdir(exist_ok=True)
        (self.folder / training_figures.CIFAR10).write_text("".join(json.dumps(r) + "\n" for r in records))
        return {case.removeprefix("cifar10/resnet8_"): (value, about) for case, value, about in training_figures.cifar10(self.folder)}

    def test_without_records_there_are_no_figures(self):
        self.assertEqual(list(training_figures.cifar10(self.folder)) + list(training_figures.speed(self.folder)), [])

    def test_gaps_are_means_over_seeds_in_points(self):
        figures = self.figures(run(training_figures.NESTED, 1, (0.9, 0.80, 10), (0.7, 0.84, 20)), run(training_figures.NESTED, 2, (0.9, 0.82, 10), (0.7, 0.84, 20)),
                               run("alone90_late", 1, (0.9, 0.80, 10)), run("alone90_late", 2, (0.9, 0.81, 10)))
        self.assertEqual(set(figures), {"nested90_minus_standalone", "int8_vs_float_worst"})
        value, about = figures["nested90_minus_standalone"]
        self.assertAlmostEqual(value, 0.5)
        self.assertEqual((about["source"], about["date"], about["commit"], about["seeds"]), ("recorded", "2026-01-02", "abc", 2))
        self.assertAlmostEqual(figures["int8_vs_float_worst"][0], 0.15)
        self.assertAlmostEqual(figures["int8_vs_float_worst"][1]["worst_single_run"], 0.2)

    def test_rivals_are_interpolated_at_the_nested_subnets_costs(self):
        figures = self.figures(run(training_figures.NESTED, 1, (0.9, 0.80, 10), (0.7, 0.84, 20), (0.5, 0.85, 50)),
                               run("slimmable", 1, (0, 0.76, 15), (0, 0.80, 25), (0, 0.83, 40)))
        self.assertAlmostEqual(figures["nested_over_slimmable_worst"][0], 2.0)  # at 50: the rival's best, 83 %
        self.assertEqual([round(training_figures.interpolated([(15, 0.76), (25, 0.80)], cost), 3) for cost in (10, 15, 20, 25, 30)],
                         [0.76, 0.76, 0.78, 0.80, 0.80])

    def test_the_recipes_differ_in_what_is_compared_alone(self):
        experiments = json.loads((SOURCE / "bench/experiments/cifar10_resnet8.json").read_text())

        def recipe(name):
            entry = experiments[name]
            base = recipe(entry["like"]) if "like" in entry else json.loads((SOURCE / entry["recipe"]).read_text())
            return base | entry.get("set", {})

        def differences(a, b):
            return {key for key in a if a[key] != b[key]}

        config = json.loads((SOURCE / "configs/cifar10_resnet8_nested.json").read_text())
        self.assertLessEqual(differences(config, recipe(training_figures.NESTED)), {"epochs", "prune_start_epoch", "prune_end_epoch"})
        self.assertEqual(differences(recipe(training_figures.NESTED), recipe("alone90_late")), {"sparsities", "loss_weights"})
        self.assertEqual(differences(recipe("nested"), recipe("nested_auto")), {"allocation"})

    def test_the_last_float32_record_of_a_network_is_its_speed(self):
        (self.folder / "training").mkdir()
        record = {"network": "resnet8", "date": "2026-01-01", "commit": "abc", "fraction_of_peak": 0.4, "load_average": 0.1,
                  "nested3_over_dense_step": {"median": 3.0}}
        records = [record | {"over_pytorch": {"median": 2.0}}, record | {"over_pytorch": {"median": 2.5}, "precision": "float32"},
                   record | {"over_pytorch": {"median": 9.0}, "precision": "bfloat16"}]
        (self.folder / training_figures.SPEED).write_text("".join(json.dumps(line) + "\n" for line in records))
        self.assertEqual([(case, value) for case, value, _ in training_figures.speed(self.folder)],
                         [("speed/resnet8_over_pytorch", 2.5), ("speed/nested3_over_dense_step", 3.0)])


if __name__ == "__main__":
    unittest.main()
