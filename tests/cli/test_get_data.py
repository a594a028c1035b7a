"""scripts/get_data: what it takes from a mirror, and what it refuses."""
import hashlib
import os
import subprocess
import unittest

from cli_case import SOURCE, CliCase

CIFAR = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]


class GetData(CliCase):
    def mirror(self, size=30730000, sums=None):
        """A CIFAR-10 of zeros (holes: it takes no room), with a list of checksums of that name if asked for."""
        folder = self.folder / "mirror/cifar-10-batches-bin"
        folder.mkdir(parents=True, exist_ok=True)
        for name in CIFAR:
            with open(folder / name, "wb") as file:
                file.truncate(size)
        if sums:
            digest = hashlib.new("md5" if sums == "MD5SUMS" else "sha256", bytes(size)).hexdigest()
            (folder / sums).write_text("".join(f"{digest}  {name}\n" for name in CIFAR))
        return folder

    def get(self, *words, status=0):
        done = subprocess.run([SOURCE / "scripts/get_data", *words], cwd=self.folder, capture_output=True, text=True, check=False, timeout=120,
                              env=os.environ | {"NESTKIT_DATA_MIRROR": "mirror"})
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_a_copy_is_taken_and_checked_against_its_own_list(self):
        out = "data"  # of the folder where the script is started, as the mirror is
        self.mirror()
        self.assertIn("without a list of checksums", self.get(out, "cifar10").stderr)
        self.assertEqual(sorted(p.name for p in (self.folder / out / "cifar-10-batches-bin").iterdir()), sorted(CIFAR))
        for sums in ("MD5SUMS", "SHA256SUMS"):
            folder = self.mirror(sums=sums)
            self.assertIn(f"as its {sums} says", self.get(out, "cifar10").stderr)
            with open(folder / CIFAR[2], "r+b") as file:
                file.write(b"\x01")
            self.assertIn(f"does not match its {sums}", self.get(out, "cifar10", status=3).stderr)

    def test_wrong_sizes_missing_files_and_unknown_names_are_refused(self):
        out = self.folder / "data"
        self.assertIn("has no cifar-10-binary.tar.gz", self.get(out, "cifar10", status=4).stderr)
        folder = self.mirror(size=3073)
        self.assertIn("expected 30730000 bytes", self.get(out, "cifar10", status=3).stderr)
        os.remove(folder / "test_batch.bin")
        self.get(self.folder / "other", "cifar10", status=3)
        (self.folder / "mirror/fer2013/train").mkdir(parents=True)
        self.assertIn("0 images, expected 35887", self.get(out, "fer2013", status=3).stderr)
        self.assertIn("only given out by hand", self.get(out, "neu_det", status=4).stderr)
        self.assertIn("unknown data set 'cifar'", self.get(out, "cifar", status=2).stderr)
        self.assertIn("usage: scripts/get_data", self.get(status=2).stderr)
        self.assertIn("'cifar' is no data set, and as a folder it needs one after it", self.get("cifar", status=2).stderr)


if __name__ == "__main__":
    unittest.main()
