"""ns-train and ns-prune: recipes, outputs, interruption, and what they refuse."""
import gzip
import hashlib
import json
import os
import shlex
import signal
import subprocess
import unittest

from cli_case import BIN, SOURCE, CliCase, idx_bytes, write_tiny_fashion_mnist


class Training(CliCase):
    def setUp(self):
        super().setUp()
        write_tiny_fashion_mnist(self.folder / "data")
        self.recipe(method="nested")

    def recipe(self, name="recipe.json", **changes):
        keys = dict(dataset="fashion_mnist", data_dir="data", width=0.25, method="dense", epochs=4, batch_size=20,
                    warmup_epochs=0, crop_padding=0, horizontal_flip=False, validation_images=40, threads=1,
                    sparsities=[0.5, 0.75], prune_start_epoch=1, prune_end_epoch=2, prune_every_steps=2)
        (self.folder / name).write_text(json.dumps(keys | changes))

    def train(self, *words, **kwargs):
        return self.run_tool("ns-train", "recipe.json", *words, **kwargs)

    def test_nested_training_writes_a_checkpoint_and_one_json_record_per_epoch(self):
        done = self.train("-o", "m.safetensors", "--json")
        records = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([r["epoch"] for r in records], [1, 2, 3, 4])
        self.assertEqual([r["phase"] for r in records], ["dense", "pruning", "nested", "nested"])
        self.assertTrue(all(r["schema"] == "nestkit.train/1" for r in records))
        self.assertEqual([s["sparsity"] for s in records[-1]["subnets"]], [0.75, 0.5])
        self.assertIn("epoch 4/4 nested: loss", done.stderr)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["data", "m.safetensors", "recipe.json"])

    def test_a_printed_network_can_be_named_in_its_stead(self):
        for arch, changes in (("resnet8", {}), ("nin_binary", {"shortcuts": True, "weight_scaling": False, "activation_bits": 2})):
            self.recipe(arch=arch, **changes)
            graph = self.train("--print-graph").stdout
            self.assertEqual('"scaling": false' in graph, arch == "nin_binary")
            (self.folder / "graph.json").write_text(graph)
            self.recipe(arch="", graph="graph.json")
            self.assertEqual(self.train("--print-graph").stdout, graph)

    def test_a_precision_that_the_processor_lacks_is_refused_before_training(self):
        done = self.train("-o", "m.safetensors", "--set", "precision=bfloat16", status=4, env=os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"})
        self.assert_error(done, "ns-train", "this processor has no bfloat16 arithmetic", "hint: --set precision=float32")

    def test_the_same_recipe_gives_the_same_bytes(self):
        for name in ("a.safetensors", "b.safetensors"):
            self.train("-q", "-o", name)
        self.assertEqual((self.folder / "a.safetensors").read_bytes(), (self.folder / "b.safetensors").read_bytes())

    def test_an_interrupted_run_resumes_to_the_bytes_of_the_uninterrupted_one(self):
        self.recipe(method="nested", epochs=40)
        changed = ("--set", "momentum=0.8", "--set", "milestones=[]", "--data-dir", "./data", "--overwrite")
        self.train(*changed, "-q", "-o", "whole.safetensors")
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(signal=number):
                running = subprocess.Popen([BIN / "ns-train", "recipe.json", *changed, "-o", "m.safetensors", "--json"],
                                           cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                for _ in range(2):
                    running.stdout.readline()
                running.send_signal(number)
                _, stderr = running.communicate(timeout=120)
                self.assertEqual(running.returncode, status, stderr)
                go_on = shlex.split(stderr.split("continue with: ", 1)[1])
                self.assertEqual(go_on, ["ns-train", "recipe.json", *changed[:-1], "-o", "m.safetensors", "--resume", "m.resume.safetensors", "--overwrite"])
                self.assertFalse((self.folder / "m.safetensors").exists())
                again = self.train("-o", "m.safetensors", status=2)
                self.assert_error(again, "ns-train", "m.resume.safetensors: is there from an interrupted run", "--resume")
                self.run_tool(*go_on, "-q")
                self.assertEqual((self.folder / "m.safetensors").read_bytes(),
                                 (self.folder / "whole.safetensors").read_bytes())
                self.assertFalse((self.folder / "m.resume.safetensors").exists())
                os.remove(self.folder / "m.safetensors")

    def test_pruning_a_dense_checkpoint_and_fine_tuning_it(self):
        self.recipe(epochs=2)
        self.train("-q", "-o", "dense.safetensors")
        done = self.run_tool("ns-prune", "dense.safetensors", "--sparsities", "0.5,0.75", "-o", "nested.safetensors")
        self.assertIn("stack1.conv1", done.stdout)
        self.assertIn("75.0 %", done.stdout)
        self.assertEqual(done.stderr, "")
        record = json.loads(self.run_tool("ns-prune", "dense.safetensors", "--sparsities", "0.5,0.75", "--json",
                                          "-o", "nested.safetensors", "--overwrite").stdout)
        self.assertEqual(record["schema"], "nestkit.prune/1")
        self.assertEqual(len(record["layers"]), 10)
        self.recipe(method="nested", epochs=2, prune_end_epoch=1)
        self.train("-q", "-o", "tuned.safetensors", "--init", "nested.safetensors")
        other = self.train("-o", "x.safetensors", "--init", "nested.safetensors", "--set", "sparsities=0.6,0.8", status=2)
        self.assert_error(other, "ns-train", "nested.safetensors: has sparsities [0.5,0.75]", "--set sparsities=")
        other = self.train("-o", "x.safetensors", "--init", "dense.safetensors", "--set", "width=0.5", status=3)
        self.assert_error(other, "ns-train", "dense.safetensors: tensor stem.conv.weight of the network is [8, 1, 3, 3]")
        other = self.run_tool("ns-prune", "dense.safetensors", "--sparsities", "0.8,0.7", "-o", "x.safetensors", status=2)
        self.assert_error(other, "ns-prune", "0.7 follows 0.8")
        other = self.run_tool("ns-prune", "dense.safetensors", "-o", "none/x.safetensors", status=4)
        self.assert_error(other, "ns-prune", "none/x.safetensors: folder none does not exist")

    def test_bad_data_files_are_refused_by_name(self):
        images, labels = (self.folder / "data" / f"train-{name}-ubyte.gz" for name in ("images-idx3", "labels-idx1"))
        good = {path: path.read_bytes() for path in (images, labels)}
        plain = gzip.decompress(good[labels])
        cases = {"missing": (images, None, "cannot be opened"),
                 "empty": (images, b"", "is empty"),
                 "truncated": (images, good[images][:1000], "truncated"),
                 "truncated inside": (labels, gzip.compress(plain[:-1]), "truncated"),
                 "no IDX": (images, gzip.compress(b"PNG" + bytes(1000)), "expected magic number 0x00000803"),
                 "label out of range": (labels, gzip.compress(plain[:20] + b"\x0a" + plain[21:]), "label 10 of image 12"),
                 "another number of labels": (labels, gzip.compress(idx_bytes((7,), bytes(7))), "7 labels for the 200 images")}
        for name, (path, content, message) in cases.items():
            with self.subTest(name):
                path.unlink() if content is None else path.write_bytes(content)
                self.assert_error(self.train("-o", "m.safetensors", status=3), "ns-train", path.name, message)
                path.write_bytes(good[path])
        self.assertFalse((self.folder / "m.safetensors").exists())

    def test_a_full_or_closed_stdout_ends_training_but_not_without_a_checkpoint(self):
        with open("/dev/full", "w") as full:
            done = self.train("-o", "m.safetensors", "--json", status=4, stdout=full, stderr=subprocess.PIPE)
        self.assertIn("standard output", done.stderr)
        self.train("-q", "-o", "m.safetensors", "--resume", "m.resume.safetensors")
        self.train("-q", "-o", "whole.safetensors")
        self.assertEqual((self.folder / "m.safetensors").read_bytes(), (self.folder / "whole.safetensors").read_bytes())
        command = f"exec {BIN / 'ns-train'} recipe.json -o c.safetensors --json >&-"
        closed = subprocess.run(["sh", "-c", command], cwd=self.folder, stderr=subprocess.PIPE, text=True, timeout=120)
        self.assertEqual(closed.returncode, 4, closed.stderr)
        self.assertIn("standard output", closed.stderr)

    def test_allocations_keep_the_total_and_differ_by_layer(self):
        self.recipe(epochs=1)
        self.train("-q", "-o", "dense.safetensors")
        shares = {}
        for method in ("uniform", "erk", "global", "cost", "flash"):
            record = json.loads(self.run_tool("ns-prune", "dense.safetensors", "--sparsities", "0.5,0.75", "--allocation", method,
                                              "--json", "-o", f"{method}.safetensors").stdout)
            pruned = [layer for layer in record["layers"] if layer["pruned"]]
            shares[method] = [layer["kept_weights"][0] for layer in pruned]
            if method != "cost":  # which keeps as many as cost the same
                self.assertLessEqual(abs(sum(shares[method]) - 0.25 * sum(layer["weights"] for layer in pruned)),
                                     len(pruned) if method == "uniform" else 1)
        self.assertEqual(len(set(map(tuple, shares.values()))), 5)
        self.recipe(method="nested", epochs=2, prune_end_epoch=1, allocation="erk")
        self.train("-q", "-o", "tuned.safetensors", "--init", "erk.safetensors")
        for words, fragment in ((["-o", "x.safetensors"], "--cost-budget is for --allocation cost and flash, found uniform"), (["--sensitivity"], "no --cost-budget")):
            done = self.run_tool("ns-prune", "dense.safetensors", "--cost-budget", "0.9", *words, status=2)
            self.assert_error(done, "ns-prune", fragment)
        done = self.run_tool("ns-prune", "dense.safetensors", "--allocation", "cost", "--cost-budget", "0.05", "-o", "x.safetensors", status=2)
        self.assert_error(done, "ns-prune", "cost_budget 0.05 is out of reach", "the least is")
        done = self.run_tool("ns-prune", "dense.safetensors", status=2)
        self.assert_error(done, "ns-prune", "--output is required")

    def test_the_sensitivity_scan_evaluates_every_layer_alone_and_writes_nothing(self):
        self.recipe(epochs=6)
        self.train("-q", "-o", "dense.safetensors")
        before = sorted(self.folder.iterdir())
        words = ["ns-prune", "dense.safetensors", "--sensitivity", "--data-dir", "data", "--images", "40",
                 "--sparsities", "0.1,0.9"]
        done = self.run_tool(*words)
        self.assertEqual(len(done.stdout.splitlines()), 2 + 1 + 8)
        self.assertEqual(done.stderr, "")
        records = [json.loads(line) for line in self.run_tool(*words, "--json").stdout.splitlines()]
        self.assertEqual(len(records), 8)
        for record in records:
            self.assertEqual((record["schema"], record["images"], record["sparsity"]), ("nestkit.sensitivity/1", 40, [0.1, 0.9]))
            self.assertAlmostEqual(record["kept_weights"][1] / record["weights"], 0.1, delta=0.05)
            self.assertEqual(len(record["accuracy_top1"]), 2)
        self.assertGreater(records[0]["dense_accuracy_top1"], min(record["accuracy_top1"][1] for record in records))
        self.assertEqual(sorted(self.folder.iterdir()), before)
        self.assert_error(self.run_tool(*words, "-o", "x.safetensors", status=2), "ns-prune", "--sensitivity writes no checkpoint")
        self.assert_error(self.run_tool(*words, "--allocation", "erk", status=2), "ns-prune", "prunes each layer alone, so no --allocation")
        useless = self.run_tool("ns-prune", "dense.safetensors", "-o", "x.safetensors", "--images", "40", status=2)
        self.assert_error(useless, "ns-prune", "without --sensitivity no data set is read, so no --images")
        self.run_tool("ns-prune", "dense.safetensors", "--sparsities", "0.5", "-o", "nested.safetensors")
        nested = self.run_tool("ns-prune", "nested.safetensors", *words[2:], status=3)
        self.assert_error(nested, "ns-prune", "takes a dense checkpoint")

    def test_print_config_shows_the_effective_recipe_and_trains_nothing(self):
        done = self.train("--set", "epochs=9", "--set", "sparsities=0.5,0.6,0.7", "--print-config")
        config = json.loads(done.stdout)
        self.assertEqual((config["epochs"], config["sparsities"], config["momentum"]), (9, [0.5, 0.6, 0.7], 0.9))
        self.assertEqual(done.stderr, "")
        (self.folder / "recipe.json").write_text(done.stdout)
        self.assertEqual(self.train("--print-config").stdout, done.stdout)

    def test_shipped_recipes_are_accepted(self):
        for path in sorted((SOURCE / "configs").glob("*.json")):
            self.run_tool("ns-train", path, "--print-config")

    def test_bad_recipes_are_refused_before_anything_is_written(self):
        cases = {
            "learning_rat": ("0.1", ["unknown key \"learning_rat\"", "did you mean \"learning_rate\"?"]),
            "epochs": ("ten", ["\"epochs\": expected an integer, found a string \"ten\""]),
            "milestones": ("2e5", ["more than 0 to 100000"]),
            "batch_size": ("2.5", ["\"batch_size\": expected an integer, found a number 2.5"]),
            "arch": ("resnet_8", ["resnet_8", "resnet8"]),
            "sparsities": ("0.9,0.8", ["0.8 follows 0.9"]),
            "graph": ("g.json", ["exactly one of"]),
            "validation_images": ("500", ["ns-train: error"]),
        }
        for key, (value, fragments) in cases.items():
            with self.subTest(key=key):
                self.assert_error(self.train("-o", "m.safetensors", "--set", f"{key}={value}", status=2), "ns-train", *fragments)
        self.assert_error(self.train(status=2), "ns-train", "--output is required")
        self.assert_error(self.run_tool("ns-train", "-o", "m", status=2), "ns-train", "RECIPE is required")
        self.assert_error(self.run_tool("ns-train", "none.json", "-o", "m", status=2), "ns-train", "none.json: no such recipe")
        self.assertFalse((self.folder / "m.safetensors").exists())

    def test_impossible_places_and_inputs_are_refused(self):
        self.assert_error(self.train("-o", "none/m.safetensors", status=4), "ns-train", "none")
        self.assert_error(self.train("-o", "m.safetensors", "--data-dir", "none", status=3), "ns-train", "none")
        (self.folder / "m.safetensors").write_text("precious")
        self.assert_error(self.train("-o", "m.safetensors", status=2), "ns-train", "m.safetensors")
        self.assert_error(self.train("-o", "x.safetensors", "--init", "m.safetensors", status=3), "ns-train", "m.safetensors")
        self.assert_error(self.train("-o", "x.safetensors", "--init", "recipe.json", status=3), "ns-train", "recipe.json: is JSON text, expected a checkpoint")
        self.assert_error(self.train("-o", "x.safetensors", "--resume", "none.safetensors", status=3), "ns-train", "none.safetensors")
        for words in (["ns-train", "recipe.json", "--init", "m.safetensors"], ["ns-prune", "m.safetensors"], ["ns-pack", "m.safetensors"]):
            done = self.run_tool(*words, "-o", "m.safetensors", "--overwrite", status=2)
            self.assert_error(done, words[0], "m.safetensors: is also an input")
        self.assertEqual((self.folder / "m.safetensors").read_text(), "precious")

    def test_a_resumable_checkpoint_beside_the_output_is_neither_an_input_lost_nor_another_run_lost(self):
        self.train("-q", "-o", "m.resume.safetensors")
        before = (self.folder / "m.resume.safetensors").read_bytes()
        for option in ("--init", "--teacher"):
            done = self.train("-o", "m.safetensors", option, "m.resume.safetensors", "--overwrite", status=2)
            self.assert_error(done, "ns-train", "m.resume.safetensors: is also an input")
        done = self.train("-o", "m.safetensors", "--resume", "other.resume.safetensors", status=2)
        self.assert_error(done, "ns-train", "m.resume.safetensors: is there from an interrupted run")
        self.assertEqual((self.folder / "m.resume.safetensors").read_bytes(), before)

    def test_evaluating_refuses_what_only_training_uses(self):
        self.recipe(method="slimmable", widths=[1, 0.5])
        self.train("-q", "-o", "m.safetensors")
        for words in (["--output", "x"], ["--overwrite"], ["--resume", "x"], ["--init", "x"], ["--teacher", "x"], ["--sample-weights", "x"]):
            self.assert_error(self.train("--evaluate", "m.safetensors", *words, status=2), "ns-train", f"--evaluate trains nothing, so no {words[0]}")
        records = [json.loads(line) for line in self.train("--evaluate", "m.safetensors", "--json").stdout.splitlines()]
        self.assertEqual([record["width"] for record in records], [0.5, 1])
        self.assertIn("width", self.train("--evaluate", "m.safetensors").stdout.splitlines()[0])

    def test_a_layer_too_long_for_the_sparse_encodings_is_packed_dense(self):
        layers = [{"name": "wide", "op": "conv", "filters": 84, "kernel": 1}, {"name": "classifier", "op": "linear", "units": 10}]
        graph = {"schema": "nestkit.graph/1", "name": "wide", "input": {"h": 28, "w": 28, "c": 1}, "layers": layers}
        (self.folder / "g.json").write_text(json.dumps(graph))
        self.recipe(arch="", graph="g.json", epochs=1)
        self.train("-q", "-o", "m.safetensors")
        table = self.run_tool("ns-pack", "m.safetensors", "-o", "m.nsm", "--data-dir", "data").stdout
        self.assertRegex(table, r"(?m)^classifier +dense +658,560")
        self.run_tool("ns-bench", "m.nsm", "--data-dir", "data", "--images", "5", "--target", "host")

    def test_an_impossible_network_names_its_two_layers(self):
        layers = [{"name": "a", "op": "conv", "filters": 4, "kernel": [3, 3], "padding": 1},
                  {"name": "b", "op": "add", "inputs": ["a", "input"]},
                  {"name": "c", "op": "linear", "units": 10}]
        graph = {"schema": "nestkit.graph/1", "name": "bad", "input": {"h": 28, "w": 28, "c": 1}, "layers": layers}
        (self.folder / "g.json").write_text(json.dumps(graph))
        done = self.train("-o", "m.safetensors", "--set", "graph=g.json", "--set", "arch=", status=3)
        self.assert_error(done, "ns-train", "b", "a")
        layers[0]["kernell"] = layers[0].pop("kernel")
        (self.folder / "g.json").write_text(json.dumps(graph))
        done = self.train("-o", "m.safetensors", "--set", "graph=g.json", "--set", "arch=", status=3)
        self.assert_error(done, "ns-train", "missing key \"kernel\"", "hint: \"kernell\" is there, should it be \"kernel\"?")

    def test_a_teacher_is_remembered_and_must_exist_and_teach(self):
        self.train("-q", "-o", "teacher.safetensors")
        self.train("-q", "-o", "taught.safetensors", "--teacher", "teacher.safetensors", "--set", "weight_average=0.9")
        sha256 = hashlib.sha256((self.folder / "teacher.safetensors").read_bytes()).hexdigest()
        self.assertIn(f'"teacher":"{sha256}"', (self.folder / "taught.safetensors").read_bytes()[:20000].decode(errors="replace"))
        self.assertNotEqual((self.folder / "taught.safetensors").read_bytes()[-4000:], (self.folder / "teacher.safetensors").read_bytes()[-4000:])
        self.assert_error(self.train("-o", "x.safetensors", "--teacher", "none.safetensors", status=3), "ns-train", "none.safetensors")
        self.assert_error(self.train("-o", "x.safetensors", "--teacher", "teacher.safetensors", "--set", "distillation_weight=0", status=2),
                          "ns-train", "nothing would be learnt from the teacher")

    def test_a_loss_that_is_not_a_number_stops_and_says_so(self):
        self.recipe(epochs=60, learning_rate=100, momentum=0.99, weight_decay=1)
        self.assert_error(self.train("-q", "-o", "m.safetensors", status=2), "ns-train", "not a number any more", "lower learning_rate")
        self.assertFalse((self.folder / "m.safetensors").exists())


if __name__ == "__main__":
    unittest.main()
