"""ns-bench --target board: the emulated board's serial line, and a line that loses and flips bytes."""
import json
import os
import pathlib
import pty
import random
import re
import select
import shutil
import subprocess
import threading
import tty
import unittest

from cli_case import BIN
from tiny_chain import TinyChain

FIRMWARE = BIN.parent / "firmware/bin"
on_host_board = unittest.skipUnless((FIRMWARE / "nestkit-host").is_file(), "a build without firmware")
emulated = unittest.skipUnless(shutil.which("qemu-system-arm") and (FIRMWARE / "nestkit-m7.elf").is_file(), "no emulator or no firmware")


class NoisyLine:
    """A pseudo-terminal before nestkit-host's server (standard input and output); some bytes of its replies are lost or flipped."""

    def __init__(self, folder, noise):
        self.server = subprocess.Popen([FIRMWARE / "nestkit-host", "serve"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.line, self.device_file = pty.openpty()
        tty.setraw(self.device_file)
        self.device = os.ttyname(self.device_file)
        self.noise, self.rng, self.running = noise, random.Random(5), True
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def spoil(self, data):
        spoiled = bytearray()
        for byte in data:
            if self.rng.random() < self.noise:
                byte ^= 1 << self.rng.randrange(8)
                if self.rng.random() < 0.5:
                    continue
            spoiled.append(byte)
        return bytes(spoiled)

    def work(self):
        reply = self.server.stdout.fileno()
        while self.running:
            ready = select.select([self.line, reply], [], [], 0.05)[0]
            if self.line in ready:
                self.server.stdin.write(os.read(self.line, 4096))
                self.server.stdin.flush()
            if reply in ready:
                os.write(self.line, self.spoil(os.read(reply, 4096)))

    def close(self):
        self.running = False
        self.thread.join()
        self.server.stdin.close()
        self.server.wait(timeout=20)
        self.server.stdout.close()
        os.close(self.device_file)
        os.close(self.line)


def serve_on_emulator(case, model):
    """The device of an emulated board that serves the model: firmware/run's way of counting, its UART on a pseudo-terminal."""
    emulator = subprocess.Popen(
        ["qemu-system-arm", "-M", "mps2-an500", "-display", "none", "-monitor", "none", "-serial", "pty",
         "-icount", "shift=7,sleep=off", "-semihosting-config", "enable=on,target=native,arg=nestkit,arg=serve",
         "-device", f"loader,file={model},addr=0x00040000,force-raw=on", "-kernel", FIRMWARE / "nestkit-m7.elf"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)

    def end():
        emulator.kill()
        emulator.wait()
        emulator.stdout.close()
    case.addCleanup(end)
    line = emulator.stdout.readline()
    found = re.search(r"/dev/pts/\d+", line)
    case.assertTrue(found, line)
    return found.group()


class Board(TinyChain):
    def bench(self, *words, model="model.nsm", **kwargs):
        return self.run_tool("ns-bench", self.made / model, "--data-dir", self.made / "data", *words, **kwargs)

    def records(self, *words, **kwargs):
        done = self.bench(*words, "--json", **kwargs)
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    @emulated
    def test_the_emulated_board_gives_the_host_s_bytes_and_the_emulator_s_instructions_over_its_uart(self):
        device = serve_on_emulator(self, self.made / "model.nsm")
        words = ["--target", "emulator,board", "--device", device, "--emulator-images", 4, "--board-images", 4, "--verify", 2]
        records, _ = self.records(*words)
        emulator = [r for r in records if r["target"] == "emulator"]
        board = [r for r in records if r["target"] == "board"]
        self.assertEqual(len(board), 2)
        for e, b in zip(emulator, board, strict=True):
            self.assertEqual((b["board"], b["identical"], b["verified_images"]), ("mps2_an500", True, 4))
            self.assertEqual(b["correct"], e["correct"])
            for mine, theirs in zip(b["layers"], e["layers"], strict=True):
                self.assertLessEqual(abs(mine["instructions"] - theirs["instructions"]), 40, mine["name"])
            self.assertLessEqual(abs(b["instructions"] - e["instructions"]), 200)
        self.assertIn("Instructions by layer of", self.bench("--target", "board", "--device", device, "--cost-only").stdout)

    @emulated
    def test_a_board_with_another_model_is_refused(self):
        device = serve_on_emulator(self, self.made / "dense.nsm")
        done = self.bench("--target", "board", "--device", device, "--cost-only", status=3)
        self.assert_error(done, "ns-bench", "mps2_an500 has another model in its flash", "hint: write")

    @on_host_board
    def test_a_bad_line_costs_time_and_no_byte(self):
        shutil.copy(self.made / "model.nsm", self.folder / "model.nsm")
        line = NoisyLine(self.folder, noise=0.001)
        self.addCleanup(line.close)
        words = ["--target", "board", "--device", line.device, "--subnet", 1, "--board-images", 30, "--verify", 10]
        records, messages = self.records(*words, timeout=300)
        self.assertEqual([(r["board"], r["identical"], r["images"]) for r in records], [("host", True, 30)])
        self.assertEqual(records[0]["instructions_reason"], "this board counts nothing")
        self.assertIn("had to be sent again", messages)

    def test_target_and_device_go_together(self):
        for words in (["--target", "board"], ["--device", "/dev/ttyACM0"]):
            self.assert_error(self.bench(*words, status=2), "ns-bench", "--target board and --device go together")
        done = self.bench("--target", "board", "--device", "ttyACM0", "--cost-only", status=4)
        self.assert_error(done, "ns-bench", "ttyACM0: cannot be opened", "hint: plug the board in")


if __name__ == "__main__":
    unittest.main()
