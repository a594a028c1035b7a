"""The committed golden model and outputs are what their makers make."""
import pathlib
import subprocess
import sys
import unittest

from cli_case import SOURCE, CliCase

GOLDEN = pathlib.Path(__file__).resolve().parent


class EveryOperator(CliCase):
    def test_the_model_and_its_inputs_can_be_made_again(self):
        subprocess.run([sys.executable, GOLDEN / "every_operator.py", self.folder], check=True)
        for name in ("every_operator.nsm", "every_operator.input"):
            self.assertEqual((self.folder / name).read_bytes(), (GOLDEN / name).read_bytes(), name)

    def evaluate(self, *words):
        done = subprocess.run([sys.executable, SOURCE / "scripts/nsm_run.py", GOLDEN / "every_operator.nsm", *words],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_the_golden_outputs_are_the_evaluators(self):
        self.assertEqual(self.evaluate("--input", GOLDEN / "every_operator.input"), (GOLDEN / "every_operator.jsonl").read_text())
        self.assertEqual(self.evaluate().count('"agrees": true'), 12)


if __name__ == "__main__":
    unittest.main()
