"""What the command-line tests share: run a tool, make a tiny data set. Standard library only."""
import gzip
import os
import pathlib
import random
import struct
import subprocess
import tempfile
import unittest

BIN = pathlib.Path(os.environ["NESTKIT_BIN"])
SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


class CliCase(unittest.TestCase):
    """A test case with an empty working folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nestkit-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_tool(self, *words, status=0, **kwargs):
        """Runs a tool in the test's folder and asserts its exit status; returns the finished process."""
        command = [str(BIN / words[0]), *map(str, words[1:])]
        kwargs.setdefault("timeout", 120)
        done = subprocess.run(command, cwd=self.folder, text=True, capture_output="stdout" not in kwargs, **kwargs)
        self.assertEqual(done.returncode, status, f"{' '.join(command)}\nstdout: {done.stdout}\nstderr: {done.stderr}")
        if status != 0 and done.stderr is not None:
            self.assertNotIn("internal error", done.stderr)
        return done

    def assert_error(self, done, tool, *fragments):
        """stderr has one 'tool: error: …' line with all fragments, stdout is empty."""
        errors = [line for line in done.stderr.splitlines() if line.startswith(f"{tool}: error: ")]
        self.assertEqual(len(errors), 1, done.stderr)
        for fragment in fragments:
            self.assertIn(fragment, done.stderr)
        self.assertEqual(done.stdout, "")


def idx_bytes(shape, payload):
    return struct.pack(">HBB", 0, 8, len(shape)) + b"".join(struct.pack(">I", n) for n in shape) + bytes(payload)


def write_tiny_fashion_mnist(folder, train=200, test=50, seed=1):
    """A data set in Fashion-MNIST's layout: class c is a bright square at a place of its own, plus noise."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    for part, count in (("train", train), ("t10k", test)):
        labels = [i % 10 for i in range(count)]
        pixels = bytearray()
        for label in labels:
            image = bytearray(rng.randrange(40) for _ in range(28 * 28))
            top, left = 2 + 12 * (label // 5), 1 + 5 * (label % 5)
            for y in range(top, top + 8):
                for x in range(left, left + 5):
                    image[28 * y + x] = 200 + rng.randrange(56)
            pixels += image
        with gzip.open(folder / f"{part}-images-idx3-ubyte.gz", "wb") as out:
            out.write(idx_bytes((count, 28, 28), pixels))
        with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz", "wb") as out:
            out.write(idx_bytes((count,), labels))
    return folder
