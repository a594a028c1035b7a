"""docs/results.md is what scripts/make_results gives, whatever the raw records are."""
import json
import subprocess
import sys
import unittest

from cli_case import SOURCE, CliCase

RUN = {"schema": "nestkit.run/1", "date": "2026-01-31", "commit": "abc1234", "machine": "2 x a CPU", "seconds": 90}
BENCH = {"schema": "nestkit.bench/1", "model": "build/m.nsm", "artifact_sha256": "0", "network": "n", "subnet": 1, "subnets": 1, "sparsity": 0.0,
         "flash_bytes": 5000, "arena_bytes": 300, "accuracy_top1": None}
EMULATOR = BENCH | {"target": "emulator", "instructions": 2000000, "cycles_low": 1e6, "cycles_estimate": 2e6, "cycles_high": 3e6}
HOST = BENCH | {"target": "host", "images": 100, "accuracy_top1": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6, "instructions": None}


class ResultsPage(CliCase):
    def make(self, *words, status=0):
        done = subprocess.run([sys.executable, SOURCE / "scripts/make_results", *words], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def page(self, **files):
        """The page of records given as {file name: list of records}, all in the folder "subject"."""
        (self.folder / "r" / "subject").mkdir(parents=True, exist_ok=True)
        for name, records in files.items():
            (self.folder / "r" / "subject" / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        self.make("--records", "r", "-o", "page.md")
        return (self.folder / "page.md").read_text()

    def test_the_page_in_the_repository_is_up_to_date(self):
        self.make("--check")

    def test_no_records_give_a_page_that_says_so(self):
        page = self.page()
        self.assertIn("**Nothing here was run on real hardware.**", page)
        self.assertIn("There are no raw records yet.", page)

    def test_a_folder_that_is_not_there_is_named_and_no_page_written(self):
        self.assertIn("make_results: error: gone: no such folder of records", self.make("--records", "gone", "-o", "page.md", status=3).stderr)
        self.assertFalse((self.folder / "page.md").exists())

    def test_a_subnet_s_records_of_both_targets_become_one_row_with_conditions(self):
        sparse = {"subnets": 2, "sparsity": 0.9, "artifact_sha256": "1", "model": "s.nsm"}
        page = self.page(run=[RUN], results=[EMULATOR, HOST, EMULATOR | sparse | {"instructions": 500000, "identical": True, "verified_images": 7}])
        self.assertIn("Recorded 2026-01-31 at commit `abc1234` on 2 x a CPU, 1.5 minutes in all.", page)
        self.assertIn("| m.nsm | dense | 0 % | 50.00 % | 40.00-60.00 | 100 | - | 2,000,000 | 1.000 | 2.00 (1.00-3.00) | 5,000 | 300 | - |", page)
        self.assertIn("| s.nsm | 1 of 2 | 90 % | - | - | - | - | 500,000 | 0.250 |", page)
        self.assertIn("| yes, 7 images |", page)

    def test_headlines_say_what_they_reach(self):
        case = {"schema": "nestkit.headline/1", "area": "a", "case": "c", "metric": "m", "op": "<=", "floor": 2, "stretch": 1, "source": "measured"}
        page = self.page(headlines=[case | {"value": value} for value in (0.5, 1.5, 2.5)])
        self.assertEqual([line.split("|")[6].strip() for line in page.splitlines() if line.startswith("| a: c")], ["stretch", "floor", "MISSED"])
        self.assertIn("Date, commit and machine were not recorded.", page)
        page = self.page(headlines=[case | {"area": "training", "value": 1}])
        self.assertRegex(page, r"(?m)^\| training: speed/nested3_over_dense_step \| - .* NO FIGURE")

    def test_adaptive_evaluation_is_a_row_per_rule_by_purpose(self):
        kind = {"accuracy_top1": 0.5, "mean_passes": 3.0, "mean_cost": 3e6}
        record = {"schema": "nestkit.tta/1", "purpose": "views", "data": "d", "training_seed": 1, "order": "greedy", "aggregate": "mean_logit",
                  "confidence": "margin", "threshold_kind": "class", "stages": [{"view": "identity", "subnet": 1}, {"view": "flip", "subnet": 1}],
                  "plain": kind, "static": kind, "adaptive": kind | {"mean_cost": 1e6, "mean_passes": 1.5}, "time_saved": 2.5, "images": 1000,
                  "adaptive_minus_static": {"points": -0.05, "points_low": -0.1, "points_high": 0.01}, "corruption": None, "date": "2026-01-31", "commit": "abc"}
        page = self.page(tta=[record, record | {"purpose": "subnets"}, record | {"purpose": "rules", "time_saved": None},
                              record | {"purpose": "corrupted", "corruption": {"name": "blur", "severity": 3}}])
        figures = "50.00 % | 50.00 % | 50.00 % | -0.05 (-0.10 to +0.01) | 3 | 1.500 | 3.00 |"
        self.assertIn(f"| d | 1 | greedy, mean logit, margin, per class | identity; flip | {figures} 2.50 |", page)
        self.assertIn("| 1; 1 |", page)
        self.assertIn(f"| d | 1 | blur 3 | 1,000 | {figures}", page)
        self.assertIn(f"| d | 1 | greedy, mean logit, margin, per class | {figures}\n", page)

    def test_changes_of_a_recipe_are_compared_by_validation_on_the_seeds_that_both_have(self):
        def run(name, seed, sparsest, densest, **more):
            subnets = [{"validation_accuracy": a, "m7_instructions": 1e6 * k} for k, a in ((1, sparsest), (2, densest))]
            return {"schema": "nestkit.experiment/1", "experiment": name, "seed": seed, "epochs": 12, "dataset": "d", "network": "n", "date": "2026-01-31", "commit": "abc",
                    "config": {"train_images": 1000}, "subnets": subnets} | more
        page = self.page(ablation=[run("better", 1, 0.56, 0.62, like="sum"), run("worse", 1, 0.40, 0.60, like="sum"), run("sum", 1, 0.5, 0.6), run("sum", 2, 0.5, 0.6),
                                   run("better", 2, 0.52, 0.60, like="sum"), run("alone", 3, 0.9, 0.9, like="sum")])
        self.assertIn("Changes of the recipe `sum`: d, n, 1,000 training images, 12 epochs.", page)
        rows = [line.split(" | 2026")[0] for line in page.splitlines() if line.startswith(("| sum", "| better", "| worse", "| alone"))]
        self.assertEqual(rows, ["| sum | 2 | 60.00 50.00 | +0.00 +0.00 | +0.00 (+0.00 to +0.00) | 2.00 1.00",
                                "| better | 2 | 61.00 54.00 | +1.00 +4.00 | +2.50 (+1.00 to +4.00) | 2.00 1.00",
                                "| worse | 1 | 60.00 40.00 | +0.00 -10.00 | -5.00 | 2.00 1.00",
                                "| alone | 1 | 90.00 90.00 | - | - | 2.00 1.00"])

    def test_a_schema_it_does_not_know_is_shown_as_it_is(self):
        self.assertIn("### nestkit.new/1\n| case | seconds |\n|---|--:|\n| x | 2.5 |\n", self.page(new=[{"schema": "nestkit.new/1", "case": "x", "seconds": 2.5}]))

    def test_an_old_page_is_a_failed_check(self):
        self.page(results=[EMULATOR])
        self.make("--records", "r", "-o", "page.md", "--check")
        (self.folder / "page.md").write_text("typed by hand")
        self.assertIn("run scripts/make_results", self.make("--records", "r", "-o", "page.md", "--check", status=1).stderr)
        self.assertEqual((self.folder / "page.md").read_text(), "typed by hand")

    def test_bad_records_are_named_with_file_and_line(self):
        for text, fragment in (('{"schema":"nestkit.run/1"}\n{', "bad.jsonl: line 2"), ('{"schema":"other/1"}', "bad.jsonl: line 1: expected an object with a nestkit schema"),
                               ("[]", "line 1"), ('{"schema":"nestkit.bench/1","model":"m"}', "a record of nestkit.bench/1 is not as documented"),
                               ('{"schema":"nestkit.run/1"}', "a record of nestkit.run/1 is not as documented")):
            with self.subTest(text=text):
                (self.folder / "r").mkdir(exist_ok=True)
                (self.folder / "r" / "bad.jsonl").write_text(text)
                done = self.make("--records", "r", "-o", "page.md", status=3)
                self.assertTrue(done.stderr.startswith("make_results: error: ") and fragment in done.stderr, done.stderr)
                self.assertFalse((self.folder / "page.md").exists())


if __name__ == "__main__":
    unittest.main()
