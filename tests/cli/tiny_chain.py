"""One tiny trained model for all tests of a class: data set → checkpoints → packed model; and ways to spoil a checkpoint."""
import json
import pathlib
import struct
import subprocess
import tempfile

from cli_case import BIN, CliCase, write_tiny_fashion_mnist

RECIPE = dict(dataset="fashion_mnist", data_dir="data", width=0.25, method="dense", epochs=3, batch_size=20, warmup_epochs=0,
              crop_padding=0, horizontal_flip=False, validation_images=20, threads=1)


def make_once(cls, write_data, recipe, *commands):
    """`cls.made`: a folder with data/ and recipe.json in which the commands have run, for as long as the class's tests do."""
    folder = tempfile.TemporaryDirectory(prefix="nestkit-cli-")
    cls.addClassCleanup(folder.cleanup)
    cls.made = pathlib.Path(folder.name)
    write_data(cls.made / "data")
    (cls.made / "recipe.json").write_text(json.dumps(recipe))
    for words in commands:
        done = subprocess.run([BIN / words[0], *words[1:]], cwd=cls.made, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: status {done.returncode}: {done.stderr}")


class TinyChain(CliCase):
    """`self.made` holds data/, dense.safetensors, nested.safetensors (subnets 75 and 50 % sparse), dense.nsm and model.nsm."""

    @classmethod
    def setUpClass(cls):
        make_once(cls, write_tiny_fashion_mnist, RECIPE,
                  ["ns-train", "recipe.json", "-o", "dense.safetensors"],
                  ["ns-prune", "dense.safetensors", "--sparsities", "0.5,0.75", "-o", "nested.safetensors"],
                  ["ns-pack", "dense.safetensors", "-o", "dense.nsm", "--data-dir", "data"],
                  ["ns-pack", "nested.safetensors", "-o", "model.nsm", "--data-dir", "data"])

    def write(self, name, data):
        (self.folder / name).write_bytes(data)
        return name

    def classes_changed(self, classes, name="other.safetensors"):
        """The dense checkpoint, sound but with another number of classes."""
        header, data = read_safetensors(self.made / "dense.safetensors")
        graph = json.loads(header["__metadata__"]["graph"])
        graph["layers"][-1]["units"] = classes
        header["__metadata__"]["graph"] = json.dumps(graph)
        tensors = {key: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
                   for key, entry in header.items() if key != "__metadata__"}
        for key, (dtype, shape, values) in tensors.items():
            if key.startswith("classifier."):
                tensors[key] = (dtype, [classes, *shape[1:]], values[:len(values) // shape[0] * classes])
        return self.write(name, safetensors(header["__metadata__"], tensors))


def config_changed(path, **changes):
    """The bytes of a checkpoint that says other things of its training."""
    header, data = read_safetensors(path)
    metadata = header.pop("__metadata__")
    metadata["config"] = json.dumps(json.loads(metadata["config"]) | changes)
    return safetensors(metadata, {key: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
                                  for key, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"])})


def read_safetensors(path):
    file = path.read_bytes()
    length = struct.unpack_from("<Q", file)[0]
    return json.loads(file[8:8 + length]), file[8 + length:]


def safetensors(metadata, tensors):
    header, data = {"__metadata__": metadata}, b""
    for name, (dtype, shape, values) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data
