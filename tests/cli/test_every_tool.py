"""Manners that every tool shares (docs/pipeline.md)."""
import os
import re
import subprocess
import unittest

from cli_case import BIN, SOURCE, CliCase

TOOLS = sorted(path.name for path in BIN.iterdir() if path.name.startswith(("ns-", "tta-", "coop-", "bin-")))


class EveryTool(CliCase):
    def test_help_goes_to_stdout_with_examples_exit_status_and_the_next_tool(self):
        self.assertGreaterEqual(len(TOOLS), 2)
        for tool in TOOLS:
            with self.subTest(tool=tool):
                done = self.run_tool(tool, "--help")
                self.assertEqual(done.stderr, "")
                self.assertGreaterEqual(len(re.findall(rf"^  {tool} ", done.stdout, re.M)), 2, "two examples")
                self.assertIn("Exit status:", done.stdout)
                self.assertIn("Next:", done.stdout)

    def test_version_is_one_line(self):
        for tool in TOOLS:
            with self.subTest(tool=tool):
                self.assertRegex(self.run_tool(tool, "--version").stdout, rf"^{tool} \d+\.\d+\.\d+\n$")

    def test_an_unknown_option_is_a_usage_error_with_a_hint(self):
        for tool in TOOLS:
            with self.subTest(tool=tool):
                done = self.run_tool(tool, "--jsn", status=2)
                self.assert_error(done, tool, "--jsn")
                self.assertIn("--json", done.stderr)

    def test_no_arguments_is_a_usage_error(self):
        for tool in TOOLS:
            with self.subTest(tool=tool):
                self.assert_error(self.run_tool(tool, status=2), tool)

    def test_a_closed_stdout_is_an_environment_error_not_silence(self):
        for tool in TOOLS:
            with self.subTest(tool=tool):
                done = subprocess.run(["sh", "-c", f"exec {BIN / tool} --help >&-"], stderr=subprocess.PIPE, text=True, timeout=60)
                self.assertEqual(done.returncode, 4, done.stderr)
                self.assertIn("standard output", done.stderr)

    def test_a_full_disk_behind_stdout_is_an_environment_error(self):
        for tool in TOOLS:
            with self.subTest(tool=tool), open("/dev/full", "w") as full:
                done = subprocess.run([BIN / tool, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
                self.assertEqual(done.returncode, 4, done.stderr)
                self.assertIn("No space left", done.stderr)

    def test_a_reader_that_goes_away_is_no_error(self):
        for tool in TOOLS:
            with self.subTest(tool=tool):
                read_end, write_end = os.pipe()
                os.close(read_end)
                done = subprocess.run([BIN / tool, "--help"], stdout=write_end, stderr=subprocess.PIPE, text=True, timeout=60)
                os.close(write_end)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_man_page_names_every_option_and_exit_status(self):
        for tool in TOOLS:
            with self.subTest(tool=tool):
                page = (SOURCE / "docs" / "man" / f"{tool}.1").read_text().replace("\\-", "-")
                help_text = self.run_tool(tool, "--help").stdout
                for option in set(re.findall(r"(--[a-z][a-z-]+)", help_text.split("Examples:")[0])):
                    self.assertIn(option, page)
                for option in set(re.findall(r"(--[a-z][a-z-]+)", page)):
                    self.assertIn(option, help_text, "the man page names an option that the tool does not have")
                for status in ("0", "1", "2", "3", "4", "5"):
                    self.assertRegex(page, rf"(?m)^\.B {status}$")

    def test_what_man_pages_print_is_printed(self):
        examples = 0
        for tool in TOOLS:
            page = (SOURCE / "docs" / "man" / f"{tool}.1").read_text().replace("\\-", "-")
            for command in re.findall(rf"(?m)^ +({tool} .* --print-(?:config|schema)\b.*)$", page):
                with self.subTest(command=command):
                    self.run_tool(*command.replace("configs/", f"{SOURCE}/configs/").split())
                    examples += 1
        self.assertGreaterEqual(examples, 1)


if __name__ == "__main__":
    unittest.main()
