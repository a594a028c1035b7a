"""The programs of a build for another architecture give the bytes of those of this computer. usage: test_same_bytes.py [EMULATOR]"""
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD, NATIVE = pathlib.Path(os.environ["NESTKIT_BUILD"]), pathlib.Path(os.environ["NESTKIT_NATIVE_BUILD"])
EMULATOR = sys.argv[1:]
FASHION_MNIST = pathlib.Path("/usr/share/datasets/fashion-mnist")
MODELS = sorted(SOURCE.glob("zoo/fashion_mnist_*/*.nsm"))
IMAGES = 20


class SameBytes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nestkit-cortex-a-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, command, status=0):
        done = subprocess.run(list(map(str, command)), cwd=self.folder, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, status, f"{command}\nstdout: {done.stdout}\nstderr: {done.stderr}")
        return done

    def both(self, program, *words):
        """The program of the other architecture, then this computer's."""
        self.assertTrue((NATIVE / program).is_file(), f"{NATIVE / program}: build the preset ci first")
        return [self.run_program([*EMULATOR, BUILD / program, *words]).stdout, self.run_program([NATIVE / program, *words]).stdout]

    def unpack_images(self):
        for kind in ("images-idx3", "labels-idx1"):
            packed = FASHION_MNIST / f"t10k-{kind}-ubyte.gz"
            (self.folder / f"t10k-{kind}-ubyte").write_bytes(gzip.decompress(packed.read_bytes()))

    def test_the_kernels_transcript_is_the_same(self):
        for kernels in ("reference", "fast"):
            found, expected = self.both("firmware/bin/nestkit-host", "selftest", kernels)
            self.assertGreater(expected.count("\n"), 100)
            self.assertEqual(found, expected)

    def test_an_adaptive_rule_s_verdicts_are_the_same(self):
        self.unpack_images()
        words = ["--data-dir", self.folder, "--images", IMAGES, "--policy", "flip*shifts", "--threshold", 0.7, "--confidence", "entropy"]
        results = []
        for build, emulator in ((BUILD, EMULATOR), (NATIVE, [])):
            samples = self.folder / f"{len(results)}.jsonl"
            self.run_program([*emulator, build / "bin/tta-eval", MODELS[0], *words, "--per-sample", samples, "--json"])
            results.append(samples.read_text())
        self.assertEqual(results[0].count("\n"), IMAGES)
        self.assertEqual(results[0], results[1])

    def test_outputs_and_every_operator_s_checksum_are_the_same(self):
        self.unpack_images()
        header = 16
        pixels = (self.folder / "t10k-images-idx3-ubyte").read_bytes()[header:header + 5 * 28 * 28]
        (self.folder / "inputs").write_bytes(bytes((p - 128) & 255 for p in pixels))
        self.assertGreaterEqual(len(MODELS), 2)
        for model in MODELS:
            shutil.copy(model, self.folder / "model.nsm")
            results = []
            for command in ([*EMULATOR, BUILD / "firmware/bin/nestkit-host"], [NATIVE / "firmware/bin/nestkit-host"]):
                self.run_program([*command, "check"])
                self.run_program([*command, "infer", 0, 1, "inputs", "outputs", 5])
                results.append((self.folder / "outputs").read_bytes())
            self.assertGreater(len(results[1]), 5 * 10 * 2)
            self.assertEqual(*results)

    def test_ns_bench_gives_the_same_records_but_for_the_time_they_took(self):
        self.unpack_images()
        outputs = self.both("bin/ns-bench", *MODELS, "--data-dir", self.folder, "--images", IMAGES, "--json")
        found, expected = ([json.loads(line) for line in text.splitlines()] for text in outputs)
        self.assertEqual([r["images"] for r in expected], [IMAGES] * len(expected))
        for record in [*found, *expected]:
            self.assertGreater(record.pop("images_per_second"), 0)
        self.assertEqual(found, expected)

    def test_ns_info_says_the_same(self):
        for model in MODELS:
            found, expected = self.both("bin/ns-info", "--json", model)
            self.assertEqual(found, expected)

    def test_packed_data_without_zlib_is_named_with_a_hint(self):
        done = self.run_program([*EMULATOR, BUILD / "bin/ns-bench", MODELS[0], "--data-dir", FASHION_MNIST], status=4)
        self.assertIn("built without zlib", done.stderr)
        self.assertIn("hint: unpack it", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
