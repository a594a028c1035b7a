"""Ctrl-C and its like: ns-bench leaves neither an emulator nor a file behind."""
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from cli_case import BIN, write_tiny_fashion_mnist
from tiny_chain import TinyChain

FIRMWARE = BIN.parent / "firmware/bin/nestkit-m7.elf"


def processes_in(folder):
    """Processes that work in the folder."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "cwd").startswith(str(folder)):
                found.append(process.name)
        except OSError:
            pass  # ended meanwhile, or not ours
    return found


@unittest.skipUnless(shutil.which("qemu-system-arm") and FIRMWARE.is_file(), "no emulator or no firmware")
class Stopping(TinyChain):
    def setUp(self):
        super().setUp()
        write_tiny_fashion_mnist(self.folder / "data", test=3000)
        self.temporary = self.folder / "temporary"
        self.temporary.mkdir()

    def start(self, *words):
        return subprocess.Popen([BIN / "ns-bench", self.made / "model.nsm", "--data-dir", self.folder / "data", *words], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"TMPDIR": str(self.temporary)})

    def until(self, true, what):
        for _ in range(600):
            if true():
                return
            time.sleep(0.1)
        self.fail(f"not within a minute: {what}")

    def infer(self):
        """ns-bench while its emulators infer."""
        running = self.start("--target", "emulator", "--emulator-images", "0")
        self.until(lambda: any(self.temporary.glob("*/outputs.bin")), "an emulator that infers")
        self.assertNotEqual(processes_in(self.temporary), [])
        return running

    def assert_stopped(self, running, number):
        stdout, stderr = running.communicate(timeout=60)
        self.assertEqual((running.returncode, stdout, stderr), (128 + number, "", "ns-bench: interrupted\n"))
        self.assertEqual(list(self.temporary.iterdir()), [])
        self.assertEqual(processes_in(self.temporary), [])

    def test_a_signal_ends_the_emulators_and_removes_their_files(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number):
                running = self.infer()
                running.send_signal(number)
                self.assert_stopped(running, number)

    def test_nohup_survives_a_closed_terminal(self):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as nohup does it
        self.addCleanup(signal.signal, signal.SIGHUP, signal.SIG_DFL)
        running = self.infer()
        running.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        self.assertIsNone(running.poll())
        running.send_signal(signal.SIGTERM)
        self.assert_stopped(running, signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
