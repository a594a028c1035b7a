"""tta-eval: records, rules, calibration, corruptions, subnets as stages, the emulated board, and what it refuses."""
import json
import pathlib
import shutil
import subprocess
import unittest

from cli_case import BIN, write_tiny_fashion_mnist
from tiny_chain import TinyChain, config_changed

EMULATOR = shutil.which("qemu-system-arm") and subprocess.run(
    [BIN / "tta-eval", "--help"], capture_output=True, text=True).stdout.split("--firmware TEXT=", 1)[1].split()[0]
with_emulator = unittest.skipUnless(EMULATOR and pathlib.Path(EMULATOR).is_file(), "no emulator or no firmware")
EVALUATION = {"correct", "accuracy_top1", "accuracy_low", "accuracy_high", "mean_passes", "median_passes", "worst_passes", "passes_histogram",
              "mean_cost", "calibration_error", "seconds", "cpu_seconds"}


class TtaEval(TinyChain):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # More test and validation images than the chain has; the models are the chain's.
        write_tiny_fashion_mnist(cls.made / "more", train=400, test=120, seed=3)

    def evaluate(self, *words, model="model.nsm", data="more", calibration=20, **kwargs):
        calibrate = [] if calibration is None else ["--calibration-images", calibration]
        return self.run_tool("tta-eval", self.made / model, "--data-dir", self.made / data, *calibrate, *words, **kwargs)

    def records(self, *words, **kwargs):
        return [json.loads(line) for line in self.evaluate(*words, "--json", calibration=None, **kwargs).stdout.splitlines()]

    def held_out(self, count=150):
        """held_*.safetensors, which say that they held out so many images: the chain's twenty are too few to calibrate on."""
        for name in ("dense.safetensors", "nested.safetensors"):
            self.write("held_" + name, config_changed(self.made / name, validation_images=count))
        return self.folder

    def test_a_given_threshold_needs_no_calibration_and_the_record_has_the_documented_keys(self):
        for model in ("dense.nsm", "dense.safetensors"):
            with self.subTest(model=model):
                record = self.records("--threshold", 0.9, "--policy", "flip", model=model)[0]
                self.assertEqual((record["schema"], record["data"], record["images"]), ("nestkit.tta/1", "fashion_mnist", 120))
                self.assertEqual([s["view"] for s in record["stages"]], ["identity", "flip"])
                self.assertIsNone(record["validation"])
                for kind in ("plain", "static", "adaptive"):
                    self.assertEqual(set(record[kind]), EVALUATION)
                    self.assertTrue(record[kind]["accuracy_low"] <= record[kind]["accuracy_top1"] <= record[kind]["accuracy_high"])
                    self.assertEqual(sum(record[kind]["passes_histogram"]), 120)
                self.assertEqual((record["plain"]["mean_passes"], record["static"]["mean_passes"]), (1, 2))
                self.assertAlmostEqual(record["passes_saved"], 2 / record["adaptive"]["mean_passes"])
                change = record["adaptive_minus_static"]
                self.assertEqual(record["adaptive"]["correct"] - record["static"]["correct"], change["became_right"] - change["became_wrong"])
                self.assertAlmostEqual(change["points"], 100 * (change["became_right"] - change["became_wrong"]) / 120)

    def test_plain_evaluation_is_what_ns_bench_measures(self):
        tta = self.records("--threshold", 0, "--policy", "flip")[0]
        bench = json.loads(self.run_tool("ns-bench", self.made / "model.nsm", "--data-dir", self.made / "more", "--subnet", 2, "--json").stdout)
        self.assertEqual(tta["plain"]["correct"], bench["correct"])
        self.assertEqual(tta["adaptive"]["correct"], bench["correct"])
        self.assertEqual(tta["adaptive"]["worst_passes"], 1)
        self.assertEqual(tta["plain"]["mean_cost"], bench["macs"])
        never = self.records("--threshold", 2, "--policy", "flip")[0]
        self.assertEqual(never["adaptive"]["correct"], never["static"]["correct"])

    def test_a_rule_is_calibrated_saved_and_used_again_by_its_own_model_only(self):
        folder = self.held_out()
        words = ["--data-dir", self.made / "more", "--policy", "flip*shifts", "--max-passes", 6, "--confidence", "margin"]
        done = self.run_tool("tta-eval", "held_dense.safetensors", *words, "--calibration-images", 150, "--save-rule", "rule.json",
                             "--per-sample", "samples.jsonl", "--json")
        record = json.loads(done.stdout)
        self.assertEqual(record["validation"]["images"], 150)
        self.assertGreaterEqual(record["validation"]["adaptive_correct"], record["validation"]["static_correct"])
        again = json.loads(self.run_tool("tta-eval", "held_dense.safetensors", "--data-dir", self.made / "more", "--rule", "rule.json", "--json").stdout)
        for key in ("stages", "thresholds", "passes_saved"):
            self.assertEqual(again[key], record[key])
        self.assertEqual(again["adaptive"]["passes_histogram"], record["adaptive"]["passes_histogram"])
        samples = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
        self.assertEqual(len(samples), 120)
        self.assertEqual(sum(s["answer"] == s["label"] for s in samples), record["adaptive"]["correct"])
        self.assertEqual(sum(s["passes"] for s in samples) / 120, record["adaptive"]["mean_passes"])
        done = self.run_tool("tta-eval", self.made / "nested.safetensors", "--data-dir", self.made / "more", "--rule", "rule.json", status=3)
        self.assert_error(done, "tta-eval", "rule.json: its thresholds were calibrated for another model", "SHA-256")
        done = self.run_tool("tta-eval", "held_dense.safetensors", *words, "--calibration-images", 150, "--save-rule", "rule.json", status=2)
        self.assert_error(done, "tta-eval", "rule.json")

    def test_a_rule_of_subnets_runs_the_subnets_that_it_names(self):
        model = self.made / "nested.safetensors"
        words = ["tta-eval", model, "--data-dir", self.made / "more", "--json"]
        first = json.loads(self.run_tool(*words, "--stages", "subnets", "--levels", "1,2", "--threshold", 0.6, "--save-rule", "rule.json").stdout)
        rule = json.loads((self.folder / "rule.json").read_text())
        again = json.loads(self.run_tool(*words, "--rule", "rule.json").stdout)
        for key in ("stages", "stages_kind", "thresholds", "passes_saved", "cost_saved"):
            self.assertEqual(again[key], first[key])
        self.assertEqual(again["adaptive"]["correct"], first["adaptive"]["correct"])
        self.assertIsNone(again["policy"])
        done = self.run_tool(*words, "--rule", "rule.json", "--policy", "flip", status=2)
        self.assert_error(done, "tta-eval", "--rule's file says what runs", "so no --policy")
        rule["stages"][1]["view"] = "bogus"
        (self.folder / "rule.json").write_text(json.dumps(rule))
        self.assert_error(self.run_tool(*words, "--rule", "rule.json", status=3), "tta-eval", "rule.json: unknown view 'bogus'")

    def test_lists_are_compared_as_a_table_of_rules(self):
        self.held_out()
        words = ["tta-eval", "held_dense.safetensors", "--data-dir", self.made / "more", "--calibration-images", 120, "--policy", "flip*scales",
                 "--max-passes", 4, "--order", "given,greedy", "--aggregate", "mean,weighted", "--confidence", "margin,interval",
                 "--thresholds", "one,class"]
        table = self.run_tool(*words).stdout.splitlines()
        self.assertEqual(len(table), 2 + 16)
        records = [json.loads(line) for line in self.run_tool(*words, "--json").stdout.splitlines()]
        self.assertEqual(len(records), 16)
        for r in records:
            self.assertEqual(len(r["thresholds"]), 10 if r["threshold_kind"] == "class" else 1)
            self.assertEqual(len(r["weights"]), 4 if r["aggregate"] == "weighted" else 0)
            self.assertGreaterEqual(r["validation"]["adaptive_correct"], r["validation"]["static_correct"])
            self.assertIsNone(r["time_saved"])
        self.assertEqual({r["order"] for r in records}, {"given", "greedy"})

    def test_subnets_are_stages_and_the_densest_is_the_static_baseline(self):
        self.held_out()
        words = ["tta-eval", "held_nested.safetensors", "--data-dir", self.made / "more", "--calibration-images", 120, "--stages", "subnets"]
        record = json.loads(self.run_tool(*words, "--levels", "1,2", "--confidence", "margin", "--json").stdout)
        self.assertEqual(record["aggregate"], "replace")  # a later subnet knows better
        self.assertEqual([s["subnet"] for s in record["stages"]], [1, 2])
        self.assertEqual(record["static"]["mean_cost"], record["stages"][1]["cost"])
        self.assertEqual(record["static"]["worst_passes"], 1)
        self.assertLess(record["plain"]["mean_cost"], record["static"]["mean_cost"])
        self.assertIn("stages:", self.run_tool(*words).stdout)
        for levels, fragment in (("2,1", "rising numbers"), ("1,3", "from 1 to 2"), ("0", "from 1 to 2")):
            self.assert_error(self.run_tool(*words, "--levels", levels, status=2), "tta-eval", fragment)

    def test_corruptions_are_deterministic_by_seed_and_named_in_the_record(self):
        words = ["--threshold", 0.9, "--policy", "flip", "--images", 60, "--corrupt", "gaussian_noise:5,rotation:3"]
        first, again, other = (self.records(*words, "--seed", seed) for seed in (1, 1, 2))
        self.assertEqual([r["corruption"] and (r["corruption"]["name"], r["corruption"]["severity"]) for r in first],
                         [None, ("gaussian_noise", 5), ("rotation", 3)])
        key = [[r["adaptive"]["passes_histogram"], r["static"]["calibration_error"]] for r in first]
        self.assertEqual(key, [[r["adaptive"]["passes_histogram"], r["static"]["calibration_error"]] for r in again])
        self.assertNotEqual(key, [[r["adaptive"]["passes_histogram"], r["static"]["calibration_error"]] for r in other])

    def test_validation_images_can_be_corrupted_in_turn(self):
        self.held_out()
        words = ["tta-eval", "held_dense.safetensors", "--data-dir", self.made / "more", "--calibration-images", 120, "--policy", "flip", "--json"]
        clean = json.loads(self.run_tool(*words).stdout)["validation"]
        spoilt = json.loads(self.run_tool(*words, "--calibrate-corrupted", "contrast:5,rotation:5,gaussian_noise:5").stdout)["validation"]
        self.assertEqual((clean["corrupted_in_turn"], spoilt["corrupted_in_turn"]), ([], ["contrast:5", "rotation:5", "gaussian_noise:5"]))
        self.assertNotEqual(clean["curve"], spoilt["curve"])
        self.assert_error(self.run_tool(*words, "--calibrate-corrupted", "fog:1", status=2), "tta-eval", "unknown corruption 'fog'")
        self.assert_error(self.run_tool(*words, "--calibrate-corrupted", "blur:1", "--threshold", 1, status=2), "tta-eval", "not calibrated")

    @with_emulator
    def test_the_emulated_board_comes_to_the_host_s_verdicts_and_counts_instructions(self):
        for words in (["--policy", "ten_crop", "--max-passes", 4, "--aggregate", "mean_logit", "--confidence", "entropy"],
                      ["--policy", "flip*shifts", "--max-passes", 3, "--confidence", "interval"], ["--stages", "subnets", "--confidence", "margin"]):
            emulator = self.records(*words, "--threshold", 0.6, "--target", "host,emulator", "--emulator-images", 12)[0]["emulator"]
            self.assertEqual((emulator["images"], emulator["different_verdicts"]), (12, 0))
            self.assertLess(emulator["plain_instructions"], emulator["static_instructions"])
            self.assertLess(emulator["plain_instructions"] * 0.99, emulator["adaptive_instructions"])
        self.assert_error(self.evaluate("--threshold", 0.5, "--policy", "scales", "--target", "host,emulator", status=2), "tta-eval", "needs resampling")
        self.assert_error(self.evaluate("--threshold", 0.5, "--target", "host,emulator", model="dense.safetensors", status=2), "tta-eval", "no packed model")

    def test_missed_gates_name_value_and_limit(self):
        done = self.evaluate("--threshold", 2, "--policy", "flip", "--min-accuracy", 1, "--min-passes-saved", 1.5, "--max-loss", -100, status=1)
        self.assertRegex(done.stderr, r"accuracy 0\.\d{4} < --min-accuracy 1\.0000")
        self.assertIn("passes saved 1.000 < --min-passes-saved 1.500", done.stderr)
        self.assertIn("points > --max-loss -100.000", done.stderr)
        self.assertIn("adaptive", done.stdout)
        self.evaluate("--threshold", 0, "--policy", "flip", "--min-accuracy", 0, "--min-passes-saved", 1.5, "--max-loss", 100)

    def test_wrong_arguments_are_usage_errors(self):
        for words, fragment in ((["--policy", "ten_corp"], 'did you mean "ten_crop"?'), (["--policy", "crops:30"], "a crop from 1 to 28 pixels"),
                                (["--aggregate", "meen"], 'did you mean "mean"?'), (["--confidence", "margim"], 'did you mean "margin"?'),
                                (["--order", "random"], "--order"), (["--corrupt", "fog:3"], "unknown corruption"), (["--corrupt", "blur:9"], "severity from 1 to 5"),
                                (["--keep-gain", 1, "--mean-passes", 2], "exclude each other"), (["--levels", "1"], "--stages subnets"),
                                (["--threshold", 0.5, "--order", "greedy"], "learned by calibration"), (["--subnet", 3, "--threshold", 1], "has 2 subnets"),
                                (["--confidence", "margin,entropy", "--save-rule", "r.json"], "need a single one"), (["--target", "emulator"], "host,emulator"),
                                (["--min-passes", 3, "--max-passes", 2], "--min-passes 3"), (["--stages", "subnets", "--order", "greedy"], "are for views"),
                                ([], "too small to calibrate thresholds: at least 100"), (["--policy", "none.json"], "none.json")):
            with self.subTest(words=words):
                status = 3 if words[-1:] == ["none.json"] else 2
                self.assert_error(self.evaluate(*words, status=status), "tta-eval", fragment)
        self.assert_error(self.evaluate(calibration=200, status=2), "tta-eval", "held only the last 20")

    def test_bad_models_and_rules_are_input_errors(self):
        self.write("damaged.nsm", (self.made / "model.nsm").read_bytes()[:-1])
        for model in ("damaged.nsm", "none.nsm", "none.safetensors"):
            self.assert_error(self.run_tool("tta-eval", model, "--data-dir", self.made / "more", "--threshold", 1, status=3), "tta-eval", model)
        self.assert_error(self.evaluate("--threshold", 1, model="dense.safetensors", data="nowhere", status=3), "tta-eval", "nowhere")
        self.write("rule.json", b'{"schema":"nestkit.rule/2"}')
        self.assert_error(self.evaluate("--rule", "rule.json", calibration=None, status=3), "tta-eval", "rule.json", "nestkit.rule/1")

    def test_a_cooperative_model_is_left_to_ns_bench(self):
        self.run_tool("coop-eval", self.made / "model.nsm:1", self.made / "dense.nsm", "--data-dir", self.made / "more", "--threshold", 0.8,
                      "--aggregate", "mean", "--confidence", "margin", "-o", "both.nsm")
        done = self.run_tool("tta-eval", "both.nsm", "--data-dir", self.made / "more", "--threshold", 0.8, status=3)
        self.assert_error(done, "tta-eval", "both.nsm: is a cooperative model", "hint: ns-bench runs it")

    def test_the_curve_becomes_a_plot(self):
        if not shutil.which("gnuplot"):
            self.skipTest("no gnuplot")
        done = self.evaluate("--threshold", 0.9, "--policy", "flip", "--json")
        self.write("records.jsonl", done.stdout.encode())
        script = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts/plot_tta"
        subprocess.run([script, "records.jsonl", "-o", "plot"], cwd=self.folder, check=True, timeout=60)
        self.assertTrue((self.folder / "plot.png").read_bytes().startswith(b"\x89PNG"))
        self.assertIn("adaptive", (self.folder / "plot.svg").read_text())
        self.write("empty.jsonl", b"")
        done = subprocess.run([script, "empty.jsonl", "-o", "plot"], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertIn("empty.jsonl", done.stderr)


if __name__ == "__main__":
    unittest.main()
