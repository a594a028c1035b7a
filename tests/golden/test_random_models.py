"""scripts/nsm_run.py, written from the documents alone, computes the bytes that the C++ engine put into packed models."""
import json
import re
import struct
import subprocess
import sys
import unittest
import zlib

from cli_case import SOURCE, CliCase


class RandomModels(CliCase):
    def evaluate(self, name, *words, status=0):
        """One record per network, subnet and image."""
        done = subprocess.run([sys.executable, SOURCE / "scripts/nsm_run.py", name, *map(str, words)], cwd=self.folder,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, status, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check(self, arch, shape, width, block, subnets, seed):
        with self.subTest(arch=arch, input=shape, width=width, block=block, subnets=subnets, seed=seed):
            sparsities = [round(0.3 + 0.6 * k / subnets, 3) for k in range(subnets)] if subnets > 1 else [0.5] * subnets
            options = ["--sparsities", ",".join(map(str, sparsities))] if sparsities else []
            self.run_tool("random-model", "--arch", arch, "--input", shape, "--width", width, "--block", block, "--seed", seed,
                          *options, "--classes", 7, "--overwrite", "-q", "-o", "m.nsm")
            records = self.evaluate("m.nsm")
            self.assertEqual([r["subnet"] for r in records], list(range(1, max(1, subnets) + 1)))
            self.assertTrue(all(r["agrees"] for r in records))
            self.assertTrue(any(records[0]["output"]))

    def test_dense_networks(self):
        self.check("resnet8", "9x12x3", 0.25, "1x1", 0, 1)
        self.check("mobilenet_v1", "33x35x1", 0.125, "1x1", 0, 2)

    def test_one_sparse_subnet(self):
        self.check("resnet8", "13x8x1", 0.25, "1x1", 1, 3)
        self.check("ds_cnn", "25x10x1", 0.25, "1x4", 1, 4)

    def test_two_subnets(self):
        self.check("autoencoder", "1x1x60", 0.25, "1x2", 2, 5)
        self.check("mobilenet_v2", "24x20x3", 0.5, "1x1", 2, 6)
        self.check("nin", "18x16x3", 0.125, "1x2", 2, 7)
        self.check("vgg_small", "16x17x3", 0.0625, "1x4", 2, 8)

    def test_eight_subnets(self):
        self.check("resnet8", "10x11x3", 0.25, "1x1", 8, 9)
        self.check("resnet9", "17x16x3", 0.125, "1x2", 8, 10)
        self.check("resnet20", "8x9x2", 0.25, "1x4", 8, 11)

    def test_binary_networks(self):
        self.check("nin_binary", "12x12x3", 0.0625, "1x1", 0, 12)
        self.check("resnet8_binary", "12x12x1", 0.5, "1x1", 0, 13)

    def test_gated_subnets(self):
        for arch, shape, width, seed in (("resnet8", "12x9x3", 0.5, 12), ("vgg_small", "16x16x3", 0.0625, 13)):
            self.run_tool("random-model", "--arch", arch, "--input", shape, "--width", width, "--seed", seed, "--gate-ratios", "1,0.5,0.25",
                          "--overwrite", "-q", "-o", "m.nsm")
            self.assertEqual([r["agrees"] for r in self.evaluate("m.nsm")], [True] * 3)

    def test_a_wrong_output_in_the_file_is_noticed(self):
        self.run_tool("random-model", "--input", "8x8x1", "--width", 0.25, "--sparsities", "0.4,0.8", "-q", "-o", "m.nsm")
        data = bytearray((self.folder / "m.nsm").read_bytes())
        entry = 64 + 32 * (struct.unpack_from("<H", data, 24)[0] - 1)
        kind, offset, size = struct.unpack_from("<4sII", data, entry)
        self.assertEqual(kind, b"TEST")
        data[offset + size - 1] ^= 1  # the last output of the last subnet
        struct.pack_into("<I", data, entry + 12, zlib.crc32(data[offset:offset + size]))
        struct.pack_into("<I", data, 56, zlib.crc32(data[64:entry + 32]))
        struct.pack_into("<I", data, 60, zlib.crc32(data[:60]))
        (self.folder / "m.nsm").write_bytes(data)
        self.assertEqual([r["agrees"] for r in self.evaluate("m.nsm", status=1)], [True, False])
        self.assertEqual([r["agrees"] for r in self.evaluate("m.nsm", "--subnet", 1)], [True])

    def test_other_inputs_bad_files_and_bad_usage(self):
        self.run_tool("random-model", "--input", "8x8x1", "--width", 0.25, "--sparsities", "0.4,0.8", "-q", "-o", "m.nsm")
        (self.folder / "two").write_bytes(bytes(range(128)))
        records = self.evaluate("m.nsm", "--input", "two", "--subnet", 2, "--network", 0)
        self.assertEqual([(r["subnet"], r["image"], "agrees" in r) for r in records], [(2, 0, False), (2, 1, False)])
        self.assertNotEqual(records[0]["output"], records[1]["output"])
        (self.folder / "odd").write_bytes(bytes(65))
        for words in (("m.nsm", "--input", "odd"), ("m.nsm", "--input", "none"), ("odd",), ("none",)):
            self.evaluate(*words, status=3)
        for words in (("--subnet", 3), ("--subnet", 0), ("--network", 1), ("--subnet", "x")):
            self.evaluate("m.nsm", *words, status=2)

    def test_nothing_but_the_documents_and_the_standard_library(self):
        allowed = {"argparse", "json", "math", "struct", "sys", "zlib", "nsm", "nsm.evaluate"}
        for script in [SOURCE / "scripts/nsm_run.py", SOURCE / "scripts/nsm_dump.py", *(SOURCE / "scripts/nsm").glob("*.py")]:
            for module in re.findall(r"^(?:from|import) ([\w.]+)", script.read_text(), re.MULTILINE):
                self.assertTrue(module in allowed or module.startswith("."), f"{script}: {module}")


if __name__ == "__main__":
    unittest.main()
