"""ns-bench: records, the emulator, gates, and what it refuses."""
import json
import os
import pathlib
import shutil
import subprocess
import unittest

from cli_case import BIN
from tiny_chain import TinyChain

RECORD = {"schema", "tool", "version", "target", "model", "artifact_sha256", "network", "subnet", "subnets", "sparsity", "macs",
          "kept_weights", "flash_bytes", "arena_bytes"}
ACCURACY = {"data_manifest_sha256", "images", "correct", "accuracy_top1", "accuracy_low", "accuracy_high"}
COST = {"stack_bytes", "instructions", "cycles_low", "cycles_estimate", "cycles_high", "cycles_note", "layers", "outside_sparse_share"}
# A build without a cross-compiler has no firmware.
EMULATOR = shutil.which("qemu-system-arm") and subprocess.run(
    [BIN / "ns-bench", "--help"], capture_output=True, text=True).stdout.split("--firmware TEXT=", 1)[1].split()[0]
with_emulator = unittest.skipUnless(EMULATOR and pathlib.Path(EMULATOR).is_file(), "no emulator or no firmware")


class Bench(TinyChain):
    def bench(self, *words, model="model.nsm", data="data", **kwargs):
        return self.run_tool("ns-bench", self.made / model, "--data-dir", self.made / data, *words, **kwargs)

    def records(self, *words, **kwargs):
        return [json.loads(line) for line in self.bench(*words, "--json", **kwargs).stdout.splitlines()]

    def test_the_host_record_has_the_documented_keys(self):
        records = self.records()
        self.assertEqual([r["subnet"] for r in records], [1, 2])
        self.assertEqual([r["sparsity"] for r in records], [0.75, 0.5])
        for r in records:
            self.assertEqual(set(r), RECORD | ACCURACY | {"images_per_second", "instructions", "instructions_reason"})
            self.assertEqual((r["schema"], r["target"], r["subnets"], r["images"]), ("nestkit.bench/1", "host", 2, 50))
            self.assertEqual(r["flash_bytes"], (self.made / "model.nsm").stat().st_size)
            self.assertEqual(r["accuracy_top1"], r["correct"] / 50)
            self.assertTrue(0 <= r["accuracy_low"] <= r["accuracy_top1"] <= r["accuracy_high"] <= 1)
        self.assertLess(records[0]["kept_weights"], records[1]["kept_weights"])
        self.assertLess(records[0]["macs"], records[1]["macs"])

    @with_emulator
    def test_the_emulator_gives_the_host_s_bytes_and_the_same_instructions_twice(self):
        words = ["--target", "host,emulator", "--images", 6, "--emulator-images", 6, "--verify", 2]
        records = self.records(*words, "--checkpoint", self.made / "nested.safetensors")
        host = [r for r in records if r["target"] == "host"]
        emulator = [r for r in records if r["target"] == "emulator"]
        for h, e in zip(host, emulator, strict=True):
            self.assertIn("float_accuracy_top1", h)
            self.assertEqual(set(e), RECORD | ACCURACY | COST | {"verified_images", "identical"})
            self.assertEqual((e["identical"], e["verified_images"], e["correct"]), (True, 6, h["correct"]))
            self.assertTrue(e["cycles_low"] < e["cycles_estimate"] < e["cycles_high"])
            self.assertLessEqual(sum(layer["instructions"] for layer in e["layers"]), e["instructions"] + len(e["layers"]))
        self.assertLess(emulator[0]["instructions"], emulator[1]["instructions"])
        self.assertTrue(all(500 < e["stack_bytes"] < 8192 for e in emulator))
        self.assertNotIn("stack_bytes", host[0])
        again = self.records("--target", "emulator", "--cost-only")
        self.assertEqual([r["instructions"] for r in again], [r["instructions"] for r in emulator])
        self.assertEqual({(r["accuracy_top1"], r["accuracy_top1_reason"]) for r in again}, {(None, "not measured: --cost-only")})

    @with_emulator
    def test_cost_alone_needs_no_data_and_shows_no_accuracy(self):
        done = self.run_tool("ns-bench", self.made / "model.nsm", self.made / "dense.nsm", "--target", "emulator", "--cost-only",
                             "--data-dir", "none")
        rows = [line.split() for line in done.stdout.splitlines() if " emulator " in line]
        self.assertEqual([row[0] for row in rows], [str(self.made / "model.nsm")] * 2 + [str(self.made / "dense.nsm")])
        for row in rows:
            self.assertEqual(row[row.index("emulator"):].count("-"), 3, row)  # accuracy, interval, images
        self.assertEqual(done.stdout.count("\nInstructions by layer of "), 2)
        self.assertIn("cycles are estimated", done.stdout)

    @with_emulator
    def test_a_missed_instruction_gate_names_value_and_limit(self):
        done = self.bench("--target", "emulator", "--cost-only", "--subnet", 1, "--max-instructions", 1000, status=1)
        self.assertRegex(done.stderr, r"model.nsm: resnet8 subnet 1 on emulator: [\d,]+ instructions > --max-instructions 1,000\n")
        self.bench("--target", "emulator", "--cost-only", "--subnet", 1, "--max-instructions", "1e9")

    def test_missed_gates_name_value_and_limit_after_the_table(self):
        size = (self.made / "model.nsm").stat().st_size
        done = self.bench("--min-accuracy", 1, "--max-flash", size - 1, "--max-ram", 1, "--subnet", 1, status=1)
        self.assertIn("resnet8 subnet 1", done.stdout)
        who = f"ns-bench: error: {self.made}/model.nsm: resnet8 subnet 1 on host: "
        self.assertRegex(done.stderr, who + r"accuracy 0\.\d{4} < --min-accuracy 1\.0000\n")
        self.assertIn(f"{who}{size} bytes of flash > --max-flash {size - 1}\n", done.stderr)
        self.assertRegex(done.stderr, who + r"\d+ bytes of RAM > --max-ram 1\n")
        self.bench("--min-accuracy", 0, "--max-flash", size, "--max-ram", 20000)

    @with_emulator
    def test_where_the_host_answers_it_decides_accuracy_gates(self):
        words = ["--subnet", 2, "--emulator-images", 5, "--json"]
        host, emulator = (json.loads(line) for line in self.bench("--target", "host,emulator", *words).stdout.splitlines())
        self.assertNotEqual(host["accuracy_top1"], emulator["accuracy_top1"])
        between = (host["accuracy_top1"] + emulator["accuracy_top1"]) / 2
        alone = self.bench("--target", "emulator", *words, "--min-accuracy", between, status=int(emulator["accuracy_top1"] < between))
        both = self.bench("--target", "host,emulator", *words, "--min-accuracy", between, status=int(host["accuracy_top1"] < between))
        self.assertNotEqual(alone.returncode, both.returncode)

    def test_a_folder_of_several_sets_will_do(self):
        (self.folder / "sets").mkdir()
        (self.folder / "sets/fashion-mnist").symlink_to(self.made / "data")
        self.assertEqual(self.records(data=self.folder / "sets")[0]["correct"], self.records()[0]["correct"])

    def test_one_subnet_is_one_record_and_a_missing_one_an_error(self):
        self.assertEqual([r["subnet"] for r in self.records("--subnet", 2, "--images", 5)], [2])
        self.assert_error(self.bench("--subnet", 3, status=2), "ns-bench", "--subnet 3", "has 2 subnets")

    def test_listed_images_are_left_out_of_every_figure(self):
        self.write("list.csv", b"file,record\n" + b"".join(b"t10k-images-idx3-ubyte,%d\n" % i for i in range(25)))
        words = ["--checkpoint", self.made / "nested.safetensors"]
        half = self.records("--exclude", "list.csv", *words)
        first = self.records("--images", 25, *words)
        for h, f, whole in zip(half, first, self.records(*words), strict=True):
            self.assertEqual((h["images"], h["excluded_images"], h["correct"] + f["correct"]), (25, 25, whole["correct"]))
            self.assertAlmostEqual(h["float_accuracy_top1"] + f["float_accuracy_top1"], 2 * whole["float_accuracy_top1"])
            self.assertNotIn("excluded_images", whole)
        self.write("list.csv", b"file,record\nt10k-images-idx3-ubyte,50\n")
        self.assert_error(self.bench("--exclude", "list.csv", status=3), "ns-bench", "list.csv: line 2: record 50 of t10k-images-idx3-ubyte")

    def test_wrong_arguments_are_usage_errors(self):
        for words, fragment in ((["--images", -1], "--images"), (["--emulator-images", "x"], "--emulator-images"), (["--verify", -1], "--verify"),
                                (["--target", "tablet"], "tablet not in {host,emulator,board}"), (["--threads", 1000], "--threads"),
                                (["--min-accuracy", 90], "--min-accuracy"), (["--min-accuracy", "nan"], "--min-accuracy"), (["--max-ram", -1], "--max-ram"),
                                (["--data", "cifar100"], 'did you mean "cifar10"?'), (["--verify", 5], "add --target emulator"),
                                (["--max-instructions", 5], "add --target emulator"), (["--subnet", 1.5], "--subnet"),
                                (["--target", "emulator", "--cost-only", "--verify", 5], "--cost-only runs no test images"),
                                (["--cost-only", "--exclude", "x"], "--cost-only runs no test images"),
                                (["--cost-only", "--min-accuracy", 0.5], "--cost-only runs no test images"),
                                (["--max-flash", "1.5"], "expected a whole number from 0, found '1.5'"),
                                (["--cost-onyl"], "did you mean \"--cost-only\"?")):
            with self.subTest(words=words):
                self.assert_error(self.bench(*words, status=2), "ns-bench", fragment)

    def test_damaged_models_are_refused_before_any_model_is_run(self):
        whole = (self.made / "model.nsm").read_bytes()
        cases = {b"": "is empty", whole[:5000]: "shorter than its header says", whole[:40]: "model.nsm", b"hello, world\n" * 99: "model.nsm",
                 whole + b"\0": "model.nsm", whole[:6000] + bytes([whole[6000] ^ 1]) + whole[6001:]: "checksum",
                 whole.replace(b"\r\n", b"\n", 1): "text"}
        for content, fragment in cases.items():
            with self.subTest(bytes=len(content), fragment=fragment):
                self.write("model.nsm", content)
                self.assert_error(self.bench("model.nsm", model=self.folder / "model.nsm", status=3), "ns-bench", fragment)
                self.assert_error(self.bench(self.folder / "model.nsm", status=3), "ns-bench", fragment)
        self.assert_error(self.bench(model="none.nsm", status=3), "ns-bench", "none.nsm: cannot be opened")
        self.assert_error(self.bench(model="dense.safetensors", status=3), "ns-bench", "dense.safetensors")

    def test_a_model_or_checkpoint_that_does_not_fit_is_refused(self):
        other = self.folder / self.classes_changed(5)
        self.assert_error(self.bench("--checkpoint", other, model="dense.nsm", status=3), "ns-bench", "other.safetensors: has 5 classes, fashion_mnist has 10")
        self.assert_error(self.bench("--checkpoint", self.made / "dense.safetensors", status=3), "ns-bench",
                          "dense.safetensors: has 1 subnets", "model.nsm has 2")
        self.assert_error(self.bench("--checkpoint", self.made / "model.nsm", status=3), "ns-bench", "model.nsm: is a packed model (.nsm), expected a checkpoint")
        done = self.bench("--data", "cifar10", data=self.cifar10(), status=3)
        self.assert_error(done, "ns-bench", "model.nsm: takes images of 28x28x1, cifar10 has 32x32x3")

    def cifar10(self):
        (self.folder / "cifar").mkdir()
        self.write("cifar/test_batch.bin", bytes(3073) * 10)
        return self.folder / "cifar"

    def test_a_data_set_that_is_missing_or_damaged_is_refused(self):
        self.assert_error(self.bench(data="none", status=3), "ns-bench", "none", "dataset-fashion-mnist")
        shutil.copytree(self.made / "data", self.folder / "data")
        labels = self.folder / "data" / "t10k-labels-idx1-ubyte.gz"
        labels.write_bytes(labels.read_bytes()[:-9])
        self.assert_error(self.bench(data=self.folder / "data", status=3), "ns-bench", labels.name, "truncated")
        labels.unlink()
        self.assert_error(self.bench(data=self.folder / "data", status=3), "ns-bench", labels.name, "cannot be opened")

    @with_emulator
    def test_a_missing_emulator_is_told_before_the_host_s_part(self):
        done = self.bench("--target", "host,emulator", "--json", status=4, env=os.environ | {"PATH": str(self.folder)})
        self.assert_error(done, "ns-bench", "cannot start qemu-system-arm", "hint: install the Debian package qemu-system-arm")
        done = self.bench("--target", "emulator", status=4, env=os.environ | {"TMPDIR": str(self.folder / "none")})
        self.assert_error(done, "ns-bench", "no folder for temporary files", "TMPDIR")

    def test_a_missing_or_wrong_firmware_is_refused(self):
        done = self.bench("--target", "emulator", "--firmware", "none.elf", status=4)
        self.assert_error(done, "ns-bench", "firmware not found: none.elf", "hint: build it")
        self.assert_error(self.bench("--target", "emulator", "--firmware", BIN / "ns-bench", status=4), "ns-bench", "is not a firmware")
        self.assert_error(self.bench("--target", "emulator", "--firmware", self.made / "recipe.json", status=4), "ns-bench", "is not a firmware")

    @with_emulator
    def test_an_installed_program_finds_the_installed_firmware(self):
        (self.folder / "bin").mkdir()
        (self.folder / "share" / "nestkit").mkdir(parents=True)
        shutil.copy(BIN / "ns-bench", self.folder / "bin")
        shutil.copy(EMULATOR, self.folder / "share" / "nestkit" / "nestkit-m7.elf")
        done = subprocess.run([self.folder / "bin" / "ns-bench", "--help"], capture_output=True, text=True, timeout=60)
        self.assertIn(f"--firmware TEXT={self.folder.resolve()}/share/nestkit/nestkit-m7.elf", done.stdout)

    def test_a_reader_that_goes_away_ends_nothing_badly(self):
        line = f"'{BIN / 'ns-bench'}' '{self.made / 'model.nsm'}' --data-dir '{self.made / 'data'}' --json"
        done = subprocess.run(["bash", "-c", f"set -o pipefail; {line} | head -c 20"], capture_output=True, text=True, timeout=120)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, '{"schema":"nestkit.b', ""))

    def test_a_full_disk_behind_the_records_is_an_environment_error(self):
        with open("/dev/full", "w") as full:
            done = self.bench("--json", "--images", 5, status=4, stdout=full, stderr=subprocess.PIPE)
        self.assertIn("cannot write to standard output: No space left", done.stderr)


if __name__ == "__main__":
    unittest.main()
