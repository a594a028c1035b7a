"""ns-pack: what it writes, its gates, and what it refuses."""
import json
import subprocess
import sys
import unittest

from cli_case import SOURCE, write_tiny_fashion_mnist
from tiny_chain import TinyChain, config_changed, read_safetensors, safetensors


class Pack(TinyChain):
    def pack(self, checkpoint, *words, data="data", **kwargs):
        return self.run_tool("ns-pack", self.made / checkpoint, "--data-dir", self.made / data, *words, **kwargs)

    def dump(self, name):
        """The file as the second, independent reader sees it."""
        done = subprocess.run([sys.executable, SOURCE / "scripts/nsm_dump.py", self.folder / name], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_the_storage_report_adds_up_to_the_file(self):
        done = self.pack("nested.safetensors", "-o", "m.nsm")
        self.assertIn("stack3.conv2          nested Rice 1x2    2,304", done.stdout)
        self.assertEqual(done.stderr, "")
        report = json.loads(self.pack("nested.safetensors", "-o", "m.nsm", "--overwrite", "--json").stdout)
        self.assertEqual((report["schema"], report["tool"], report["model"]), ("nestkit.pack/1", "ns-pack", "m.nsm"))
        self.assertEqual(report["flash_bytes"], (self.folder / "m.nsm").stat().st_size)
        self.assertEqual(len(report["stand_alone_file_bytes"]), 2)
        self.assertAlmostEqual(report["stand_alone_ratio"], report["flash_bytes"] / sum(report["stand_alone_file_bytes"]))
        self.assertGreaterEqual(report["arena_bytes"], report["arena_lower_bound_bytes"])
        for layer in report["layers"]:
            if "CSR" in layer["encoding"]:
                parts = layer["value_bytes"] + layer["index_bytes"] + layer["counter_bytes"]
                self.assertEqual(layer["packed_bytes"], parts, layer)
                self.assertEqual(layer["kept_weights"] * 2, layer["weights"], layer)

    def test_the_same_checkpoint_gives_the_same_bytes(self):
        self.pack("nested.safetensors", "-o", "m.nsm")
        self.assertEqual((self.folder / "m.nsm").read_bytes(), (self.made / "model.nsm").read_bytes())

    def test_a_second_reader_finds_all_subnets_and_the_provenance(self):
        dumped = self.dump(self.made / "model.nsm")
        network = dumped["networks"][0]
        self.assertEqual([r["sparsity_ppm"] for r in network["subnet_records"]], [750000, 500000])
        for key in ("kept_weights", "macs"):
            self.assertEqual([r[key] for r in network["subnet_records"]], network["stored_" + key])
        meta = dumped["meta"]
        self.assertEqual((len(meta["parents"][0]), len(meta["data_manifest_sha256"])), (64, 64))
        self.assertEqual((meta["config"]["width"], meta["config"]["seed"]), (0.25, meta["seed"]))
        self.assertEqual(meta["packing"], {"calibration_images": 200, "optimize": "balanced", "subnet": 0})
        self.assertEqual(meta["networks"][0]["classes"][9], "Ankle boot")
        self.assertEqual([len(scales) for scales in meta["networks"][0]["tensor_scales"]], [len(network["tensors"])] * 2)

    def test_calibration_on_other_files_than_the_training_s_is_warned_of_and_recorded(self):
        write_tiny_fashion_mnist(self.folder / "other", seed=2)
        done = self.pack("nested.safetensors", "-o", "m.nsm", "--calibration-images", 50, data=self.folder / "other")
        self.assertIn("trained on other files", done.stderr)
        meta = self.dump("m.nsm")["meta"]
        self.assertEqual(meta["packing"]["calibration_images"], 50)
        self.assertEqual(len(meta["packing"]["data_manifest_sha256"]), 64)
        self.assertNotEqual(meta["packing"]["data_manifest_sha256"], meta["data_manifest_sha256"])

    def test_one_subnet_alone_is_a_model_of_its_own_with_the_reported_size(self):
        whole = json.loads(self.pack("nested.safetensors", "--optimize", "flash", "-o", "m.nsm", "--json").stdout)
        records = self.dump("m.nsm")["networks"][0]["subnet_records"]
        for subnet in (1, 2):
            alone = json.loads(self.pack("nested.safetensors", "--optimize", "flash", "--subnet", subnet, "-o", f"{subnet}.nsm", "--json").stdout)
            self.assertEqual(alone["flash_bytes"], whole["stand_alone_file_bytes"][subnet - 1])
            self.assertEqual(self.dump(f"{subnet}.nsm")["networks"][0]["subnet_records"], records[subnet - 1:subnet])
        done = self.pack("nested.safetensors", "--subnet", 3, "-o", "x.nsm", status=2)
        self.assert_error(done, "ns-pack", "--subnet 3", "has 2 subnets")

    def test_each_goal_of_the_optimisation_gets_what_it_asks_for(self):
        packed, outputs = {}, {}
        for goal in ("speed", "balanced", "flash"):
            packed[goal] = json.loads(self.pack("nested.safetensors", "--optimize", goal, "-o", f"{goal}.nsm", "--json").stdout)
            dumped = self.dump(f"{goal}.nsm")
            self.assertEqual(dumped["meta"]["packing"]["optimize"], goal)
            section = next(s for s in dumped["sections"] if s["type"] == "TEST")
            outputs[goal] = (self.folder / f"{goal}.nsm").read_bytes()[section["offset"]:section["offset"] + section["bytes"]]
        payload = {goal: sum(layer["packed_bytes"] for layer in record["layers"]) for goal, record in packed.items()}
        self.assertLess(payload["flash"], payload["speed"])
        self.assertLessEqual(payload["flash"], payload["balanced"])
        self.assertLessEqual(payload["balanced"], payload["speed"])
        self.assertEqual(outputs["speed"], outputs["flash"])
        for layer in packed["flash"]["layers"]:
            self.assertGreaterEqual(layer["packed_bytes"], layer["entropy_bound_bytes"])
        self.assert_error(self.pack("nested.safetensors", "--optimize", "beauty", "-o", "x.nsm", status=2), "ns-pack", "--optimize")

    def test_what_is_accessed_most_lies_in_the_fast_ram(self):
        plain = json.loads(self.pack("nested.safetensors", "-o", "plain.nsm", "--json").stdout)
        fast_ram = plain["arena_bytes"] // 2 // 16 * 16
        fast = json.loads(self.pack("nested.safetensors", "--fast-ram", fast_ram, "-o", "fast.nsm", "--json").stdout)
        self.assertEqual(fast["fast_ram_bytes"], fast_ram)
        self.assertGreater(fast["fast_ram_access_share"], 0.5)
        self.assertLessEqual(fast["arena_bytes"], 1.1 * plain["arena_lower_bound_bytes"])
        info = json.loads(self.run_tool("ns-info", "--json", "fast.nsm").stdout)
        self.assertEqual(info["packing"]["fast_ram"], fast_ram)
        for op in info["networks"][0]["operators"]:
            at, end = op["scratch_offset"], op["scratch_offset"] + op["scratch_bytes"]
            self.assertTrue(end <= fast_ram or at >= fast_ram, op["name"])
        self.assertIn("% of its accesses", self.pack("nested.safetensors", "--fast-ram", fast_ram, "-o", "again.nsm").stdout)
        self.assert_error(self.pack("nested.safetensors", "--fast-ram", "much", "-o", "x.nsm", status=2), "ns-pack", "--fast-ram")

    def test_every_width_of_a_slimmable_checkpoint_is_a_dense_model_of_its_own(self):
        self.run_tool("ns-train", self.made / "recipe.json", "--data-dir", self.made / "data", "-q", "--set", "method=slimmable",
                      "--set", "widths=1,0.5", "--set", "epochs=1", "-o", "slim.safetensors")
        info = self.run_tool("ns-info", "slim.safetensors").stdout
        self.assertIn(", slimmable, seed 1, width 1.0, width 0.5", info)
        slim = self.folder / "slim.safetensors"
        wide = json.loads(self.pack(slim, "--width", 1, "-o", "wide.nsm", "--json").stdout)
        half = json.loads(self.pack(slim, "--width", 0.5, "-o", "half.nsm", "--json").stdout)
        self.assertNotIn("slimmable_bytes", half)
        self.assertIn("tables of the narrower widths", self.pack(slim, "--width", 1, "-o", "again.nsm").stdout)
        dumped = self.dump("half.nsm")
        self.assertEqual(dumped["meta"]["packing"]["width"], 0.5)
        self.assertEqual(dumped["meta"]["networks"][0]["name"], "resnet8 x0.5")
        tables = sum(layer["table_bytes"] for layer in half["layers"]) + 4 * 12  # three additions and a pool
        self.assertEqual(wide["slimmable_bytes"], wide["flash_bytes"] + tables)
        self.assertEqual([layer["weights"] for layer in half["layers"]][-1] * 2, [layer["weights"] for layer in wide["layers"]][-1])
        self.assertLess(half["flash_bytes"], wide["flash_bytes"])
        for words, fragments in (([], ["slimmable with widths [1.0,0.5], and --width is not given", "--width packs one"]),
                                 (["--width", 0.25], ["found --width 0.25"]), (["--subnet", 1], ["--subnet", "--width takes one of"])):
            self.assert_error(self.pack(slim, "-o", "x.nsm", *words, status=2), "ns-pack", *fragments)
        self.assert_error(self.pack("dense.safetensors", "--width", 1, "-o", "x.nsm", status=2), "ns-pack", "is not slimmable")
        self.assert_error(self.run_tool("ns-prune", slim, "-o", "x.safetensors", status=3), "ns-prune", "is slimmable", "ns-pack --width")

    def test_all_ratios_of_a_gated_checkpoint_are_subnets_of_one_model(self):
        self.run_tool("ns-train", self.made / "recipe.json", "--data-dir", self.made / "data", "-q", "--set", "method=gated",
                      "--set", "gate_ratios=0.75,0.25", "--set", "epochs=1", "-o", "gated.safetensors")
        self.assertIn("resnet8 gated, gated, seed 1, gate ratio 0.75, gate ratio 0.25", self.run_tool("ns-info", "gated.safetensors").stdout)
        gated = self.folder / "gated.safetensors"
        self.pack(gated, "-o", "gated.nsm")
        dumped = self.dump("gated.nsm")
        self.assertEqual((dumped["header"]["minor"], dumped["header"]["required_features"] & 32), (2, 32))
        records = dumped["networks"][0]["subnet_records"]
        self.assertEqual([record["macs"] for record in records], dumped["networks"][0]["stored_macs"])
        self.assertLess(records[0]["macs"], 0.6 * records[1]["macs"])
        self.assertIn("gated conv", self.run_tool("ns-info", "gated.nsm").stdout)
        measured = self.run_tool("ns-bench", "gated.nsm", "--checkpoint", gated, "--data-dir", self.made / "data", "--json").stdout
        self.assertEqual([(r["subnet"], r["macs"], r["float_accuracy_top1"] is not None) for r in map(json.loads, measured.splitlines())],
                         [(k + 1, record["macs"], True) for k, record in enumerate(records)])
        self.pack(gated, "--subnet", 1, "-o", "one.nsm")
        self.assertEqual(self.dump("one.nsm")["networks"][0]["subnet_records"][0]["macs"], records[0]["macs"])
        self.assert_error(self.run_tool("ns-prune", gated, "-o", "x.safetensors", status=3), "ns-prune", "is gated")
        self.assert_error(self.run_tool("ns-train", self.made / "recipe.json", "--data-dir", self.made / "data", "-q", "--init", self.made / "dense.safetensors",
                                        "--set", "method=gated", "-o", "x.safetensors", status=2), "ns-train", "has no gates")

    def test_a_missed_gate_writes_nothing_and_names_value_and_limit(self):
        size = (self.made / "model.nsm").stat().st_size
        self.pack("nested.safetensors", "-o", "fits.nsm", "--max-flash", size, "--max-ram", 20000)
        done = self.pack("nested.safetensors", "-o", "m.nsm", "--max-flash", size - 1, status=1)
        self.assertIn(f"ns-pack: error: --max-flash: {size} bytes are more than the {size - 1} allowed", done.stderr)
        self.assertIn('layer "stack3.conv2" takes most', done.stderr)
        done = self.pack("nested.safetensors", "-o", "m.nsm", "--max-ram", 100, status=1)
        self.assertIn("bytes are more than the 100 allowed; nothing was written", done.stderr)
        self.assertRegex(done.stderr, 'layer "stack1.conv[12]" takes most')
        self.assertIn("total", done.stdout)
        self.assertEqual([p.name for p in self.folder.iterdir()], ["fits.nsm"])

    def test_an_existing_model_is_kept_without_overwrite(self):
        self.write("m.nsm", b"precious")
        done = self.pack("nested.safetensors", "-o", "m.nsm", status=2)
        self.assert_error(done, "ns-pack", "m.nsm: exists already", "--overwrite")
        self.assertEqual((self.folder / "m.nsm").read_bytes(), b"precious")
        self.pack("nested.safetensors", "-o", "m.nsm", "--overwrite")
        self.assertEqual((self.folder / "m.nsm").read_bytes(), (self.made / "model.nsm").read_bytes())

    def test_impossible_outputs_are_refused(self):
        self.assert_error(self.pack("nested.safetensors", "-o", "none/m.nsm", status=4), "ns-pack", "folder none does not exist")
        self.assert_error(self.pack("nested.safetensors", "-o", ".", status=2), "ns-pack", ".: is not a regular file")
        self.assert_error(self.pack("nested.safetensors", status=2), "ns-pack", "--output is required")
        with open("/dev/full", "w") as full:
            done = self.pack("nested.safetensors", "-o", "m.nsm", status=4, stdout=full, stderr=subprocess.PIPE)
        self.assertIn("No space left", done.stderr)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_layer_that_cannot_be_packed_is_named(self):
        layers = [{"name": "pool", "op": "max_pool", "kernel": 4, "stride": 4}, {"name": "late", "op": "relu"},
                  {"name": "scores", "op": "linear", "units": 10}]
        graph = {"schema": "nestkit.graph/1", "name": "g", "input": {"h": 28, "w": 28, "c": 1}, "layers": layers}
        self.write("graph.json", json.dumps(graph).encode())
        self.run_tool("ns-train", self.made / "recipe.json", "--data-dir", self.made / "data", "-q", "--set", "arch=", "--set", "graph=graph.json",
                      "--set", "epochs=1", "-o", "odd.safetensors")
        done = self.pack(self.folder / "odd.safetensors", "-o", "m.nsm", status=3)
        self.assert_error(done, "ns-pack", 'layer "late" cannot be packed', "a max pool")
        self.assertFalse((self.folder / "m.nsm").exists())

    def test_damaged_checkpoints_are_refused(self):
        whole = (self.made / "nested.safetensors").read_bytes()
        header, data = read_safetensors(self.made / "nested.safetensors")
        metadata = header.pop("__metadata__")
        tensors = {name: (t["dtype"], t["shape"], data[slice(*t["data_offsets"])]) for name, t in header.items()}
        lacking = {name: t for name, t in tensors.items() if name != "stack2.conv1.weight"}
        dtype, shape, levels = tensors["stack2.conv1.weight.level"]
        cases = {"": "truncated", whole[:100]: "header length", whole[:-1]: "data", b"hello, world": "header length",
                 safetensors(metadata, lacking): "stack2.conv1.weight",
                 safetensors(metadata, tensors | {"stack2.conv1.weight.level": (dtype, shape, b"\7" + levels[1:])}): "stack2.conv1.weight.level",
                 safetensors(metadata | {"graph": "{}"}, tensors): "graph",
                 safetensors(metadata | {"sparsities": "[0.75,0.5]"}, tensors): "sparsities",
                 safetensors({}, tensors): "schema"}
        for number, (content, fragment) in enumerate(cases.items()):
            with self.subTest(number=number, fragment=fragment):
                name = self.write(f"bad{number}.safetensors", content or b"")
                self.assert_error(self.pack(self.folder / name, "-o", "m.nsm", status=3), "ns-pack", name, fragment)
        self.assert_error(self.pack("none.safetensors", "-o", "m.nsm", status=3), "ns-pack", "none.safetensors: cannot be opened")
        self.assert_error(self.pack("model.nsm", "-o", "m.nsm", status=3), "ns-pack", "model.nsm: is a packed model (.nsm), expected a checkpoint")
        self.assertFalse((self.folder / "m.nsm").exists())

    def test_a_network_for_other_images_or_classes_is_refused(self):
        other = self.classes_changed(5)
        done = self.pack(self.folder / other, "-o", "m.nsm", status=3)
        self.assert_error(done, "ns-pack", "other.safetensors: has 5 classes, fashion_mnist has 10")
        (self.folder / "data").mkdir()
        for i in range(1, 6):
            self.write(f"data/data_batch_{i}.bin", bytes(3073) * 10)
        done = self.pack("dense.safetensors", "-o", "m.nsm", "--data", "cifar10", data=self.folder / "data", status=3)
        self.assert_error(done, "ns-pack", "dense.safetensors: takes images of 28x28x1, cifar10 has 32x32x3")

    def test_data_sets_that_are_missing_or_unknown_are_refused(self):
        self.assert_error(self.pack("dense.safetensors", "-o", "m.nsm", data="none", status=3), "ns-pack", "none", "dataset-fashion-mnist")
        done = self.pack("dense.safetensors", "-o", "m.nsm", "--data", "fashion_mnits", status=2)
        self.assert_error(done, "ns-pack", "fashion_mnits", 'did you mean "fashion_mnist"?')

    def test_the_data_set_is_what_the_model_was_trained_on_unless_told(self):
        def checkpoint(dataset):
            return self.folder / self.write("c.safetensors", config_changed(self.made / "dense.safetensors", dataset=dataset))

        self.pack(checkpoint("fsdd"), "-o", "fsdd.nsm", "--data", "fashion_mnist")
        self.pack(checkpoint(""), "-o", "silent.nsm")
        data = ("--data-dir", self.made / "data")
        for words in (["ns-pack", checkpoint("fsdd"), "-o", "m.nsm"], ["ns-bench", "silent.nsm", "fsdd.nsm"], ["tta-eval", "fsdd.nsm"], ["tta-eval", checkpoint("fsdd")],
                      ["ns-prune", checkpoint("fsdd"), "--sensitivity"], ["coop-eval", "fsdd.nsm:1@flip", "silent.nsm"]):
            with self.subTest(words=words):
                self.assert_error(self.run_tool(*words, *data, status=3), words[0], "is not a folder of recordings")
        told = self.run_tool("ns-bench", "fsdd.nsm", "--data", "fashion_mnist", *data, "--json").stdout
        self.assertEqual(json.loads(told)["correct"], json.loads(self.run_tool("ns-bench", "silent.nsm", *data, "--json").stdout)["correct"])
        for tool, *words in (["ns-bench"], ["coop-eval", "--beside", "silent.nsm"]):
            done = self.run_tool(tool, "silent.nsm", "fsdd.nsm", self.made / "dense.nsm", *words, *data, status=2)
            self.assert_error(done, tool, "fsdd.nsm was trained on fsdd, ", "dense.nsm on fashion_mnist", "hint: choose one with --data")
        for dataset, fragments in (("mnist", ["was trained on \"mnist\", which is no known data set", "hint: choose one with --data"]), (7, ["dataset", "expected a string"])):
            with self.subTest(dataset=dataset):
                self.assert_error(self.pack(checkpoint(dataset), "-o", "m.nsm", status=3), "ns-pack", "c.safetensors: config", *fragments)
        self.pack(checkpoint("mnist"), "-o", "m.nsm", "--data", "fashion_mnist")

    def test_wrong_numbers_are_usage_errors(self):
        for words in (["--calibration-images", 0], ["--calibration-images", -1], ["--subnet", -1], ["--width", 0], ["--max-flash", -1],
                      ["--max-ram", "many"], ["--max-flash", "1e99"], ["--progress", "sometimes"]):
            with self.subTest(words=words):
                self.assert_error(self.pack("dense.safetensors", "-o", "m.nsm", *words, status=2), "ns-pack", words[0])


if __name__ == "__main__":
    unittest.main()
