"""bin-ensemble: training, interruption, evaluation, gates, and what it refuses."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

from cli_case import BIN, SOURCE, CliCase, write_tiny_fashion_mnist

sys.path.insert(0, str(SOURCE / "scripts"))
import binary_figures  # noqa: E402

RECIPE = dict(dataset="fashion_mnist", data_dir="data", arch="resnet8_binary", width=0.25, epochs=2, batch_size=20, warmup_epochs=0,
              optimizer="adam", learning_rate=0.01, crop_padding=0, horizontal_flip=False, validation_images=100, threads=1,
              ensemble="tentacle", members=2)

FIRMWARE = subprocess.run([BIN / "coop-eval", "--help"], capture_output=True, text=True, check=True).stdout.split("--firmware TEXT=", 1)[1].split()[0]
TARGETS = "host,emulator" if shutil.which("qemu-system-arm") and pathlib.Path(FIRMWARE).is_file() else "host"


class Ensembles(CliCase):
    def setUp(self):
        super().setUp()
        write_tiny_fashion_mnist(self.folder / "data", train=240)
        self.recipe()

    def recipe(self, **changes):
        (self.folder / "recipe.json").write_text(json.dumps(RECIPE | changes))

    def ensemble(self, *words, **kwargs):
        return self.run_tool("bin-ensemble", *words, **kwargs)

    def test_a_tentacle_net_is_trained_evaluated_and_gated(self):
        records = self.ensemble("train", "recipe.json", "-o", "t.safetensors", "--json").stdout.splitlines()
        self.assertEqual([json.loads(line)["epoch"] for line in records], [1, 2])
        done = self.ensemble("eval", "t.safetensors", "--data-dir", "data")
        for text in ("member 2", "soft vote", "hard vote", "disagree", "member1.stage1.layer1.conv", "1-bit", "Asked one after another"):
            self.assertIn(text, done.stdout)
        record = json.loads(self.ensemble("eval", "t.safetensors", "--data-dir", "data", "--json", "--images", "20").stdout)
        self.assertEqual((record["schema"], record["images"], len(record["member_accuracies"])), ("nestkit.ensemble/1", 20, 2))
        self.assertEqual(record["packed_bytes"], record["binary_weight_bytes"] + record["int8_weight_bytes"] + record["word_bytes"])
        self.assertEqual(sum(record["early_stop"]["members_histogram"]), 20)
        self.assertEqual(record["configs"][0]["members"], 2)
        missed = self.ensemble("eval", "t.safetensors", "--data-dir", "data", "--max-bytes", "10", "--min-accuracy", "1", status=1)
        self.assertIn("above --max-bytes 10", missed.stderr)
        both = json.loads(self.ensemble("eval", "t.safetensors", "t.safetensors", "--data-dir", "data", "--json").stdout)
        self.assertEqual(len(both["member_accuracies"]), 4)
        info = self.run_tool("ns-info", "t.safetensors").stdout
        self.assertIn("member2.stage3.layer2.conv.weight", info)

    def test_mpirun_does_not_start_the_same_run_twice(self):
        for words in ({"OMPI_COMM_WORLD_SIZE": "2"}, {"PMIX_RANK": "1"}):
            done = self.run_tool("bin-ensemble", "train", "recipe.json", "-o", "m.safetensors", status=2, env=os.environ | words)
            self.assert_error(done, "bin-ensemble", "trains in one process", "hint: mpirun ns-train")

    def test_an_interrupted_run_of_bagged_networks_resumes_to_the_same_bytes(self):
        self.recipe(epochs=1)
        self.ensemble("train", "recipe.json", "-q", "-o", "t.safetensors")
        self.recipe(ensemble="bagging", epochs=6)
        whole = self.ensemble("train", "recipe.json", "-o", "whole.safetensors", "--teacher", "t.safetensors", "--json")
        records = [json.loads(line) for line in whole.stdout.splitlines()]
        self.assertEqual([(r["tool"], r["member"], r["epoch"]) for r in records], [("bin-ensemble", member, epoch) for member in (1, 2) for epoch in range(1, 7)])
        self.assertIn("member 2 of 2, epoch 1/6", whole.stderr)
        running = subprocess.Popen([BIN / "bin-ensemble", "train", "recipe.json", "-o", "m.safetensors", "--json", "--teacher", "t.safetensors"],
                                   cwd=self.folder,
                                   text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(7):  # the second member's first epoch is done
            running.stdout.readline()
        running.send_signal(signal.SIGTERM)
        _, stderr = running.communicate(timeout=120)
        self.assertEqual(running.returncode, 143, stderr)
        self.assertIn(", dense, seed ", self.run_tool("ns-info", "m.resume.safetensors").stdout)
        self.assertIn("bin-ensemble train recipe.json --teacher t.safetensors -o m.safetensors --resume m.resume.safetensors", stderr)
        again = self.ensemble("train", "recipe.json", "-o", "m.safetensors", status=2)
        self.assert_error(again, "bin-ensemble", "is there from an interrupted run")
        self.assert_error(self.ensemble("train", "recipe.json", "-o", "m.safetensors", "--resume", "m.resume.safetensors", status=2), "bin-ensemble", "found no teacher")
        self.ensemble("train", "recipe.json", "-q", "-o", "m.safetensors", "--teacher", "t.safetensors", "--resume", "m.resume.safetensors")
        self.assertEqual((self.folder / "m.safetensors").read_bytes(), (self.folder / "whole.safetensors").read_bytes())

    def test_every_merge_and_style_is_packed_and_the_same_on_the_board(self):
        for name, changes in (("add", dict(merge="add", arch="resnet20_binary")), ("weights", dict(merge="weights", weight_scaling=False)),
                              ("styled", dict(arch="nin_binary", activation_bits=3, shortcuts=True, activation_shift=True))):
            with self.subTest(kind=name):
                self.recipe(epochs=1, **changes)
                self.ensemble("train", "recipe.json", "-q", "-o", f"{name}.safetensors")
                self.run_tool("ns-pack", f"{name}.safetensors", "-o", f"{name}.nsm", "--data-dir", "data", "-q")
                verify = ("--target", TARGETS, "--emulator-images", 2, "--verify", 2) if "emulator" in TARGETS else ()
                self.run_tool("ns-bench", f"{name}.nsm", "--data-dir", "data", "--json", *verify)

    def test_members_are_packed_alone_and_become_stages_of_one_file_that_the_emulated_board_stops_early(self):
        self.recipe(ensemble="bagging", epochs=1, validation_images=120)
        self.ensemble("train", "recipe.json", "-q", "-o", "benn.safetensors")
        for k in (1, 2):
            self.run_tool("ns-pack", "benn.safetensors", "--member", k, "-o", f"{k}.nsm", "--data-dir", "data", "-q")
            bench = json.loads(self.run_tool("ns-bench", f"{k}.nsm", "--checkpoint", "benn.safetensors", "--data-dir", "data", "--json").stdout)
            self.assertEqual(bench["float_accuracy_top1"], json.loads(self.ensemble("eval", "benn.safetensors", "--data-dir", "data", "--json").stdout)["member_accuracies"][k - 1])
        self.run_tool("ns-pack", "benn.safetensors", "-o", "all.nsm", "--data-dir", "data", "-q")
        info = json.loads(self.run_tool("ns-info", "2.nsm", "--json").stdout)
        self.assertEqual((info["networks"][0]["name"], info["packing"]["member"]), ("resnet8_binary_tentacle2_member2", 2))
        record = json.loads(self.run_tool("coop-eval", "1.nsm", "2.nsm", "--beside", "all.nsm", "--data-dir", "data", "--calibration-images", 120, "--best-accuracy",
                                          "--aggregate", "mean_logit", "--target", TARGETS, "--emulator-images", 3, "-o", "both.nsm", "--json").stdout)
        self.assertEqual((len(record["stages"]), record["rule"]["aggregate"]), (2, "mean_logit"))
        self.assertEqual(record["flash_bytes"], (self.folder / "both.nsm").stat().st_size)
        self.assertEqual(record["arena_bytes"], max(stage["arena_bytes"] for stage in record["stages"]))
        if record["emulator"]:
            self.assertEqual(record["emulator"]["different_verdicts"], 0)
        for words, status, fragment in ((["--member", 3], 2, "has no member 3: its members are 1 to 2"), (["--member", 1, "--subnet", 1], 2, "--subnet")):
            self.assert_error(self.run_tool("ns-pack", "benn.safetensors", *words, "-o", "x.nsm", "--data-dir", "data", status=status), "ns-pack", fragment)

    def test_what_cannot_be_is_refused_with_its_name(self):
        def refused(*fragments, status=2, **changes):
            self.recipe(**changes)
            self.assert_error(self.ensemble("train", "recipe.json", "-o", "x.safetensors", status=status), "bin-ensemble", *fragments)
        refused("\"members\": expected from 1 to 32, found 0", members=0)
        refused("split \"stem.con\" is outside the network", "stem.conv", split="stem.con")
        refused("leaves nothing to the members", split="pool")
        refused("\"ensemble\" is none", ensemble="none", members=1)
        refused("unknown key \"member\"", "members", member=3)
        refused("\"diversity\" needs", ensemble="bagging", diversity=0.1)
        refused("\"split\" is for \"ensemble\" tentacle", ensemble="boosting", split="stem")
        graph = {"schema": "nestkit.graph/1", "name": "g", "input": {"h": 28, "w": 28, "c": 1}, "layers": [
            {"name": "stem", "op": "conv", "filters": 4, "kernel": 3}, {"name": "body", "op": "binary_conv", "filters": 4, "kernel": 3},
            {"name": "classifier", "op": "linear", "units": 10}]}
        (self.folder / "graph.json").write_text(json.dumps(graph))
        graph["layers"] = [{"name": "merge_pool", "op": "max_pool", "kernel": 2}, {"name": "classifier", "op": "linear", "units": 10}]
        (self.folder / "named.json").write_text(json.dumps(graph))
        refused("layer merge_pool has a name that ensembles give", arch="", graph="named.json", ensemble="bagging")  # before members are trained
        refused("layer 'body' cannot be binary: it reads 'stem'", status=3, arch="", graph="graph.json")
        done = self.run_tool("ns-train", "recipe.json", "--set", "arch=resnet8_binary", "--set", "graph=", "--set", "ensemble=bagging", "-o", "x", status=2)
        self.assert_error(done, "ns-train", "has several networks to train", "bin-ensemble train")

    def test_eval_refuses_other_artifacts_and_options_of_train(self):
        self.recipe(ensemble="none", members=1, arch="resnet8", method="nested", sparsities=[0.5, 0.75], prune_start_epoch=0, prune_end_epoch=1)
        self.run_tool("ns-train", "recipe.json", "-q", "-o", "nested.safetensors")
        self.assert_error(self.ensemble("eval", "nested.safetensors", status=3), "bin-ensemble", "is not a dense network", "tta-eval")
        self.recipe(epochs=1)
        self.ensemble("train", "recipe.json", "-q", "-o", "t.safetensors")
        write_tiny_fashion_mnist(self.folder / "other", train=240, seed=2)
        self.ensemble("train", "recipe.json", "-q", "--data-dir", "other", "-o", "u.safetensors")
        mixed = self.ensemble("eval", "t.safetensors", "u.safetensors", status=3)
        self.assert_error(mixed, "bin-ensemble", "u.safetensors: does not go with t.safetensors: it was trained on other data files")
        (self.folder / "cifar").mkdir()
        for part in ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"):
            (self.folder / f"cifar/{part}.bin").write_bytes(b"".join(bytes([i % 10]) + bytes([20 * (i % 10)]) * 3072 for i in range(40)))
        self.ensemble("train", "recipe.json", "-q", "--set", "dataset=cifar10", "--data-dir", "cifar", "-o", "colour.safetensors")
        self.run_tool("ns-pack", "t.safetensors", "-q", "--data-dir", "data", "-o", "t.nsm")
        for other, fragment in (("colour.safetensors", "does not go with t.safetensors: it takes images of another shape"),
                                ("t.nsm", "is a packed model (.nsm), expected a checkpoint")):
            self.assert_error(self.ensemble("eval", "t.safetensors", other, status=3), "bin-ensemble", f"{other}: {fragment}")
        self.assert_error(self.ensemble("eval", "t.safetensors", "--set", "epochs=1", status=2), "bin-ensemble", "eval trains nothing, so no --set")
        self.assert_error(self.ensemble("train", "recipe.json", "--images", "1", status=2), "bin-ensemble", "train evaluates nothing, so no --images")
        self.assert_error(self.ensemble("eval", "missing.safetensors", status=3), "bin-ensemble", "missing.safetensors")
        self.assert_error(self.ensemble("evaluate", "t.safetensors", status=2), "bin-ensemble", "evaluate")

    def test_a_record_keeps_figures_and_conditions_and_headlines_compare_equal_conditions(self):
        self.recipe(epochs=1)
        self.ensemble("train", "recipe.json", "-q", "-o", "t.safetensors")
        for name in ("tentacle3", "other", "tentacle3"):
            subprocess.run([SOURCE / "bench/record_ensemble", name, "t.safetensors", "--images", "30", "--data-dir", "data", "--bin", BIN,
                            "-o", "out/cifar10_nin_sizes.jsonl"], cwd=self.folder, check=True, capture_output=True, timeout=120)
        (self.folder / "list.csv").write_text("file,record\nt10k-images-idx3-ubyte,0\n")
        if "emulator" in TARGETS:
            subprocess.run([SOURCE / "bench/record_ensemble", "whole", "t.safetensors", "--exclude", "list.csv", "--data-dir", "data", "--bin", BIN,
                            "-o", "out/whole.jsonl"], cwd=self.folder, check=True, capture_output=True, timeout=120)
            record = json.loads((self.folder / "out/whole.jsonl").read_text())
            self.assertEqual((record["images"], record["excluded_images"]), (49, 1))
            self.assertGreater(record["device"]["instructions"], 100000)
            self.assertGreater(record["device"]["flash_bytes"], record["packed_bytes"])
            self.assertLess(abs(record["device"]["accuracy_top1"] - record["accuracy_top1"]), 0.1)
        records = [json.loads(line) for line in (self.folder / "out/cifar10_nin_sizes.jsonl").read_text().splitlines()]
        self.assertEqual([(r["experiment"], r["images"], r["members"], r["epochs"]) for r in records], [("other", 30, 2, 1), ("tentacle3", 30, 2, 1)])
        long = [records[1] | {"experiment": name, "epochs": 9, "accuracy_top1": accuracy, "seed": seed}
                for name, accuracy, seed in (("tentacle3", 0.7, 1), ("tentacle3", 0.8, 2), ("benn3", 0.6, 1), ("benn3", 0.7, 2), ("benn3", 0.9, 3))]
        longest = [records[1] | {"experiment": name, "epochs": 20, "accuracy_top1": accuracy, "seed": 1} for name, accuracy in (("tentacle3", 0.9), ("benn3", 0.4))]
        short = [records[1] | {"experiment": name, "epochs": 2, "accuracy_top1": accuracy, "float_bytes": size}
                 for name, accuracy, size in (("tentacle3", 0.5, 20), ("real", 0.6, 80), ("benn3", 0.1, 70))]
        (self.folder / "out/cifar10_nin.jsonl").write_text("".join(json.dumps(r) + "\n" for r in longest + long + short))
        found = {case: (value, source) for case, value, source in binary_figures.figures(self.folder / "out")}
        self.assertEqual(sorted(found), ["tentacle3_minus_benn3", "tentacle_minus_real", "tentacle_over_real_float_bytes"])
        self.assertAlmostEqual(found["tentacle3_minus_benn3"][0], 10)
        self.assertEqual((found["tentacle3_minus_benn3"][1]["epochs"], found["tentacle3_minus_benn3"][1]["seeds"]), (9, 2))  # rather two seeds than longer
        self.assertAlmostEqual(found["tentacle_minus_real"][0], -10)
        self.assertEqual(found["tentacle_minus_real"][1]["epochs"], 2)
        self.assertEqual(found["tentacle_over_real_float_bytes"][0], 0.25)


if __name__ == "__main__":
    unittest.main()
