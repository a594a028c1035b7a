"""ns-info: every kind of artifact, and what is none."""
import hashlib
import json
import os
import subprocess
import unittest

from cli_case import BIN, SOURCE
from tiny_chain import TinyChain, safetensors


class Info(TinyChain):
    def info(self, *files, **kwargs):
        return self.run_tool("ns-info", *files, **kwargs)

    def described(self, path):
        description = json.loads(self.info("--json", path).stdout)
        self.assertEqual((description["schema"], description["tool"]), ("nestkit.info/1", "ns-info"))
        self.assertRegex(description["version"], r"^\d+\.\d+\.\d+$")
        self.assertEqual(description["artifact_sha256"], hashlib.sha256(path.read_bytes()).hexdigest())
        return description

    def test_a_packed_model_names_its_parent_subnets_layers_and_sections(self):
        path = self.made / "model.nsm"
        model = self.described(path)
        self.assertEqual((model["kind"], model["bytes"]), ("packed model", path.stat().st_size))
        self.assertEqual(model["parents"], [hashlib.sha256((self.made / "nested.safetensors").read_bytes()).hexdigest()])
        network = model["networks"][0]
        self.assertEqual([s["sparsity"] for s in network["subnets"]], [0.75, 0.5])
        self.assertEqual((network["input"], len(network["classes"])), ("28x28x1", 10))
        self.assertEqual(network["operators"][0]["name"], "stem.conv")
        self.assertTrue(all(s["offset"] % 32 == 0 for s in model["sections"]))
        packed = json.loads(self.run_tool("ns-pack", self.made / "nested.safetensors", "--data-dir", self.made / "data", "-o", "again.nsm", "--json").stdout)
        bounds = {layer["name"]: (layer["packed_bytes"], layer["entropy_bound_bytes"]) for layer in packed["layers"]}
        for op in self.described(self.folder / "again.nsm")["networks"][0]["operators"]:
            if op["name"] in bounds:
                self.assertEqual(op["weight_bytes"], bounds[op["name"]][0])
                self.assertAlmostEqual(op["entropy_bound_bytes"], bounds[op["name"]][1], delta=0.01 * op["weight_bytes"])
        text = self.info(path).stdout
        self.assertIn("checks and self-test passed", text)
        self.assertRegex(text, r"this file's weights take 1\.\d{3} of that")
        self.assertIn(model["parents"][0], text)

    def test_a_checkpoint_names_its_network_and_what_each_subnet_keeps(self):
        nested = self.described(self.made / "nested.safetensors")
        self.assertEqual((nested["kind"], nested["banks"], nested["sparsities"], nested["block"]), ("checkpoint", 2, [0.5, 0.75], 2))
        self.assertEqual(nested["graph"]["name"], "resnet8")
        self.assertIn("stack3.conv2.weight.level", [t["name"] for t in nested["tensors"]])
        text = self.info(self.made / "nested.safetensors").stdout
        self.assertRegex(text, r"stack3\.conv2\.weight\.level +U8 .* 0\.25 0\.50\n")
        self.assertIn("of resnet8, dense", self.info(self.made / "dense.safetensors").stdout)

    def test_another_program_s_safetensors_file_is_listed(self):
        path = self.folder / self.write("foreign", safetensors({"format": "pt"}, {"w": ("F32", [2, 3], bytes(24))}))
        foreign = self.described(path)
        self.assertEqual((foreign["kind"], foreign["tensors"]),
                         ("safetensors", [{"name": "w", "dtype": "F32", "shape": [2, 3], "bytes": 24}]))

    def test_recipes_networks_and_results_are_recognised_by_content(self):
        recipe = self.described(self.made / "recipe.json")
        self.assertEqual((recipe["kind"], recipe["config"]["epochs"], recipe["config"]["momentum"]), ("recipe", 3, 0.9))
        graph = json.loads(self.info("--json", self.made / "dense.safetensors").stdout)["graph"]
        network = self.described(self.folder / self.write("g.txt", json.dumps(graph).encode()))
        self.assertEqual((network["kind"], network["name"], network["layers"]), ("network", "resnet8", len(graph["layers"])))
        lines = self.run_tool("ns-bench", self.made / "model.nsm", "--data-dir", self.made / "data", "--json").stdout
        results = self.described(self.folder / self.write("results", lines.encode()))
        self.assertEqual((results["kind"], results["records"]), ("results", {"nestkit.bench/1": 2}))

    def test_rules_policies_and_single_results_of_several_lines(self):
        self.run_tool("tta-eval", self.made / "dense.nsm", "--data-dir", self.made / "data", "--threshold", 0.8, "--policy", "flip", "--save-rule", "rule.json")
        rule = self.described(self.folder / "rule.json")
        self.assertEqual((rule["kind"], rule["rule"]["schema"]), ("rule", "nestkit.rule/1"))
        self.assertIn("rule.json: calibrated stopping rule", self.info("rule.json").stdout)
        self.write("broken.json", (self.folder / "rule.json").read_bytes().replace(b"thresholds", b"threshold"))
        self.assert_error(self.info("broken.json", status=3), "ns-info", "broken.json", "thresholds")
        self.assertEqual(self.described(SOURCE / "bench/tta_robust_policy.json")["kind"], "policy")
        self.write("one.json", b'{\n "schema": "nestkit.bench/1"\n}\n')
        self.assertEqual(self.described(self.folder / "one.json")["records"], {"nestkit.bench/1": 1})
        self.write("other.json", b'{\n "schema": "somebody/1"\n}\n')
        self.assert_error(self.info("other.json", status=3), "ns-info", "other.json: expected a record with a nestkit schema")

    def test_shipped_recipes_are_sound(self):
        self.info(*sorted((SOURCE / "configs").glob("*.json")))
        models = sorted((SOURCE / "zoo").rglob("*.nsm"))
        kinds = [json.loads(line)["kind"] for line in self.info("--json", *models, *sorted((SOURCE / "zoo").rglob("*.safetensors"))).stdout.splitlines()]
        self.assertEqual((kinds.count("packed model"), kinds.count("checkpoint")), (len(models), len(models)))

    def test_several_files_are_described_in_order(self):
        done = self.info("--json", self.made / "dense.nsm", self.made / "dense.safetensors")
        self.assertEqual([json.loads(line)["kind"] for line in done.stdout.splitlines()], ["packed model", "checkpoint"])

    def test_a_checkpoint_whose_tensors_are_not_its_network_s_is_refused(self):
        whole = (self.made / "nested.safetensors").read_bytes()
        end = 8 + int.from_bytes(whole[:8], "little")
        header = json.loads(whole[8:end])
        header["stem.conv.weight"]["shape"].reverse()
        text = json.dumps(header, separators=(",", ":")).encode()
        (self.folder / "turned.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + whole[end:])
        self.assert_error(self.info("turned.safetensors", status=3), "ns-info", "turned.safetensors: tensor stem.conv.weight of the network is [")

    def test_what_is_no_artifact_or_damaged_is_refused_and_named(self):
        model, checkpoint = (self.made / "model.nsm").read_bytes(), (self.made / "nested.safetensors").read_bytes()
        cases = {b"": "the file is empty", b"hello, world": "not a packed model, checkpoint, recipe, network or results file",
                 model[:-1]: "shorter than its header says", model[:4]: "bad",
                 model[:7000] + bytes([model[7000] ^ 128]) + model[7001:]: "checksum",
                 checkpoint[:-1]: "bad", checkpoint[:300]: "header length",
                 b'{"epochs": 0}': "epochs", b'{"epohcs": 3}': 'did you mean "epochs"?', b'{"schema": "nestkit.graph/1"}': "bad",
                 b'{"schema": "nestkit.bench/1"}\n{"schema"': "line 2", b'{"schema": "other/1"}\n{}': "line 1",
                 b'{"epochs": 3,\n "seed": }\n': "bad:2:10: syntax error"}
        for content, fragment in cases.items():
            with self.subTest(bytes=len(content), fragment=fragment):
                self.write("bad", content)
                self.assert_error(self.info("bad", status=3), "ns-info", "bad", fragment)
        self.assert_error(self.info("none", status=3), "ns-info", "none: cannot be opened")
        self.assert_error(self.info(".", status=3), "ns-info", ".: is not a regular file")
        os.mkfifo(self.folder / "pipe")
        self.assert_error(self.info("pipe", status=3), "ns-info", "pipe: is not a regular file")

    def test_a_name_that_is_no_utf_8_is_described(self):
        name = os.fsdecode(b"m\xff.nsm")
        self.write(name, (self.made / "dense.nsm").read_bytes())
        self.assertEqual(json.loads(self.info("--json", name).stdout)["file"], "m\ufffd.nsm")

    def test_a_reader_that_goes_away_ends_nothing_badly(self):
        line = f"'{BIN / 'ns-info'}' '{self.made / 'model.nsm'}' '{self.made / 'nested.safetensors'}'"
        done = subprocess.run(["bash", "-c", f"set -o pipefail; {line} | head -n 1"], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
