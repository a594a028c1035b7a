"""What scripts/headlines makes of the records of bench/record_coop: seeds pooled, missing benchmarks named."""
import contextlib
import io
import json
import sys
import unittest

from cli_case import SOURCE, CliCase

sys.path.insert(0, str(SOURCE / "scripts"))
import coop_figures  # noqa: E402

DATA = ("cifar10", "fer2013", "fsdd_without_theo")


def record(data, purpose="break_even", kind="int8+int8", right=0, wrong=0, mean=5.0, images=1000, small=800, validation=5.0, validation_right=450):
    """Networks of cost 2 and 10, the second right 900 times of 1000 alone, and 450 of 500 on validation."""
    return {"schema": "nestkit.coop/1", "data": data, "purpose": purpose, "kind": kind, "images": images, "date": "2026-01-31", "commit": "abc",
            "stages": [{"cost": 2.0, "subnet": 1, "alone": {"correct": small}}, {"cost": 10.0, "subnet": 2, "alone": {"correct": 900}}], "together": {"mean_cost": mean, "correct": 900},
            "validation": {"images": 500, "correct": validation_right, "alone_correct": [400, 450], "mean_cost": validation}, "beside": [],
            "together_minus_last": {"became_right": right, "became_wrong": wrong}}


class Figures(CliCase):
    def figures(self, *records):
        (self.folder / "records.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            return {case: (value, source) for case, value, source in coop_figures.figures(self.folder)}, errors.getvalue()

    def test_seeds_are_pooled_and_missing_benchmarks_leave_the_worst_unknown(self):
        found, errors = self.figures(record("fsdd_without_theo"), record("fsdd_without_lucas", mean=2.0, images=3000), record("fsdd"),
                                     record("fsdd_without_theo", "best_accuracy", right=30))
        value, source = found["best_benchmark/cost_saved_at_equal_accuracy"]
        self.assertAlmostEqual(value, 40 / 11)
        self.assertEqual((source["records"], source["benchmark"], source["source"]), (2, "fsdd", "recorded"))
        self.assertAlmostEqual(found["fsdd/best_accuracy_minus_int8"][0], 3.0)
        self.assertNotIn("worst_benchmark/cost_saved_at_equal_accuracy", found)
        self.assertIn("no record of cifar10, fer2013", errors)

    def test_a_rule_that_loses_more_than_the_tolerance_saved_nothing(self):
        for wrong, expected in ((1, 2.0), (2, 1.0)):
            found, errors = self.figures(*(record(data, wrong=wrong) for data in DATA))
            self.assertEqual(found["worst_benchmark/cost_saved_at_equal_accuracy"][0], expected)
            self.assertEqual(errors, "")

    def test_a_smaller_network_alone_that_is_as_good_leaves_nothing_to_cooperation(self):
        for small, plain, expected in ((899, 1.0, 2.0), (900, 5.0, 1.0)):
            found, _ = self.figures(record("cifar10", small=small))
            value, source = found["best_benchmark/cost_saved_at_equal_accuracy"]
            self.assertEqual((value, source["plain_cost_saved"]), (expected, plain))

    def test_the_kind_that_is_best_on_validation_counts_whatever_the_test_says(self):
        better = record("cifar10", kind="binary+int8", mean=4.0, validation=4.0)
        unreached = record("cifar10", mean=2.0, validation=2.0) | {"target": "best-accuracy"}
        for lucky in (record("cifar10", mean=2.0), record("cifar10", mean=2.0, validation=2.0, validation_right=449), unreached):
            value, source = self.figures(lucky, better)[0]["best_benchmark/cost_saved_at_equal_accuracy"]
            self.assertEqual((value, source["kind"]), (2.5, "binary+int8"))
        best = self.figures(record("cifar10", "best_accuracy", right=30), record("cifar10", "best_accuracy", "binary+int8", right=5, validation_right=460))[0]
        self.assertAlmostEqual(best["cifar10/best_accuracy_minus_int8"][0], 0.5)

    def test_the_last_model_asked_about_the_image_itself_is_what_views_are_compared_with(self):
        stages = [{"artifact_sha256": name, "subnet": 1, "view": view} for name, view in (("a", "identity"), ("b", "identity"), ("b", "flip"))]
        self.assertEqual(coop_figures.baseline({"stages": stages}), 1)

    def test_a_last_network_that_is_binary_is_no_int8_rival(self):
        members = record("cifar10", "best_accuracy", right=50)
        members["stages"][-1]["network"] = "nin_binary_member3"
        found, _ = self.figures(record("cifar10"), members)
        self.assertNotIn("cifar10/best_accuracy_minus_int8", found)


if __name__ == "__main__":
    unittest.main()
