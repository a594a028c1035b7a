"""STGS: stages and stopping rule of a cooperative model."""
import struct
import zlib

from .container import NOWHERE, require, zero

AGGREGATES = ["mean", "mean_logit", "geometric", "max", "vote", "replace"]
CONFIDENCES = ["max_probability", "margin", "entropy", "interval"]


def read_stages(sections, networks):
    data = sections[-1]["data"]
    require(len(data) >= 32, "STGS: too short")
    count, least, classes, aggregate, confidence, rows, columns, crc = struct.unpack_from("<HHHBBHHI", data)
    require(1 <= count <= 64 and 1 <= least <= count and classes >= 2, "STGS: stages or classes")
    require(aggregate < len(AGGREGATES) and confidence < len(CONFIDENCES), "STGS: aggregate or confidence")
    require(rows in (1, count) and columns in (1, classes), f"STGS: {rows}x{columns} thresholds")
    require(len(data) == 32 + 16 * count + 4 * rows * columns, f"STGS: {len(data)} bytes")
    require(zero(data[16:32]), "STGS: reserved bytes are not zero")
    crcs = b"".join(struct.pack("<I", s["crc"]) for s in sections if s["network"] != NOWHERE)
    require(zlib.crc32(crcs) == crc, "STGS: a rule for other networks")
    stages = [read_stage(data, i, classes, networks) for i in range(count)]
    require(sum(stage["weight"] for stage in stages) <= 4096, "STGS: weights beyond 4096")
    first = networks[stages[0]["network"]]
    for i, stage in enumerate(stages):
        require(input_of(networks[stage["network"]]) == input_of(first), f"STGS: stage {i + 1}: another input than the first's")
    values = struct.unpack_from(f"<{rows * columns}I", data, 32 + 16 * count)
    return {"classes": classes, "min_passes": least, "aggregate": AGGREGATES[aggregate], "confidence": CONFIDENCES[confidence],
            "stages": stages, "thresholds": [list(values[row * columns:(row + 1) * columns]) for row in range(rows)]}


def read_stage(data, index, classes, networks):
    place = f"STGS: stage {index + 1}"
    network, subnet, dy, dx, flip, reserved, weight = struct.unpack_from("<HHhhHHI", data, 32 + 16 * index)
    require(network < len(networks), f"{place}: no network {network}")
    require(1 <= subnet <= networks[network]["subnets"], f"{place}: no subnet {subnet}")
    output = networks[network]["tensors"][networks[network]["output"]]
    require(output["int16"] and output["shape"] == [1, 1, classes], f"{place}: no scores of {classes} classes")
    require(flip <= 1 and reserved == 0, f"{place}: view")
    require(weight >= 1, f"{place}: no weight")
    return {"network": network, "subnet": subnet, "dy": dy, "dx": dx, "flip": flip, "weight": weight}


def input_of(network):
    return network["tensors"][network["input"]]["shape"], network["input_zero_point"], network["input_scale"]
