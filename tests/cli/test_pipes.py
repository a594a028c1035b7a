"""Artifacts through pipes: "-" is standard input or standard output."""
import os
import pty
import subprocess
import unittest

from cli_case import BIN
from tiny_chain import TinyChain


class Pipes(TinyChain):
    def shell(self, line, status=0):
        done = subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=self.made, capture_output=True, timeout=120,
                              env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"})
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_the_chain_as_a_pipeline_gives_the_files_bytes_and_reports_on_stderr(self):
        done = self.shell("ns-prune dense.safetensors --sparsities 0.5,0.75 -o - | ns-pack - -o - --data-dir data")
        piped, kept = done.stdout, (self.made / "model.nsm").read_bytes()
        self.assertEqual(len(piped), len(kept))
        self.assertEqual(piped[:4], kept[:4])
        self.assertIn(b"total", done.stderr)
        self.assertEqual(self.shell("ns-prune dense.safetensors --sparsities 0.5,0.75 -o -").stdout, (self.made / "nested.safetensors").read_bytes())
        self.assertEqual(self.shell("cat nested.safetensors | ns-pack - -o - --data-dir data").stdout, kept)

    def test_a_model_from_a_pipe_or_a_redirection_is_explained_and_runs(self):
        for line in ("cat model.nsm | ns-info -", "ns-info - < model.nsm"):
            self.assertIn(b"resnet8", self.shell(line).stdout)
        self.assertIn(b"host", self.shell("cat model.nsm | ns-bench - --data-dir data").stdout)

    def test_a_recipe_from_a_pipe_trains(self):
        self.shell(f"ns-train recipe.json --print-config | ns-train - -q --set epochs=1 -o {self.folder}/piped.safetensors")
        self.assertTrue((self.folder / "piped.safetensors").exists())

    def test_what_no_pipe_can_do_is_refused(self):
        self.assert_error(self.run_tool("ns-pack", self.made / "nested.safetensors", "-o", "-", "--json", status=2), "ns-pack", "--json and --output -")
        self.assert_error(self.run_tool("ns-train", self.made / "recipe.json", "-o", "-", status=2), "ns-train", "never standard output")
        self.assertIn(b"/dev/stdin", self.shell("printf '' | ns-info -", status=3).stderr)
        with open("/dev/full", "w") as full:
            done = self.run_tool("ns-prune", self.made / "dense.safetensors", "-o", "-", status=4, stdout=full, stderr=subprocess.PIPE)
        self.assertIn("No space left", done.stderr)

    def test_a_terminal_neither_gets_nor_gives_an_artifact(self):
        controller, terminal = pty.openpty()
        self.addCleanup(os.close, controller)
        self.addCleanup(os.close, terminal)
        done = subprocess.run([BIN / "ns-prune", self.made / "dense.safetensors", "-o", "-"], stdout=terminal, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual((done.returncode, b"terminal" in done.stderr), (2, True), done.stderr)
        done = subprocess.run([BIN / "ns-info", "-"], stdin=terminal, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, b"terminal" in done.stderr), (2, True), done.stderr)


if __name__ == "__main__":
    unittest.main()
