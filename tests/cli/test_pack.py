"""ns-pack: what it writes, says and refuses."""
import json
import subprocess
import sys
import unittest

from cli_case import BIN, SOURCE, CliCase, write_tiny_fashion_mnist


class Packing(CliCase):
    def setUp(self):
        super().setUp()
        write_tiny_fashion_mnist(self.folder / "data")

    def train(self, output, **changes):
        keys = dict(dataset="fashion_mnist", data_dir="data", width=0.25, method="dense", epochs=2, batch_size=20,
                    warmup_epochs=0, crop_padding=0, horizontal_flip=False, validation_images=40, threads=1,
                    sparsities=[0.5, 0.75], prune_start_epoch=0, prune_end_epoch=1, prune_every_steps=2)
        (self.folder / "recipe.json").write_text(json.dumps(keys | changes))
        self.run_tool("ns-train", "recipe.json", "-q", "-o", output)

    def pack(self, *words, **kwargs):
        return self.run_tool("ns-pack", *words, "--data-dir", "data", **kwargs)

    def dump(self, name):
        done = subprocess.run([sys.executable, SOURCE / "scripts/nsm_dump.py", self.folder / name],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_a_nested_checkpoint_becomes_one_file_with_all_its_subnets(self):
        self.train("nested.safetensors", method="nested")
        done = self.pack("nested.safetensors", "-o", "m.nsm")
        self.assertIn("stack1.conv1", done.stdout)
        self.assertIn("nested CSR 1x2", done.stdout)
        self.assertIn("stand-alone", done.stdout)
        record = json.loads(self.pack("nested.safetensors", "-o", "again.nsm", "--json").stdout)
        self.assertEqual((self.folder / "m.nsm").read_bytes(), (self.folder / "again.nsm").read_bytes())
        self.assertEqual(record["schema"], "nestkit.pack/1")
        self.assertEqual(record["flash_bytes"], (self.folder / "m.nsm").stat().st_size)
        self.assertEqual(len(record["stand_alone_file_bytes"]), 2)
        dumped = self.dump("m.nsm")
        network = dumped["networks"][0]
        self.assertEqual(network["subnets"], 2)
        self.assertEqual([r["sparsity_ppm"] for r in network["subnet_records"]], [750000, 500000])
        for key in ("kept_weights", "macs"):
            self.assertEqual([r[key] for r in network["subnet_records"]], network["stored_" + key])
        meta = dumped["meta"]
        self.assertEqual(len(meta["parents"][0]), 64)
        self.assertEqual(meta["config"]["width"], 0.25)
        self.assertEqual(meta["networks"][0]["classes"][9], "Ankle boot")

        for subnet in (1, 2):
            alone = json.loads(self.pack("nested.safetensors", "--subnet", subnet, "-o", f"{subnet}.nsm", "--json").stdout)
            self.assertEqual(alone["flash_bytes"], record["stand_alone_file_bytes"][subnet - 1])
            stored = self.dump(f"{subnet}.nsm")["networks"][0]
            self.assertEqual(stored["subnet_records"], network["subnet_records"][subnet - 1:subnet])
        refused = self.pack("nested.safetensors", "--subnet", 3, "-o", "x.nsm", status=2)
        self.assert_error(refused, "ns-pack", "no subnet 3", "1 to 2")

    def test_gates_end_with_status_1_and_write_nothing(self):
        self.train("dense.safetensors")
        for gate in ("--max-flash", "--max-ram"):
            done = self.pack("dense.safetensors", gate, 1000, "-o", "m.nsm", status=1)
            self.assertIn(gate, done.stderr)
            self.assertIn("total", done.stdout)
        self.assertFalse((self.folder / "m.nsm").exists())
        self.pack("dense.safetensors", "--max-flash", 100000, "--max-ram", 100000, "-o", "m.nsm")
        refused = self.pack("dense.safetensors", "-o", "m.nsm", status=2)
        self.assert_error(refused, "ns-pack", "m.nsm", "--overwrite")
        self.pack("dense.safetensors", "-o", "m.nsm", "--overwrite")
        with open("/dev/full", "w") as full:
            self.pack("dense.safetensors", "-o", "m.nsm", "--overwrite", status=4, stdout=full, stderr=subprocess.PIPE)

    def test_bad_inputs_are_refused_by_name(self):
        (self.folder / "empty.safetensors").write_bytes(b"")
        self.assert_error(self.pack("empty.safetensors", "-o", "m.nsm", status=3), "ns-pack", "empty.safetensors")
        self.assert_error(self.pack("none.safetensors", "-o", "m.nsm", status=3), "ns-pack", "none.safetensors")
        self.assert_error(self.pack("none.safetensors", "-o", "no/m.nsm", status=4), "ns-pack", "no/m.nsm")
        graph = {"schema": "nestkit.graph/1", "name": "g", "input": {"h": 28, "w": 28, "c": 1}, "layers": [
            {"name": "pool", "op": "max_pool", "kernel": 4, "stride": 4},
            {"name": "late", "op": "relu"},
            {"name": "scores", "op": "linear", "units": 10}]}
        (self.folder / "graph.json").write_text(json.dumps(graph))
        self.train("odd.safetensors", arch="", graph="graph.json")
        refused = self.pack("odd.safetensors", "-o", "m.nsm", status=3)
        self.assert_error(refused, "ns-pack", 'layer "late" cannot be packed', "a max pool")
        self.assertFalse((self.folder / "m.nsm").exists())

    def test_no_data_is_refused_before_anything_is_written(self):
        self.train("dense.safetensors")
        done = self.run_tool("ns-pack", "dense.safetensors", "--data-dir", "nowhere", "-o", "m.nsm", status=3)
        self.assert_error(done, "ns-pack", "nowhere")


if __name__ == "__main__":
    unittest.main()
