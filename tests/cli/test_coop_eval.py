"""coop-eval: calibration, targets, the cooperative model that it writes, the emulated board, and what it refuses."""
import hashlib
import json
import pathlib
import shutil
import subprocess
import unittest

from cli_case import BIN, SOURCE, write_tiny_fashion_mnist
from tiny_chain import TinyChain, config_changed, read_safetensors

EMULATOR = shutil.which("qemu-system-arm") and subprocess.run(
    [BIN / "coop-eval", "--help"], capture_output=True, text=True).stdout.split("--firmware TEXT=", 1)[1].split()[0]
with_emulator = unittest.skipUnless(EMULATOR and pathlib.Path(EMULATOR).is_file(), "no emulator or no firmware")


class CoopEval(TinyChain):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        write_tiny_fashion_mnist(cls.made / "more", train=400, test=120, seed=3)
        # Models that say they held out 150 images: the chain's twenty are too few to calibrate on.
        for name in ("dense", "nested"):
            (cls.made / f"held_{name}.safetensors").write_bytes(config_changed(cls.made / f"{name}.safetensors", validation_images=150))
            subprocess.run([BIN / "ns-pack", f"held_{name}.safetensors", "-o", f"{name}_150.nsm", "--data-dir", "data"], cwd=cls.made, check=True,
                           capture_output=True, timeout=100)

    def cooperate(self, *words, models=("nested_150.nsm:1", "dense_150.nsm"), calibration=150, data="more", **kwargs):
        return self.run_tool("coop-eval", *(self.made / m for m in models), "--data-dir", self.made / data,
                             "--calibration-images", calibration, *words, **kwargs)

    def record(self, *words, **kwargs):
        return json.loads(self.cooperate(*words, "--json", **kwargs).stdout)

    def test_break_even_is_as_good_as_the_last_model_on_validation_and_the_record_adds_up(self):
        record = self.record("--per-sample", "samples.jsonl", "--beside", self.made / "model.nsm:2", "-o", "both.nsm")
        self.assertEqual((record["schema"], record["target"], record["images"], record["cost_unit"]), ("nestkit.coop/1", "break-even", 120, "macs"))
        validation = record["validation"]
        self.assertGreaterEqual(validation["correct"], validation["alone_correct"][-1])
        self.assertEqual(len(validation["candidates"]), 6)
        reaching = [c["mean_cost"] for c in validation["candidates"] if c["reaches_target"]]
        self.assertEqual(validation["mean_cost"], min(reaching))
        first, last = record["stages"]
        self.assertEqual((first["subnet"], last["subnet"], first["reached"]), (1, 1, 120))
        self.assertAlmostEqual(record["together"]["mean_cost"], first["cost"] + last["cost"] * last["reached"] / 120)
        self.assertAlmostEqual(record["cost_saved"], last["cost"] / record["together"]["mean_cost"])
        self.assertEqual(record["worst_cost"], first["cost"] + last["cost"])
        self.assertEqual(record["arena_bytes"], max(first["arena_bytes"], last["arena_bytes"]))
        self.assertEqual(record["flash_bytes"], (self.folder / "both.nsm").stat().st_size)
        change = record["together_minus_last"]
        self.assertEqual(record["together"]["correct"] - last["alone"]["correct"], change["became_right"] - change["became_wrong"])
        self.assertEqual(len(record["beside"]), 1)
        samples = [json.loads(line) for line in (self.folder / "samples.jsonl").read_text().splitlines()]
        self.assertEqual(sum(s["answer"] == s["label"] for s in samples), record["together"]["correct"])
        self.assertEqual(sum(s["passes"] > 1 for s in samples), last["reached"])
        self.assertEqual(sum(s["last_answer"] == s["label"] for s in samples), last["alone"]["correct"])

    def test_the_file_is_deterministic_and_ns_bench_and_ns_info_and_the_second_reader_see_the_same(self):
        words = ["--aggregate", "mean", "--confidence", "margin", "--thresholds", "class"]
        record = self.record(*words, "-o", "both.nsm")
        self.cooperate(*words, "-o", "again.nsm")
        self.assertEqual((self.folder / "both.nsm").read_bytes(), (self.folder / "again.nsm").read_bytes())
        bench = json.loads(self.run_tool("ns-bench", "both.nsm", "--data-dir", self.made / "more", "--json").stdout)
        self.assertEqual(bench["correct"], record["together"]["correct"])
        self.assertEqual([s["reached"] for s in bench["stages"]], [s["reached"] for s in record["stages"]])
        self.assertAlmostEqual(bench["macs"], record["together"]["mean_cost"], delta=1)
        info = json.loads(self.run_tool("ns-info", "--json", "both.nsm").stdout)
        self.assertEqual((info["rule"]["aggregate"], info["rule"]["confidence"]), ("mean", "margin"))
        self.assertEqual([(s["network"], s["subnet"]) for s in info["rule"]["stages"]], [(0, 1), (1, 1)])
        self.assertEqual(len(info["rule"]["thresholds"][0]), 10)
        self.assertEqual(info["config"]["validation_images"], 150)
        self.assertIn("cooperative: stops when margin", self.run_tool("ns-info", "both.nsm").stdout)
        dump = subprocess.run([SOURCE / "scripts/nsm_dump.py", "both.nsm"], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(dump.returncode, 0, dump.stderr)
        self.assertEqual(json.loads(dump.stdout)["rule"]["confidence"], "margin")
        for words, fragment in ((["--subnet", 1], "no --subnet"), (["--target", "board", "--device", "x"], "on the host and on the emulator only")):
            self.assert_error(self.run_tool("ns-bench", "both.nsm", "--data-dir", self.made / "more", *words, status=2), "ns-bench", fragment)
        gates = ["--target", "emulator", "--cost-only", "--max-instructions", 1]
        for wrong, fragment in ((["--min-map", 0.5], "are for detectors"), (["--draw", "pictures"], "are for detectors"),
                                (["--curves", "curves.csv"], "are for detectors"), (gates, "--max-instructions needs images")):
            self.assert_error(self.run_tool("ns-bench", "both.nsm", "--data-dir", self.made / "more", *wrong, status=2), "ns-bench", fragment)
        self.assert_error(self.run_tool("coop-eval", "both.nsm", self.made / "dense_150.nsm", "--data-dir", self.made / "more", status=3),
                          "coop-eval", "is a cooperative model itself")

    def test_the_dearest_first_is_told(self):
        words = ["--threshold", 0.8, "--aggregate", "mean", "--confidence", "margin"]
        done = self.cooperate(*words, models=("dense_150.nsm", "nested_150.nsm:1"))
        self.assertRegex(done.stderr, "dense_150.nsm costs more than .*nested_150.nsm:1, which is asked after it")
        self.assertNotIn("costs more", self.cooperate(*words).stderr)

    def test_targets_choose_different_points(self):
        best, cheap = self.record("--best-accuracy"), self.record("--max-mean-cost", "1e9")
        self.assertEqual(best["validation"]["correct"], max(c["correct"] for c in best["validation"]["candidates"]))
        self.assertEqual(best["validation"]["correct"], cheap["validation"]["correct"])
        above = self.cooperate("--break-even", "--margin", 100, status=1)
        self.assert_error(above, "coop-eval", "--break-even: no rule gets there")
        plain, sure = self.record(), self.record("--standard-errors", 0.5)
        self.assertEqual((plain["standard_errors"], sure["standard_errors"]), (0, 0.5))
        self.assertGreaterEqual(sure["validation"]["mean_cost"], plain["validation"]["mean_cost"])
        mirrored = self.record("--calibration-views", "identity,flip", "--standard-errors", 0.5)["validation"]
        self.assertEqual((mirrored["images"], mirrored["views"]), (300, ["identity", "flip"]))
        for views, fragment in (("identity,identity", "identity is there twice"), ("mirror", "--calibration-views mirror")):
            self.assert_error(self.cooperate("--calibration-views", views, status=2), "coop-eval", fragment)
        record = self.record("--min-accuracy", 0)
        self.assertEqual(record["stages"][1]["reached"], 0)
        done = self.cooperate("--max-mean-cost", 10, status=1)
        self.assert_error(done, "coop-eval", "--max-mean-cost 10: no rule gets there on the validation split")
        never = self.record("--threshold", 2, "--aggregate", "replace", "--confidence", "entropy")
        self.assertEqual(never["together"]["correct"], never["stages"][1]["alone"]["correct"])
        self.assertIsNone(never["validation"])

    def test_sample_weights_say_where_the_small_model_is_unsure_and_ns_train_takes_and_remembers_them(self):
        self.cooperate("--sample-weights", "weights.txt", "--json")
        weights = [float(line) for line in (self.folder / "weights.txt").read_text().splitlines()]
        self.assertEqual(len(weights), 400)
        self.assertAlmostEqual(sum(weights) / 400, 1, places=4)
        self.assertGreaterEqual(min(weights), 0.5)
        self.assertGreater(max(weights), min(weights))
        recipe = {"arch": "resnet8", "width": 0.25, "epochs": 1, "validation_images": 150, "train_images": 200, "crop_padding": 0, "threads": 1}
        self.write("recipe.json", json.dumps(recipe).encode())
        train = ("ns-train", "recipe.json", "--data-dir", self.made / "more", "--progress", "never", "-q")
        self.run_tool(*train, "-o", "plain.safetensors")
        self.run_tool(*train, "-o", "weighted.safetensors", "--sample-weights", "weights.txt")
        plain, weighted = (read_safetensors(self.folder / f"{name}.safetensors") for name in ("plain", "weighted"))
        self.assertNotEqual(plain[1], weighted[1])
        self.assertEqual(weighted[0]["__metadata__"]["sample_weights"], hashlib.sha256((self.folder / "weights.txt").read_bytes()).hexdigest())
        same = self.cooperate("--per-sample", "one.txt", "--sample-weights", self.folder / "one.txt", status=2)
        self.assert_error(same, "coop-eval", "one.txt: is named for two outputs", "--sample-weights each need a file of their own")
        self.write("few.txt", b"1\n2\n")
        self.assert_error(self.run_tool(*train, "-o", "x.safetensors", "--sample-weights", "few.txt", status=3), "ns-train", "of the 400 training images", "found 2")
        self.assert_error(self.run_tool(*train, "-o", "x.safetensors", "--sample-weights", "none.txt", status=3), "ns-train", "none.txt")

    def test_a_view_adds_to_its_model_and_the_comparison_is_with_the_model_alone(self):
        models = ("nested_150.nsm:1", "dense_150.nsm", "dense_150.nsm@flip")
        record = self.record("--thresholds", "one,stage", "--best-accuracy", "-o", "both.nsm", models=models)
        self.assertEqual([stage["view"] for stage in record["stages"]], ["identity", "identity", "flip"])
        self.assertEqual(record["stages"][1]["cost"], record["stages"][2]["cost"])
        change = record["together_minus_last"]
        self.assertEqual(record["together"]["correct"] - record["stages"][1]["alone"]["correct"], change["became_right"] - change["became_wrong"])
        self.assertLess(record["flash_bytes"], record["stages"][0]["flash_bytes"] + record["stages"][1]["flash_bytes"] + 1000)
        self.assertEqual(len(record["validation"]["candidates"]), 12)
        self.assertEqual(json.loads(self.run_tool("ns-bench", "both.nsm", "--data-dir", self.made / "more", "--json").stdout)["correct"], record["together"]["correct"])
        record = self.record("--thresholds", "stage", "--aggregate", "mean", "--best-accuracy", "-o", "stages.nsm", models=models)
        self.assertEqual((record["rule"]["threshold_kind"], len(record["rule"]["thresholds"])), ("stage", 3))
        info = json.loads(self.run_tool("ns-info", "--json", "stages.nsm").stdout)
        self.assertEqual([len(row) for row in info["rule"]["thresholds"]], [1, 1, 1])
        self.assertEqual(info["rule"]["stages"][2]["view"], "flip")
        for wrong, fragment in (("dense_150.nsm@flop", 'did you mean "flip"?'), ("dense_150.nsm@rotate:5", "one shift and one mirror image"),
                                ("nested_150.nsm:2@flip", "about the image itself before"), ("dense_150.nsm@shift:99,0", "shift")):
            with self.subTest(wrong=wrong):
                self.assert_error(self.cooperate(models=("dense_150.nsm", wrong), status=2), "coop-eval", fragment)

    def test_three_stages_two_of_them_subnets_of_one_file(self):
        record = self.record("-o", "three.nsm", models=("nested_150.nsm:1", "nested_150.nsm:2", "dense_150.nsm"))
        self.assertEqual(len(record["stages"]), 3)
        info = json.loads(self.run_tool("ns-info", "--json", "three.nsm").stdout)
        self.assertEqual([(s["network"], s["subnet"]) for s in info["rule"]["stages"]], [(0, 1), (0, 2), (1, 1)])
        self.assertEqual(len(info["networks"]), 2)

    @with_emulator
    def test_the_emulated_board_decides_as_the_host_and_counts_instructions_per_image(self):
        record = self.record("--target", "host,emulator", "--emulator-images", 12, "--per-sample", "s.jsonl", "-o", "both.nsm",
                             "--threshold", 0.6, "--aggregate", "mean", "--confidence", "margin")
        emulator = record["emulator"]
        self.assertEqual((emulator["images"], emulator["different_verdicts"], record["cost_unit"]), (12, 0, "instructions"))
        samples = [json.loads(line) for line in (self.folder / "s.jsonl").read_text().splitlines()]
        counted = [s["instructions"] for s in samples[:12]]
        self.assertAlmostEqual(sum(counted) / 12, emulator["mean_instructions"])
        self.assertEqual(max(counted), emulator["worst_instructions"])
        for sample in samples[:12]:
            networks = sum(s["cost"] for s in record["stages"][:sample["passes"]])
            self.assertTrue(networks < sample["instructions"] < 1.2 * networks + 60000)
        bench = json.loads(self.run_tool("ns-bench", "both.nsm", "--data-dir", self.made / "more", "--target", "emulator", "--emulator-images", 12,
                                         "--verify", 1, "--json").stdout)
        self.assertTrue(bench["identical"])
        self.assertAlmostEqual(bench["instructions"], emulator["mean_instructions"], delta=1)
        self.assertEqual(bench["worst_instructions"], emulator["worst_instructions"])

    def test_missed_gates_name_value_and_limit_and_nothing_is_written(self):
        done = self.cooperate("--min-test-accuracy", 1, "--min-cost-saved", 900, "--max-loss", -100, "--max-flash", 10, "--max-ram", 10, "-o", "no.nsm", status=1)
        for fragment in ("< --min-cost-saved 900.000", "points > --max-loss -100.000", "bytes of flash > --max-flash 10", "bytes of RAM > --max-ram 10"):
            self.assertIn(fragment, done.stderr)
        self.assertIn("together", done.stdout)
        self.assertFalse((self.folder / "no.nsm").exists())

    def test_wrong_arguments_are_usage_errors(self):
        for words, fragment in ((["--aggregate", "meen"], 'did you mean "mean"?'), (["--break-even", "--best-accuracy"], "exclude each other"),
                                (["--best-accuracy", "--margin", 1], "go with --break-even"), (["--target", "emulator"], "host,emulator"), (["--threshold", 0.5], "name one --aggregate")):
            with self.subTest(words=words):
                self.assert_error(self.cooperate(*words, status=2), "coop-eval", fragment)
        self.assert_error(self.cooperate(models=("dense_150.nsm",), status=2), "coop-eval", "at least two are needed")
        self.assert_error(self.cooperate(models=("dense_150.nsm", "nested_150.nsm:3"), status=2), "coop-eval", "no subnet 3")
        self.assert_error(self.cooperate(models=("dense_150.nsm", "dense_150.nsm"), status=2), "coop-eval", "the same model twice")
        self.assert_error(self.cooperate(calibration=20, status=2), "coop-eval", "too small to calibrate")
        self.assert_error(self.cooperate(models=("dense_150.nsm", "model.nsm"), status=2), "coop-eval", "model.nsm held only the last 20")
        self.write("there.nsm", b"")
        self.assert_error(self.cooperate("-o", "there.nsm", status=2), "coop-eval", "there.nsm")

    def test_models_that_do_not_go_together_and_missing_data_are_input_errors(self):
        self.assert_error(self.cooperate(models=("dense_150.nsm", "none.nsm"), status=3), "coop-eval", "none.nsm")
        self.write("damaged.nsm", (self.made / "model.nsm").read_bytes()[:-1])
        self.assert_error(self.run_tool("coop-eval", "damaged.nsm", self.made / "dense_150.nsm", "--data-dir", self.made / "more", status=3),
                          "coop-eval", "damaged.nsm")
        self.assert_error(self.cooperate(data="nowhere", status=3), "coop-eval", "nowhere")

    def test_the_curve_becomes_a_plot(self):
        if not shutil.which("gnuplot"):
            self.skipTest("no gnuplot")
        self.write("records.jsonl", self.cooperate("--json").stdout.encode())
        subprocess.run([SOURCE / "scripts/plot_coop", "records.jsonl", "-o", "plot"], cwd=self.folder, check=True, timeout=60)
        self.assertTrue((self.folder / "plot.png").read_bytes().startswith(b"\x89PNG"))
        self.assertIn("together", (self.folder / "plot.svg").read_text())


if __name__ == "__main__":
    unittest.main()
