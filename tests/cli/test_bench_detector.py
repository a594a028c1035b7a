"""Object detection from training to boxes: ns-train, ns-pack, ns-info and ns-bench on a tiny data set in COCO's form."""
import json
import random
import struct
import subprocess
import unittest
import zlib

from cli_case import SOURCE, CliCase
from test_bench import with_emulator
from test_board import emulated, serve_on_emulator
from tiny_chain import make_once

SIDE = 48
RECIPE = dict(dataset="coco", data_dir="data", image_size=SIDE, image_channels=1, arch="ssd_resnet8", width=0.25, method="nested", epochs=3, batch_size=8, warmup_epochs=0,
              crop_padding=0, horizontal_flip=False, validation_images=8, threads=1, sparsities=[0.5, 0.75], prune_start_epoch=1, prune_end_epoch=2,
              prune_every_steps=1, distillation_weight=0)


def png(pixels, side):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(pixels[side * y:side * (y + 1)]) for y in range(side))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write_squares(folder, train=48, test=12, seed=1):
    """A bright or a dark square on gray in every image."""
    (folder / "images").mkdir(parents=True)
    (folder / "annotations").mkdir()
    rng = random.Random(seed)
    for part, count in (("train", train), ("test", test)):
        images, annotations = [], []
        for i in range(count):
            side, dark = rng.randrange(10, 20), i % 2
            left, top = (rng.randrange(SIDE - side) for _ in range(2))
            pixels = bytearray(rng.randrange(110, 140) for _ in range(SIDE * SIDE))
            for y in range(top, top + side):
                pixels[SIDE * y + left:SIDE * y + left + side] = bytes([20 if dark else 235]) * side
            name = f"{part}{i}.png"
            (folder / "images" / name).write_bytes(png(pixels, SIDE))
            images.append({"id": i, "file_name": name, "width": SIDE, "height": SIDE})
            annotations.append({"id": i, "image_id": i, "category_id": 1 + dark, "bbox": [left, top, side, side], "area": side * side, "iscrowd": 0})
        (folder / f"annotations/{part}.json").write_text(json.dumps({
            "images": images, "annotations": annotations, "categories": [{"id": 1, "name": "bright"}, {"id": 2, "name": "dark"}]}))


