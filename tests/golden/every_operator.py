#!/usr/bin/env python3
"""Writes the golden packed model, field by field from docs/format/nsm.md, and inputs for it.

Every operator and weight encoding, odd shapes, and the corners of docs/numerics.md: rounding ties, both saturations, the
smallest multipliers, biases up to the int32 limit. The C++ packer has no part in it. The expected outputs are

    scripts/nsm_run.py every_operator.nsm --input every_operator.input > every_operator.jsonl

usage: every_operator.py FOLDER
"""
import json
import pathlib
import random
import struct
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from nsm import ADD, AVG_POOL, CONV, CSR, DEPTHWISE, LINEAR, MAX_POOL, read_file  # noqa: E402
from nsm.evaluate import evaluate  # noqa: E402
from nsm.network import QUADS, ROWS  # noqa: E402

SCRATCH_BYTES = 32768  # more than any M7 kernel asks for here
NAMES = {CONV: "conv", DEPTHWISE: "depthwise", LINEAR: "linear", MAX_POOL: "max_pool", AVG_POOL: "avg_pool", ADD: "add"}


def fill(data, to):
    return data + bytes(-len(data) % to)


class Network:
    def __init__(self, subnets, shape, zero_point, seed):
        self.subnets, self.rng = subnets, random.Random(seed)
        self.shapes, self.offsets, self.end = [], [], 0
        self.operators, self.names = [], []
        self.sections = {"WDEN": b"", "WNCS": b"", "REQT": b""}
        self.zero_point = zero_point
        self.macs, self.kept = [0] * subnets, [0] * subnets
        self.tensor(shape, False)

    def below(self, n):
        return self.rng.getrandbits(24) % n

    def tensor(self, shape, int16, offset=None):
        self.shapes.append((*shape, int16))
        self.offsets.append(self.end if offset is None else offset)
        if offset is None:
            self.end += (shape[0] * shape[1] * shape[2] * (1 + int16) + 3) // 4 * 4
        return len(self.shapes) - 1

    def append(self, kind, inputs, output, window, encoding=0, block=0, weights=b"", tables=b""):
        section = "WNCS" if encoding == CSR else "WDEN"
        places = []
        for name, data in ((section, weights), ("REQT", tables)):
            places += [len(self.sections[name]) if data else 0, len(data)]
            self.sections[name] += fill(data, 4)
        second = inputs[1] if len(inputs) > 1 else 0xFFFF
        self.operators.append((kind, encoding, block, 0, inputs[0], second, output, *window, *places))
        self.names.append(f"{NAMES[kind]}{len(self.names)}")
        return output

    # --- operators; window: kernel, stride and padding, vertical first

    def filters(self, kind, source, out, window=(1, 1, 1, 1, 0, 0), block=0, int16=False):
        h, w, c, _ = self.shapes[source]
        taps = window[0] * window[1]
        channels = {CONV: c, DEPTHWISE: 1, LINEAR: h * w * c}[kind]
        values, levels = self.weights(out[2], channels, taps, block)
        encoding = CSR if block else QUADS if kind == CONV else ROWS
        encode = {CSR: nested, QUADS: quads, ROWS: rows}[encoding]
        data = encode(values, levels, channels, taps, block, self.subnets)
        for k in range(self.subnets):
            used = sum(0 < level <= k + 1 for row in levels for level in row)
            self.kept[k] += used
            self.macs[k] += used * out[0] * out[1]
        tables = b"".join(self.row_table(values, levels, k + 1, int16) for k in range(self.subnets))
        return self.append(kind, [source], self.tensor(out, int16), window, encoding, block, data, tables)

    def weights(self, count, channels, taps, block):
        """Rows by turns: any weights, multiples of 64 (which make rounding ties), ±127, and with blocks an empty row."""
        values, levels = [], []
        for r in range(count):
            kind = r % 4
            row = [(self.below(255) - 127, (self.below(3) - 1) * 64, (127, -127)[self.below(2)], self.below(3) - 1)[kind]
                   for _ in range(channels * taps)]
            level = [1] * len(row)
            if block:
                of_block = [0 if kind == 3 else max(0, self.below(self.subnets + 2) - 1) if kind else 1 + self.below(self.subnets)
                            for _ in range((channels + block - 1) // block * taps)]
                if len(of_block) > 255:  # far apart: gaps that need fillers
                    of_block = [level if r != 1 or p in (0, len(of_block) - 1) else 0 for p, level in enumerate(of_block)]
                level = [of_block[i // taps // block * taps + i % taps] for i in range(len(row))]
            values.append([v if l else 0 for v, l in zip(row, level)])
            levels.append(level)
        return values, levels

    def row_table(self, values, levels, subnet, int16):
        zero_in = (-128, 127, -7, 0)[self.below(4)] if self.operators else self.zero_point
        zero_out = 0 if int16 else (-128, 127, 5, -20)[self.below(4)]
        table = struct.pack("<bbH", zero_in, zero_out, 0)
        for r, (row, level) in enumerate(zip(values, levels)):
            kept = [v for v, l in zip(row, level) if 0 < l <= subnet]
            typical = max(1, sum(v * v for v in kept)) ** 0.5 * 74  # of the sum, if activations are spread evenly
            wanted = 20000 if int16 else 50  # steps of the output
            sign = 1 - 2 * self.below(2)
            most = (1 << 31) - 1 - 128 * sum(map(abs, kept))
            corner = self.below(8)
            if r % 4 == 1:
                multiplier, bias = sign << 25 + self.below(2), 64 * (self.below(9) - 4)
            elif corner == 0:
                multiplier, bias = sign * 512, (1, -1)[self.below(2)] * ((1 << 30) + self.below(1 << 23))
            elif corner == 1:
                multiplier, bias = sign * (512 + self.below(500)), (1, -1)[self.below(2)] * most
            elif corner == 2:
                multiplier, bias = sign * ((1 << 31) - 1), self.below(1001) - 500
            else:
                multiplier = sign * min((1 << 31) - 1, max(512, int((1 << 32) * wanted / typical)))
                bias = int(typical * (self.below(201) - 100) / 100)
            table += struct.pack("<ii", multiplier, bias)
        return table

    def max_pool(self, source, out, window):
        return self.append(MAX_POOL, [source], self.tensor((*out, self.shapes[source][2]), False), window)

    def avg_pool(self, source, out, window):
        n, tables = window[0] * window[1], b""
        for k in range(self.subnets):
            shift = (0, 12, 20 - n.bit_length())[k % 3]
            tables += struct.pack("<iibBH", (1 << 32) // (n << shift) * (3 + k) // 4 if shift else (1 << 30) + k, 13 - 40 * k,
                                  (-128, 3, 127)[k % 3], shift, 0)
        return self.append(AVG_POOL, [source], self.tensor((*out, self.shapes[source][2]), False), window, tables=tables)

    def add_over(self, first, second):
        """In place: nothing reads `first` afterwards."""
        corners = [(-32768, 32767, 1 << 20, 16), (16384, 8192, 16384, 15), (1, -1, 0, 0)]
        tables = b"".join(struct.pack("<hhiB3x", *corners[k]) for k in range(self.subnets))
        output = self.tensor(self.shapes[first][:3], False, self.offsets[first])
        return self.append(ADD, [first, second], output, (1, 1, 1, 1, 0, 0), tables=tables)

    # --- sections

    def parts(self):
        scratch = (self.end + 15) // 16 * 16
        self.arena = scratch + SCRATCH_BYTES
        count = len(self.shapes)
        netw = struct.pack("<HHHHHbBfI12x", self.subnets, count, count - 1, 0, count - 1, self.zero_point, 8, 1 / 64, self.arena)
        for k in range(self.subnets):
            netw += struct.pack("<IIII", self.macs[k], self.kept[k], 900000 - 100000 * k, 0)
        tens = b"".join(struct.pack("<HHHBBII", h, w, c, int16, 0, at, h * w * c * (1 + int16))
                        for (h, w, c, int16), at in zip(self.shapes, self.offsets))
        oper = b"".join(struct.pack("<4B3H6B4I2I8x", *op, scratch, SCRATCH_BYTES) for op in self.operators)
        h, w, c, _ = self.shapes[0]
        image = bytes(self.below(256) for _ in range(h * w * c))
        h, w, c, int16 = self.shapes[-1]
        self.test = [fill(struct.pack("<I", 1) + image, 4)] + [bytes(h * w * c * (1 + int16))] * self.subnets
        return {"NETW": netw, "TENS": tens, "OPER": oper, **self.sections, "TEST": b"".join(self.test)}

    def meta(self, name):
        return {"name": name, "classes": [str(i) for i in range(self.shapes[-1][2])],
                "sparsities": [round(0.9 - 0.1 * k, 1) for k in range(self.subnets)], "operators": self.names,
                "graph": {"schema": "nestkit.graph/1"}, "tensor_scales": [[0.015625] * len(self.shapes)] * self.subnets}


# --- weight encodings

def quads(values, levels, channels, taps, block, subnets):
    data = b""
    for row in values:
        pairs = [tuple(row[c * taps + tap] if c < channels else 0 for c in (2 * cb, 2 * cb + 1))
                 for cb in range((channels + 1) // 2) for tap in range(taps)]
        pairs += [(0, 0)] * (len(pairs) % 2)
        for (a0, a1), (b0, b1) in zip(pairs[::2], pairs[1::2]):
            data += struct.pack("<4b", a0, b0, a1, b1)
    return data


def rows(values, levels, channels, taps, block, subnets):
    return b"".join(fill(struct.pack(f"<{len(row)}b", *row), 4) for row in values)


def nested(values, levels, channels, taps, block, subnets):
    counts, records = [], b""
    for row, level in zip(values, levels):
        for k in range(1, subnets + 1):
            at, count = 0, 0
            for p in range((channels + block - 1) // block * taps):
                lanes = [(p // taps * block + lane) * taps + p % taps for lane in range(block)]
                if level[lanes[0]] != k:
                    continue
                while p - at > 255:
                    records += struct.pack(f"<B{block}x", 255)
                    at, count = at + 255, count + 1
                records += struct.pack(f"<B{block}b", p - at, *(row[i] if i < len(row) else 0 for i in lanes))
                at, count = p, count + 1
            counts.append(count)
    return fill(struct.pack(f"<{len(counts)}H", *counts), 4) + records


# --- the file

def container(meta, networks, arena):
    sections = [("META", 0xFFFF, json.dumps(meta, sort_keys=True, separators=(",", ":")).encode())]
    sections += [(kind, i, data) for i, parts in enumerate(networks) for kind, data in parts.items() if data]
    table, body, base = b"", b"", 64 + 32 * len(sections)
    for kind, network, data in sections:
        table += struct.pack("<4sIIIH14x", kind.encode(), base + len(body), len(data), zlib.crc32(data), network)
        body += fill(data, 32)
    header = b"\x89NSM\r\n\x1a\n" + struct.pack("<HHIIIHHI24xI", 1, 0, base + len(body), any(p["WNCS"] for p in networks), 0,
                                                len(sections), len(networks), arena, zlib.crc32(table))
    return header + struct.pack("<I", zlib.crc32(header)) + table + body


def every_operator():
    """Three subnets, nested blocks of 1, 2 and 4, an addition in place, odd strides and paddings on one side."""
    n = Network(3, (7, 6, 3), -5, 1)
    stem = n.filters(CONV, 0, (7, 6, 5), (3, 3, 1, 1, 1, 1))
    branch = n.filters(CONV, stem, (7, 6, 5), (3, 3, 1, 1, 1, 1), block=2)
    wide = n.filters(DEPTHWISE, n.add_over(stem, branch), (4, 6, 5), (3, 3, 2, 1, 0, 1))
    pooled = n.max_pool(wide, (2, 3), (3, 3, 2, 2, 1, 1))
    features = n.filters(CONV, pooled, (2, 3, 45), block=4)
    n.filters(LINEAR, features, (1, 1, 4), block=1, int16=True)
    return n


def dense():
    """One subnet, no nested weights, positions in odd numbers, one kernel of a single row, int8 output."""
    n = Network(1, (6, 7, 1), 127, 5)
    first = n.filters(CONV, 0, (6, 4, 6), (3, 3, 1, 2, 1, 1))
    second = n.filters(CONV, first, (6, 4, 2), (1, 3, 1, 1, 0, 2))
    n.filters(LINEAR, n.avg_pool(second, (2, 2), (2, 3, 3, 1, 0, 0)), (1, 1, 5))
    return n


def eight_subnets():
    n = Network(8, (6, 7, 3), -128, 3)
    n.filters(LINEAR, n.avg_pool(0, (2, 3), (3, 3, 3, 2, 0, 0)), (1, 1, 3), block=2, int16=True)
    return n


def golden_inputs():
    """Three images for the first and the last network, nine for the second; the first 126 bytes are extremes."""
    rng = random.Random(4)
    return bytes(rng.getrandbits(8) if i >= 126 else 127 + rng.getrandbits(1) for i in range(3 * 126))


def golden_model():
    networks = [every_operator(), dense(), eight_subnets()]
    names = ["every operator", "dense", "eight subnets"]
    meta = {"schema": "nestkit.nsm/1", "tool_version": "by hand", "parents": [], "seed": 0, "data_manifest_sha256": "",
            "config": {}, "networks": [n.meta(name) for n, name in zip(networks, names)]}
    parts = [n.parts() for n in networks]
    arena = max(n.arena for n in networks)
    for n, part, read in zip(networks, parts, read_file(container(meta, parts, arena))["networks"]):
        part["TEST"] = n.test[0] + b"".join(evaluate(read, k, read["test"]["input"])[0] for k in range(1, n.subnets + 1))
    return container(meta, parts, arena)


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    (folder / "every_operator.nsm").write_bytes(golden_model())
    (folder / "every_operator.input").write_bytes(golden_inputs())
