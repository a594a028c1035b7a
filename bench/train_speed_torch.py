#!/usr/bin/env python3
"""PyTorch's side of bench/train_speed: the same network, weights and batches, the same commands on standard input.

usage: train_speed_torch.py START THREADS RATE float32|bfloat16

START is what bench/train_session wrote. Prints one JSON line about PyTorch; then "dense N" trains N steps and prints
{"seconds", "losses"}.
"""
import collections
import json
import struct
import sys
import time

import numpy
import torch
from torch.nn import functional as F


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    types = {"F32": numpy.float32, "I32": numpy.int32}
    metadata = header.pop("__metadata__")
    arrays = {name: numpy.frombuffer(data[slice(*entry["data_offsets"])], types[entry["dtype"]]).reshape(entry["shape"]).copy()
              for name, entry in header.items()}
    return metadata, arrays


def pair(value):
    return tuple(value) if isinstance(value, list) else (value, value)


class GraphNetwork(torch.nn.Module):
    """A network of schema nestkit.graph/1, its weights taken from arrays by their names."""

    def __init__(self, graph, arrays):
        super().__init__()
        self.layers, previous = [], "input"
        for layer in graph["layers"]:
            self.layers.append((layer["name"], layer.get("inputs", [previous]), layer))
            previous = layer["name"]
        readers = collections.Counter(source for _, inputs, _ in self.layers for source in inputs)
        self.layers = [(name, inputs, self.operator(layer, arrays, readers[inputs[0]] == 1)) for name, inputs, layer in self.layers]

    def operator(self, layer, arrays, sole_reader):
        """The layer's function; one with weights is registered and gets its initial values."""
        name, op = layer["name"], layer["op"]
        own = {key.rpartition(".")[2]: torch.from_numpy(value) for key, value in arrays.items() if key.rpartition(".")[0] == name}
        bias = "bias" in own

        def register(module):
            module.load_state_dict(own, strict=op != "batch_norm")  # which also counts its batches
            self.add_module(name.replace(".", "/"), module)
            return module

        if op in ("conv", "depthwise_conv"):
            filters, per_group = own["weight"].shape[:2]
            groups = filters if op == "depthwise_conv" else 1
            padding = layer["padding"]
            top, left, bottom, right = padding if isinstance(padding, list) and len(padding) == 4 else 2 * pair(padding)
            even = (top, left) == (bottom, right)
            conv = register(torch.nn.Conv2d(per_group * groups, filters, pair(layer["kernel"]), pair(layer["stride"]),
                                            (top, left) if even else 0, groups=groups, bias=bias))
            return conv if even else lambda x: conv(F.pad(x, (left, right, top, bottom)))
        if op == "linear":
            linear = register(torch.nn.Linear(*reversed(own["weight"].shape), bias=bias))
            return lambda x: linear(x.flatten(1))
        if op == "batch_norm":
            return register(torch.nn.BatchNorm2d(len(own["weight"])))
        if op == "relu":  # in place where nobody else reads its input, as a careful user of PyTorch writes it
            return lambda x: F.relu(x, inplace=sole_reader)
        if op == "add":
            return lambda a, b: a + b
        if op == "global_avg_pool":
            return lambda x: F.adaptive_avg_pool2d(x, 1)
        if op == "max_pool":
            return lambda x: F.max_pool2d(x, pair(layer["kernel"]), pair(layer["stride"]), pair(layer["padding"]))
        if op == "avg_pool":
            return lambda x: F.avg_pool2d(x, pair(layer["kernel"]), pair(layer["stride"]), pair(layer["padding"]), count_include_pad=False)
        raise ValueError(f"unknown operator {op}")

    def forward(self, x):
        values = {"input": x}
        for name, inputs, apply in self.layers:
            values[name] = apply(*[values[source] for source in inputs])
        return values[self.layers[-1][0]]


def main(start, threads, rate, precision):
    torch.set_num_threads(int(threads))
    metadata, arrays = read_safetensors(start)
    images = [torch.from_numpy(batch).permute(0, 3, 1, 2) for batch in arrays["images"]]  # channels-last in memory
    labels = [torch.from_numpy(batch).long() for batch in arrays["labels"]]
    network = GraphNetwork(json.loads(metadata["graph"]), arrays)
    network = network.to(memory_format=torch.channels_last).train()
    weights = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() == 1]
    optimizer = torch.optim.SGD([{"params": weights, "weight_decay": 1e-4}, {"params": others}], lr=float(rate),
                                momentum=0.9, foreach=True)
    print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads(), "onednn": torch.backends.mkldnn.is_available()}),
          flush=True)
    done = 0
    for line in sys.stdin:
        command, steps = line.split()
        if command != "dense":
            sys.exit(f"train_speed_torch: error: unknown command '{command}'")
        losses, begin = [], time.perf_counter()
        for _ in range(int(steps)):
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16"):
                scores = network(images[done % len(images)])
            loss = F.cross_entropy(scores.float(), labels[done % len(images)])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            done += 1
        print(json.dumps({"seconds": time.perf_counter() - begin, "losses": losses}), flush=True)


main(*sys.argv[1:])
