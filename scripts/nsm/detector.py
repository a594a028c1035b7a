"""DETC: what a detector's outputs mean, and the boxes that they stand for (docs/numerics.md)."""
import math
import struct

from .container import require, zero

ONE = 1 << 15
FRACTIONS = [round((1 << 16) * math.exp(-i / 256)) for i in range(256)]
WHOLES = [round((1 << 31) * math.exp(-i)) for i in range(13)]


def read_detector(data, network, tensors):
    require(len(data) >= 32, "DETC: too short")
    scales, classes, candidates, least_score, most_overlap = struct.unpack_from("<HHHHH", data)
    require(1 <= scales <= 8 and 1 <= classes <= 254 and 1 <= candidates <= 1024, "DETC: scales, classes or candidates")
    require(1 <= least_score <= ONE and most_overlap <= ONE, "DETC: least score or most overlap")
    require(zero(data[10:32]) and len(data) >= 32 + 8 * scales, "DETC: reserved bytes or size")
    records = [struct.unpack_from("<HHHH", data, 32 + 8 * i) for i in range(scales)]
    shapes = sum(record[2] for record in records)
    require(len(data) == 32 + 8 * scales + 4 * shapes + 12 * scales * network["subnets"], f"DETC: {len(data)} bytes")
    sizes = list(struct.iter_unpack("<HH", data[32 + 8 * scales:32 + 8 * scales + 4 * shapes]))
    require(all(1 <= extent <= ONE for size in sizes for extent in size), "DETC: default boxes")
    found = {"classes": classes, "candidates": candidates, "least_score": least_score, "most_overlap": most_overlap, "scales": [], "outputs": []}
    for i, (scores, boxes, count, reserved) in enumerate(records):
        check_maps(f"DETC: scale {i}", (scores, classes + 1), (boxes, 4), count, network, tensors)
        require(1 <= count <= 64 and reserved == 0, f"DETC: scale {i}: default boxes")
        found["scales"].append({"scores": scores, "boxes": boxes, "sizes": sizes[:count], "steps": []})
        found["outputs"] += [scores, boxes]
        sizes = sizes[count:]
    require(network["output"] in found["outputs"], "DETC: the network's output is none of its")
    require(sum(tensors[t]["bytes"] for t in found["outputs"]) <= 65535, "DETC: outputs beyond 65535 bytes")
    for i, (a, b, zero_point, *reserved) in enumerate(struct.iter_unpack("<IIb3B", data[len(data) - 12 * scales * network["subnets"]:])):
        require(1 <= a < 1 << 24 and 1 <= b < 1 << 23 and not any(reserved), f"DETC: steps {i}")
        found["scales"][i % scales]["steps"].append((a, b, zero_point))
    return found


def check_maps(place, scores, boxes, shapes, network, tensors):
    for tensor, per_shape in (scores, boxes):
        require(tensor < len(tensors) and tensor != network["input"], f"{place}: tensor {tensor}")
        t = tensors[tensor]
        require(not t["int16"] and not t["highest"], f"{place}: type of tensor {tensor}")
        require(t["c"] == shapes * per_shape and t["h"] <= 1024 and t["w"] <= 1024, f"{place}: shape of tensor {tensor}")
        require(t["shape"][:2] == tensors[scores[0]]["shape"][:2], f"{place}: grids differ")


def exp_of_minus(x):
    return 0 if x >= 13 * 256 else (FRACTIONS[x % 256] * WHOLES[x // 256] + (1 << 30)) >> 31


def edges(index, cells, extent, shift, growth, b):
    centre = ((2 * index + 1) << 15) // cells + ((shift * b * extent + (1 << 22)) >> 23)
    x = min((growth * b + (1 << 14)) >> 15, 4 * 256)
    width = (extent * exp_of_minus(-x) + (1 << 15)) >> 16 if x <= 0 else (extent << 16) // exp_of_minus(x)
    return [min(max((edge + 1) >> 1, 0), ONE) for edge in (centre - width, centre + width)]


def overlaps(p, q, most):
    w, h = min(p[2], q[2]) - max(p[0], q[0]), min(p[3], q[3]) - max(p[1], q[1])
    if w <= 0 or h <= 0:
        return False
    areas = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (p, q))
    return w * h * ONE > (areas - w * h) * most


def detections(network, tensors, subnet, output):
    """From the bytes of all outputs: [[x0, y0, x1, y1], label, score] by falling score."""
    detector, found, at = network["detector"], [], 0
    for scale in detector["scales"]:
        h, w, channels = tensors[scale["scores"]]["shape"]
        cells, values = h * w, struct.unpack_from(f"<{h * w * (channels + 4 * len(scale['sizes']))}b", output, at)
        at += len(values)
        a, b, zero_point = scale["steps"][subnet - 1]
        for shape, (width, height) in enumerate(scale["sizes"]):
            for cell in range(cells):
                of_class = [values[(shape * (detector["classes"] + 1) + c) * cells + cell] for c in range(detector["classes"] + 1)]
                weights = [exp_of_minus(((max(of_class) - q) * a + (1 << 11)) >> 12) for q in of_class]
                dx, dy, dw, dh = (values[(channels + 4 * shape + i) * cells + cell] - zero_point for i in range(4))
                (x0, x1), (y0, y1) = edges(cell % w, w, width, dx, dw, b), edges(cell // w, h, height, dy, dh, b)
                for label, weight in enumerate(weights[1:]):
                    score = (weight << 15) // sum(weights)
                    if score >= detector["least_score"]:
                        found.append(([x0, y0, x1, y1], label, score))
    kept = []
    for box, label, score in sorted(found, key=lambda one: -one[2])[:detector["candidates"]]:
        if not any(label == other and overlaps(box, place, detector["most_overlap"]) for place, other, _ in kept):
            kept.append((box, label, score))
    return kept
