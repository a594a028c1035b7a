"""Somebody else's firmware: examples/firmware finds the installed runtime, links it, and classifies on the emulated board as the host does."""
import gzip
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ["NESTKIT_BIN"])
FIRMWARE = pathlib.Path(os.environ["NESTKIT_FIRMWARE_DIR"])
MODEL = SOURCE / "zoo/fashion_mnist_resnet8/nested.nsm"
IMAGES = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"


class ExampleFirmware(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nestkit-example-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_command(self, *words, status=0):
        done = subprocess.run(list(map(str, words)), cwd=self.folder, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, status, f"{words}\n{done.stdout}\n{done.stderr}")
        return done.stdout + done.stderr

    def host_logits(self, subnet):
        shutil.copy(MODEL, self.folder / "model.nsm")
        self.run_command(FIRMWARE / "nestkit-host", "infer", 0, subnet, "image", "logits", 0)
        return struct.unpack("<10h", (self.folder / "logits").read_bytes())

    def test_it_finds_the_runtime_links_it_and_classifies_as_the_host_does(self):
        pixels = gzip.open(IMAGES).read(16 + 784)[16:]
        (self.folder / "image").write_bytes(bytes((p - 128) & 255 for p in pixels))
        prefix = self.folder / "nestkit"
        self.run_command("cmake", "--install", FIRMWARE.parent / "cortex_m7", "--prefix", prefix)
        configure = ["cmake", "-S", SOURCE / "examples/firmware", "-B", "build", "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_PREFIX_PATH={prefix}",
                     f"-DCMAKE_TOOLCHAIN_FILE={prefix}/lib/cmake/nestkit_runtime/arm-none-eabi.cmake", f"-DIMAGE={self.folder}/image"]
        self.assertIn("missing.nsm' does not exist", self.run_command(*configure, "-DMODEL=missing.nsm", status=1))
        self.run_command(*configure, f"-DMODEL={MODEL}")
        self.run_command("cmake", "--build", "build")
        printed = self.run_command(SOURCE / "firmware/run", "build/classify.elf")
        found = [tuple(map(int, line)) for line in re.findall(r"subnet (\d+): class (\d+), logit (-?\d+)/256\n", printed)]
        expected = []
        for subnet in (1, 2, 3):
            logits = self.host_logits(subnet)
            expected.append((subnet, logits.index(max(logits)), max(logits)))
        self.assertEqual(found, expected)

    def test_only_a_model_s_kernels_are_linked_and_a_model_that_needs_others_is_refused(self):
        (self.folder / "image").write_bytes(bytes(784))
        prefix = self.folder / "nestkit"
        self.run_command("cmake", "--install", FIRMWARE.parent / "cortex_m7", "--prefix", prefix)
        dense = SOURCE / "zoo/fashion_mnist_resnet8/dense.nsm"
        (self.folder / "kernels.c").write_text(self.run_command(BIN / "ns-info", "--kernels", dense))
        bytes_of, printed = {}, {}
        for name, model, kernels in (("all", dense, ""), ("few", dense, "kernels.c"), ("other", MODEL, "kernels.c")):
            self.run_command("cmake", "-S", SOURCE / "examples/firmware", "-B", name, "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_PREFIX_PATH={prefix}",
                             f"-DCMAKE_TOOLCHAIN_FILE={prefix}/lib/cmake/nestkit_runtime/arm-none-eabi.cmake", f"-DMODEL={model}",
                             f"-DIMAGE={self.folder}/image", f"-DKERNELS={self.folder / kernels if kernels else ''}")
            self.run_command("cmake", "--build", name)
            bytes_of[name] = json.loads(self.run_command(SOURCE / "scripts/runtime_text.py", "--json", f"{name}/classify.map"))["bytes"]
            printed[name] = self.run_command(SOURCE / "firmware/run", f"{name}/classify.elf", status=1 if name == "other" else 0)
        self.assertEqual(printed["few"], printed["all"])
        self.assertIn("linked without a kernel that the model needs", printed["other"])
        print(f"runtime: {bytes_of['all']} bytes with all kernels, {bytes_of['few']} with those of a dense resnet8")
        self.assertLess(bytes_of["few"], 0.85 * bytes_of["all"])

    def test_a_damaged_model_is_refused_by_the_example_too(self):
        damaged = bytearray(MODEL.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        (self.folder / "damaged.nsm").write_bytes(damaged)
        (self.folder / "image").write_bytes(bytes(784))
        prefix = self.folder / "nestkit"
        self.run_command("cmake", "--install", FIRMWARE.parent / "cortex_m7", "--prefix", prefix)
        self.run_command("cmake", "-S", SOURCE / "examples/firmware", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}",
                         f"-DCMAKE_TOOLCHAIN_FILE={prefix}/lib/cmake/nestkit_runtime/arm-none-eabi.cmake",
                         f"-DMODEL={self.folder}/damaged.nsm", f"-DIMAGE={self.folder}/image")
        self.run_command("cmake", "--build", "build")
        self.assertIn("the model is refused: ", self.run_command(SOURCE / "firmware/run", "build/classify.elf", status=1))


if __name__ == "__main__":
    unittest.main()
