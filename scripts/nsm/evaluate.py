"""Runs a network in plain Python integers, by docs/numerics.md and docs/format/nsm.md alone.

Activations are lists over channel, row, column. Meant to be obviously right first; a convolution works on whole planes,
one kept weight at a time, which makes ten million multiplications a matter of seconds.
"""
import struct
import zlib

from .network import ADD, AVG_POOL, BINARY_CONV, CONCAT, DEPTHWISE, LINEAR, MAX_POOL, STEP


def evaluate(network, subnet, image):
    """The outputs' bytes for the input tensor's bytes, and the CRC-32 of every operator's output."""
    tensors = network["tensors"]
    values = {network["input"]: struct.unpack(f"<{len(image)}b", image)}
    packed, crcs = {}, []
    for op in network["operators"]:
        out = op["output"]
        values[out] = run_operator(op, subnet, [values[t] for t in op["inputs"]], tensors)
        packed[out] = struct.pack(f"<{len(values[out])}{'h' if tensors[out]['int16'] else 'b'}", *values[out])
        crcs.append(zlib.crc32(packed[out]))
    return b"".join(packed[tensor] for tensor in network["outputs"]), crcs


def run_operator(op, subnet, inputs, tensors):
    x, y = tensors[op["inputs"][0]], tensors[op["output"]]
    table = op["tables"][subnet - 1] if op["tables"] else None
    if op["kind"] == ADD:
        return add(table, *inputs)
    if op["kind"] == CONCAT:
        return [saturate((q * m + bias) >> table["shift"])
                for values, m, bias in zip(inputs, table["multipliers"], table["biases"]) for q in values]
    if op["kind"] == STEP:
        return to_levels(table["steps"], inputs[0], y)
    if op["kind"] == LINEAR:
        return filters(op, table, subnet, [[value] for value in inputs[0]], y)
    windows = gather(op, inputs[0], x, y, 0 if op["kind"] == BINARY_CONV else (table or {}).get("input_zero_point"))
    if op["kind"] == MAX_POOL:
        largest = [max(q for q in window if q is not None) for window in windows_of(windows, op)]
        return flip(table["flips"], largest, y) if table else largest
    if op["kind"] == AVG_POOL:
        return [average(window, table) for window in windows_of(windows, op)]
    return filters(op, table, subnet, windows, y, chosen(inputs[1], table["winners"]) if op["gated"] else None)


def chosen(saliencies, winners):
    """What each channel's multiplier is multiplied by; None for those that are not computed. Of equal saliencies the lower channel wins."""
    order = sorted(range(len(saliencies)), key=lambda channel: (-saliencies[channel], channel))
    return [saliencies[channel] + 128 if channel in order[:winners] else None for channel in range(len(saliencies))]


def saturate(value, int16=False):
    limit = 1 << (15 if int16 else 7)
    return max(-limit, min(limit - 1, value))


def requantise(value, multiplier, zero_point, int16=False):
    """A product rounded to its upper 32 bits, halves upwards. Python's >> is arithmetic."""
    return saturate(zero_point + ((value * multiplier + (1 << 31)) >> 32), int16)


def gather(op, q, x, y, padding):
    """For every channel and tap of the kernel, in that order: what the tap reads for every output pixel."""
    (kh, kw), (stride_y, stride_x), (top, left) = op["kernel"], op["stride"], op["padding"]
    height, width = x["h"], x["w"]
    result = []
    for channel in range(x["c"]):
        for ky in range(kh):
            for kx in range(kw):
                read = []
                for oy in range(y["h"]):
                    row = oy * stride_y + ky - top
                    for ox in range(y["w"]):
                        column = ox * stride_x + kx - left
                        inside = 0 <= row < height and 0 <= column < width
                        read.append(q[(channel * height + row) * width + column] if inside else padding)
                result.append(read)
    return result


def windows_of(gathered, op):
    """Every output's window, for operators that treat each channel on its own."""
    taps = op["kernel"][0] * op["kernel"][1]
    for channel in range(0, len(gathered), taps):
        yield from zip(*gathered[channel:channel + taps])


def filters(op, table, subnet, read, y, factors=None):
    """Convolution, depthwise, linear: one row of weights per output channel. `factors` are those of a gated convolution."""
    result = []
    for row, (weights, levels) in enumerate(zip(op["values"], op["level"])):
        if factors and factors[row] is None:
            result += [table["output_zero_point"]] * (y["h"] * y["w"])
            continue
        taps = read[row * len(weights):(row + 1) * len(weights)] if op["kind"] == DEPTHWISE else read
        sums = [0] * (y["h"] * y["w"])
        for weight, level, plane in zip(weights, levels, taps):
            if weight and 0 < level <= subnet:
                sums = [s + weight * q for s, q in zip(sums, plane)]
        if "steps" in table:
            result += sums
            continue
        multiplier, bias = table["rows"][row]
        multiplier *= factors[row] if factors else 1
        result += [requantise(s + bias, multiplier, table["output_zero_point"], y["int16"]) for s in sums]
    return to_levels(table["steps"], result, y) if "steps" in table else result


def to_levels(steps, values, y):
    """How many of its channel's thresholds each value reaches; counted from the highest level down where the flip says so."""
    pixels = y["h"] * y["w"]
    return [sum(t <= value for t in steps[i // pixels][1:]) ^ steps[i // pixels][0] for i, value in enumerate(values)]


def flip(flips, values, y):
    pixels = y["h"] * y["w"]
    return [y["highest"] - q if flips[i // pixels] else q for i, q in enumerate(values)]


def average(window, table):
    shifted = (sum(window) + table["bias"]) << table["left_shift"]
    return requantise(shifted, table["multiplier"], table["output_zero_point"])


def add(table, first, second):
    m0, m1, bias, shift = table["m0"], table["m1"], table["bias"], table["shift"]
    return [saturate((a * m0 + b * m1 + bias) >> shift) for a, b in zip(first, second)]