class Detect(CliCase):
    @classmethod
    def setUpClass(cls):
        make_once(cls, write_squares, RECIPE,
                  ["ns-train", "recipe.json", "-o", "nested.safetensors"],
                  ["ns-pack", "nested.safetensors", "-o", "model.nsm", "--data-dir", "data"])

    def bench(self, *words, **kwargs):
        return self.run_tool("ns-bench", self.made / "model.nsm", "--data-dir", self.made / "data", *words, **kwargs)

    def test_the_record_has_the_mean_average_precision_of_every_subnet(self):
        records = [json.loads(line) for line in self.bench("--checkpoint", self.made / "nested.safetensors", "--json").stdout.splitlines()]
        self.assertEqual([r["subnet"] for r in records], [1, 2])
        for r in records:
            self.assertNotIn("accuracy_top1", r)
            self.assertEqual((r["images"], list(r["per_class"])), (12, ["bright", "dark"]))
            self.assertTrue(0 <= r["map_coco"] <= r["map"] <= 1)
            self.assertAlmostEqual(sum(r["per_class"].values()) / 2, r["map"])
            self.assertTrue(0 <= r["float_map"] <= 1)
        text = self.bench().stdout
        self.assertIn("mAP", text)
        self.assertIn("Average precision by class", text)

    @with_emulator
    def test_the_emulator_finds_the_same_boxes_as_the_host(self):
        records = [json.loads(line) for line in self.bench("--target", "emulator", "--emulator-images", 6, "--verify", 2, "--json").stdout.splitlines()]
        for r in records:
            self.assertEqual((r["identical"], r["verified_images"]), (True, 6))
            self.assertEqual(r["layers"][-1]["name"], "detections")
            outside = sum(layer["instructions"] for layer in r["layers"] if not layer["sparse"]) / sum(layer["instructions"] for layer in r["layers"])
            self.assertAlmostEqual(r["outside_sparse_share"], outside)

    @emulated
    def test_a_board_finds_the_same_boxes_over_its_serial_line(self):
        device = serve_on_emulator(self, self.made / "model.nsm")
        words = ["--target", "emulator,board", "--device", device, "--emulator-images", 3, "--board-images", 3, "--verify", 1, "--subnet", 1, "--json"]
        emulator, board = [json.loads(line) for line in self.bench(*words).stdout.splitlines()]
        self.assertEqual((board["board"], board["identical"], board["verified_images"]), ("mps2_an500", True, 3))
        self.assertEqual(board["map"], emulator["map"])
        mine, theirs = board["layers"][-1], emulator["layers"][-1]
        self.assertEqual((mine["name"], theirs["name"]), ("detections", "detections"))
        self.assertLessEqual(abs(mine["instructions"] - theirs["instructions"]), 40)
        self.assertLessEqual(abs(board["instructions"] - emulator["instructions"]), 200)

    def test_drawings_and_curves_are_written_once(self):
        self.bench("--draw", "drawn", "--curves", "curves.jsonl", "--subnet", 2)
        drawn = sorted((self.folder / "drawn").iterdir())
        self.assertEqual(len(drawn), 8)
        self.assertTrue(all(path.name.startswith("model_subnet2_") and path.read_bytes().startswith(b"\x89PNG") for path in drawn))
        curves = [json.loads(line) for line in (self.folder / "curves.jsonl").read_text().splitlines()]
        self.assertEqual([(c["schema"], c["class"], c["subnet"]) for c in curves],
                         [("nestkit.precision_recall/1", "bright", 2), ("nestkit.precision_recall/1", "dark", 2)])
        for c in curves:
            self.assertEqual((len(c["precision"]), c["objects"]), (len(c["recall"]), 6))
            self.assertEqual(c["recall"], sorted(c["recall"]))
        done = self.bench("--draw", "drawn", status=2)
        self.assert_error(done, "ns-bench", "drawn: is there already")
        if subprocess.run(["which", "gnuplot"], capture_output=True, check=False).returncode == 0:
            subprocess.run([SOURCE / "scripts/plot_detect", "curves.jsonl", "-o", "plot"], cwd=self.folder, check=True)
            self.assertTrue((self.folder / "plot.png").stat().st_size > 1000)

    def test_gates_and_options_are_for_what_they_are_for(self):
        done = self.bench("--min-map", 1, "--json", status=1)
        self.assertIn("< --min-map 1.0000", done.stderr)
        self.bench("--min-map", 0)
        self.assert_error(self.bench("--min-accuracy", 0, status=2), "ns-bench", "is a detector: --min-accuracy is for classifiers")
        self.assert_error(self.bench("--cost-only", "--draw", "drawn", status=2), "ns-bench", "--cost-only runs no test images", "--draw")
        self.assert_error(self.run_tool("ns-bench", SOURCE / "zoo/fashion_mnist_resnet8/nested.nsm", "--data", "coco", "--data-dir", self.made / "data", status=3),
                          "ns-bench", "is a classifier, and coco has boxes")
        self.assert_error(self.run_tool("ns-pack", SOURCE / "zoo/fashion_mnist_resnet8/nested.safetensors", "--data", "coco", "--data-dir", self.made / "data", "-o", "x.nsm", status=3),
                          "ns-pack", "is a classifier, and coco has boxes")

    def test_ns_info_shows_the_heads(self):
        network = json.loads(self.run_tool("ns-info", "--json", self.made / "model.nsm").stdout)["networks"][0]
        self.assertEqual(network["classes"], ["bright", "dark"])
        detector = network["detector"]
        self.assertEqual([scale["scores"] for scale in detector["scales"]], ["head1.scores", "head2.scores", "head3.scores"])
        self.assertAlmostEqual(detector["most_overlap"], 0.45, 4)
        self.assertIn("default boxes", self.run_tool("ns-info", self.made / "model.nsm").stdout)


if __name__ == "__main__":
    unittest.main()
