"""A detector's way through ns-train: a small set in COCO's form, nested training, evaluation, its record; and what is wrong with sets."""
import json
import struct
import subprocess
import unittest
import zlib

from cli_case import BIN, SOURCE, CliCase

SIDE = 32


def png(pixels):
    """Gray SIDE x SIDE."""
    rows = b"".join(b"\0" + bytes(pixels[y * SIDE:(y + 1) * SIDE]) for y in range(SIDE))
    chunks = b"\x89PNG\r\n\x1a\n"
    for name, data in ((b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        chunks += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return chunks


def write_set(folder):
    """Bright and dark squares; the training list has one box of no area and one image without a box."""
    (folder / "images").mkdir(parents=True)
    (folder / "annotations").mkdir()
    categories = [{"id": 1, "name": "bright"}, {"id": 2, "name": "dark"}]
    number = 0
    for part, count in (("train", 24), ("val", 8), ("test", 8)):
        images, annotations = [], []
        for k in range(count):
            number += 1
            x, y, side, label = 7 * number % 20, 5 * number % 20, 8 + number % 4, 1 + number % 2
            inside = lambda p: x <= p % SIDE < x + side and y <= p // SIDE < y + side
            (folder / f"images/{number}.png").write_bytes(png([(250 if label == 1 else 10) if inside(p) else 128 for p in range(SIDE * SIDE)]))
            images.append({"id": number, "file_name": f"{number}.png", "width": SIDE, "height": SIDE})
            if (part, k) != ("train", 1):
                annotations.append({"id": number, "image_id": number, "category_id": label, "bbox": [x, y, side, side]})
        if part == "train":
            annotations.append({"id": 999, "image_id": images[0]["id"], "category_id": 1, "bbox": [3, 3, 0, 5]})
        (folder / f"annotations/{part}.json").write_text(json.dumps({"images": images, "categories": categories, "annotations": annotations}))


class DetectionTest(CliCase):
    def setUp(self):
        super().setUp()
        write_set(self.folder / "set")

    def train(self, *words, status=0):
        settings = {"dataset": "coco", "image_size": SIDE, "image_channels": 1, "validation_images": 8, "epochs": 3, "batch_size": 8, "width": 0.25,
                    "warmup_epochs": 1, "prune_start_epoch": 1, "prune_end_epoch": 2, "prune_every_steps": 1, "sparsities": "0.5,0.8", "threads": 1}
        return self.run_tool("ns-train", SOURCE / "configs/bccd_ssd_resnet8_nested.json", "--data-dir", self.folder / "set",
                             *[word for key, value in settings.items() for word in ("--set", f"{key}={value}")], *words, status=status)

    def test_a_nested_detector_is_trained_evaluated_and_recorded(self):
        model = self.folder / "detector.safetensors"
        done = self.train("-o", model, "--json")
        self.assertIn("1 box outside the image, inverted or of zero area skipped", done.stderr)
        self.assertIn("1 image without a box skipped", done.stderr)
        self.assertIn("validation mAP", done.stderr)
        epochs = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(epochs[-1]["subnets"]), 2)
        self.assertNotIn("validation_accuracy", epochs[-1]["subnets"][0])
        found = [json.loads(line) for line in self.train("--evaluate", model, "--json").stdout.splitlines()]
        self.assertEqual([(r["schema"], r["subnet"], r["sparsity"], r["images"]) for r in found],
                         [("nestkit.evaluation/1", 1, 0.8, 8), ("nestkit.evaluation/1", 2, 0.5, 8)])
        for record in found:
            self.assertEqual(set(record["per_class"]), {"bright", "dark"})
            self.assertTrue(0 <= record["map_coco"] <= record["map"] <= 1)
        self.assertIn("VOC 11-point", self.train("--evaluate", model).stdout)

        log, records = self.folder / "log.jsonl", self.folder / "records.jsonl"
        log.write_text(done.stdout)
        subprocess.run([SOURCE / "bench/record_detection", "nested", model, "--log", log, "--float-only", "--data-dir", self.folder / "set",
                        "--bin", BIN, "-o", records], check=True, stdout=subprocess.PIPE)
        record, = map(json.loads, records.read_text().splitlines())
        self.assertEqual([subnet["map_float"] for subnet in record["subnets"]], [r["map"] for r in found])
        self.assertEqual([subnet["validation_map"] for subnet in record["subnets"]], [s["validation_map"] for s in epochs[-1]["subnets"]])

        pruned = self.folder / "pruned.safetensors"
        self.run_tool("ns-prune", model, "--sparsities", "0.6,0.9", "-o", pruned)
        self.assertEqual(len(self.train("--evaluate", pruned, "--json").stdout.splitlines()), 2)
        self.assert_error(self.train("--evaluate", model, "-o", "x.safetensors", status=2), "ns-train", "--evaluate trains nothing, so no --output")
        self.assert_error(self.train("--evaluate", model, "--sample-weights", "w.txt", status=2), "ns-train", "--evaluate trains nothing")

    def test_a_detector_takes_no_sample_weights(self):
        (self.folder / "w.txt").write_bytes(b"1\n" * 23)
        self.assert_error(self.train("-o", "x.safetensors", "--sample-weights", "w.txt", status=2), "ns-train", "w.txt: sample weights are for classification", "without --sample-weights")

    def test_bad_sets_are_named(self):
        annotations = self.folder / "set/annotations/train.json"
        good = annotations.read_text()
        for text, fragments in (("{", ["train.json"]),
                                (good.replace('"category_id": 2', '"category_id": 7', 1), ["train.json", "category_id", "no id 7"]),
                                ('{"images": [], "categories": [], "annotations": []}', ["train.json: has no categories"])):
            annotations.write_text(text)
            with self.subTest(text=text[:40]):
                self.assert_error(self.train("-o", self.folder / "x.safetensors", status=3), "ns-train", *fragments)
        annotations.write_text(good)
        image = self.folder / "set/images/5.png"
        image.write_bytes(image.read_bytes()[:60])
        self.assert_error(self.train("-o", self.folder / "x.safetensors", status=3), "ns-train", "5.png")
        self.assertFalse((self.folder / "x.safetensors").exists())


if __name__ == "__main__":
    unittest.main()
