"""What scripts/headlines makes of the records of bench/record_coop: seeds pooled, missing benchmarks named."""
import contextlib
import io
import json
import sys
import unittest

from cli_case import SOURCE, CliCase

sys.path.insert(0, str(SOURCE / "scripts"))
import coop_figures  # noqa: E402


def record(data, purpose="break_even", kind="int8+int8", right=0, wrong=0, mean=5.0, images=1000, small=800):
    return {"schema": "nestkit.coop/1", "data": data, "purpose": purpose, "kind": kind, "images": images, "date": "2026-01-31", "commit": "abc",
            "stages": [{"cost": 2.0, "alone": {"correct": small}}, {"cost": 10.0, "alone": {"correct": 900}}], "together": {"mean_cost": mean, "correct": 900},
            "beside": [],
            "together_minus_last": {"became_right": right, "became_wrong": wrong}}


class Figures(CliCase):
    def figures(self, *records):
        (self.folder / "records.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            return {case: (value, source) for case, value, source in coop_figures.figures(self.folder)}, errors.getvalue()

    def test_seeds_are_pooled_and_missing_benchmarks_leave_the_worst_unknown(self):
        found, errors = self.figures(record("fsdd"), record("fsdd", mean=2.0, images=3000), record("fsdd", "best_accuracy", right=30))
        value, source = found["best_benchmark/cost_saved_at_equal_accuracy"]
        self.assertAlmostEqual(value, 40 / 11)
        self.assertEqual((source["seeds"], source["benchmark"], source["source"]), (2, "fsdd", "recorded"))
        self.assertAlmostEqual(found["fsdd/best_accuracy_minus_int8"][0], 3.0)
        self.assertNotIn("worst_benchmark/cost_saved_at_equal_accuracy", found)
        self.assertIn("no record of cifar10, fer2013", errors)

    def test_a_rule_that_loses_more_than_the_tolerance_saved_nothing(self):
        for wrong, expected in ((1, 2.0), (2, 1.0)):
            found, errors = self.figures(*(record(data, wrong=wrong) for data in coop_figures.BENCHMARKS))
            self.assertEqual(found["worst_benchmark/cost_saved_at_equal_accuracy"][0], expected)
            self.assertEqual(errors, "")

    def test_a_smaller_network_alone_that_is_as_good_leaves_nothing_to_cooperation(self):
        for small, plain, expected in ((899, 1.0, 2.0), (900, 5.0, 1.0)):
            found, _ = self.figures(record("fsdd", small=small))
            value, source = found["best_benchmark/cost_saved_at_equal_accuracy"]
            self.assertEqual((value, source["plain_cost_saved"]), (expected, plain))

    def test_the_best_kind_of_a_benchmark_counts(self):
        found, _ = self.figures(record("cifar10"), record("cifar10", kind="binary+int8", mean=2.5))
        value, source = found["best_benchmark/cost_saved_at_equal_accuracy"]
        self.assertEqual((value, source["kind"]), (4.0, "binary+int8"))

    def test_a_last_network_that_is_binary_is_no_int8_rival(self):
        members = record("cifar10", "best_accuracy", right=50)
        members["stages"][-1]["network"] = "nin_binary_member3"
        found, _ = self.figures(record("fsdd"), members)
        self.assertNotIn("cifar10/best_accuracy_minus_int8", found)


if __name__ == "__main__":
    unittest.main()
