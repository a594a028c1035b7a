"""What scripts/headlines makes of the records of bench/record_tta: seeds pooled, missing ones named."""
import contextlib
import io
import json
import sys
import unittest

from cli_case import SOURCE, CliCase

sys.path.insert(0, str(SOURCE / "scripts"))
import tta_figures  # noqa: E402


def record(purpose, images=1000, right=4, wrong=4, gain=20, passes=2.0, **more):
    return {"schema": "nestkit.tta/1", "data": "cifar10", "purpose": purpose, "images": images, "date": "2026-01-31", "commit": "abc", "load_average": 1.5,
            "static": {"mean_passes": 6.0, "mean_cost": 8.0, "cpu_seconds": 9.0}, "adaptive": {"mean_passes": passes, "mean_cost": 6.0, "cpu_seconds": 4.0},
            "adaptive_minus_static": {"became_right": right, "became_wrong": wrong},
            "static_minus_plain": {"became_right": gain, "became_wrong": 0}, "corruption": None} | more


class Figures(CliCase):
    def figures(self, **files):
        for name, records in files.items():
            (self.folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            found = {case: (value, source) for case, value, source in tta_figures.figures(self.folder)}
        return found, errors.getvalue()

    def test_seeds_are_pooled_by_image_and_missing_ones_are_named(self):
        found, errors = self.figures(cifar10_s1=[record("views", right=0)], cifar10_s3=[record("views", images=3000, passes=4.0)])
        value, source = found["cifar10/adaptive_passes_saved"]
        self.assertAlmostEqual(value, 6.0 / 3.5)
        self.assertEqual((source["seeds"], source["source"], source["date"]), (2, "recorded", "2026-01-31"))
        self.assertAlmostEqual(found["cifar10/adaptive_time_saved"][0], 18 / 8)
        self.assertAlmostEqual(found["cifar10/adaptive_minus_static"][0], -0.1)
        self.assertEqual(set(found), {f"cifar10/adaptive_{what}" for what in ("passes_saved", "time_saved", "minus_static")})
        self.assertIn("tta: cifar10: no record of 'views' for seed 2\n", errors)
        self.assertIn("tta: fashion_mnist: no record of 'views' for seed 1, 2, 3\n", errors)

    def test_a_gain_under_corruption_is_the_mean_over_the_kinds(self):
        found, _ = self.figures(cifar10_s1=[record("corrupted", gain=10, corruption={"name": "blur", "severity": 3}),
                                            record("corrupted", gain=40, corruption={"name": "jpeg", "severity": 3})])
        value, source = found["cifar10/static_gain_corrupted"]
        self.assertAlmostEqual(value, 2.5)
        self.assertEqual((source["blur"], source["jpeg"]), (1.0, 4.0))

    def test_nested_inference_saves_nothing_where_it_loses_more_than_the_tolerance(self):
        for wrong, expected in ((5, 0.75), (6, 1.0)):
            found, _ = self.figures(cifar10_s1=[record("subnets", wrong=wrong)])
            value, source = found["cifar10/adaptive_nested_cost"]
            self.assertAlmostEqual(value, expected)
            self.assertAlmostEqual(source["cost_measured"], 0.75)


if __name__ == "__main__":
    unittest.main()
