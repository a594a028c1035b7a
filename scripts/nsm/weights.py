"""Weights, and the tables that differ between subnets."""
import struct

from .container import align, require, zero
from .network import ADD, AVG_POOL, CONV, DEPTHWISE, LINEAR, MAX_POOL, NESTED, QUADS

INT32 = 1 << 31


def weight_shape(op, tensors):
    """(rows, input channels, taps)"""
    x, y = tensors[op["inputs"][0]], tensors[op["output"]]
    if op["kind"] == LINEAR:
        return y["c"], x["h"] * x["w"] * x["c"], 1
    taps = op["kernel"][0] * op["kernel"][1]
    return y["c"], 1 if op["kind"] == DEPTHWISE else x["c"], taps


def decode_weights(op, tensors, data, levels):
    """Weights and the levels they belong to, both as a list of rows, each a list over channel, tap."""
    rows, channels, taps = weight_shape(op, tensors)
    values = [[0] * (channels * taps) for _ in range(rows)]
    level = [[1] * (channels * taps) for _ in range(rows)]
    if op["encoding"] == NESTED:
        decode_nested(op, data, levels, values, level, channels, taps)
    else:
        decode_dense(op, data, values, channels, taps)
    for row in values:
        require(-128 not in row, f"{op['place']}: weight −128")
    return values, level


def decode_dense(op, data, values, channels, taps):
    quads = op["encoding"] == QUADS
    positions = (channels + 1) // 2 * taps
    row_bytes = 4 * ((positions + 1) // 2) if quads else align(channels * taps, 4)
    require(len(data) == row_bytes * len(values), f"{op['place']}: {len(data)} bytes of weights")
    for r, row in enumerate(values):
        raw = list(struct.unpack_from(f"<{row_bytes}b", data, r * row_bytes))
        for i in range(channels * taps):
            channel, tap = divmod(i, taps)
            p = channel // 2 * taps + tap
            at = p // 2 * 4 + channel % 2 * 2 + p % 2 if quads else i
            row[i], raw[at] = raw[at], 0
        require(zero(raw), f"{op['place']}: row {r}: filling is not zero")


def decode_nested(op, data, levels, values, level, channels, taps):
    rows, block = len(values), op["block"]
    positions = (channels + block - 1) // block * taps
    at = align(2 * rows * levels, 4)
    require(len(data) >= at, f"{op['place']}: counts do not fit")
    counts = struct.unpack_from(f"<{rows * levels}H", data)
    require(zero(data[2 * rows * levels:at]), f"{op['place']}: filling after the counts is not zero")
    for r in range(rows):
        level[r] = [0] * (channels * taps)
        for k in range(1, levels + 1):
            place, p = f"{op['place']}: row {r}, level {k}", 0
            count = counts[r * levels + k - 1]
            for n in range(count):
                require(at + 1 + block <= len(data), f"{place}: truncated")
                gap, *weights = struct.unpack_from(f"<B{block}b", data, at)
                at += 1 + block
                require(gap > 0 or n == 0, f"{place}: gap 0")
                p += gap
                require(p < positions, f"{place}: position {p} of {positions}")
                if gap == 255 and zero(weights) and n + 1 < count:
                    continue
                for lane, weight in enumerate(weights):
                    channel = p // taps * block + lane
                    if channel >= channels:
                        require(weight == 0, f"{place}: a weight beyond the last channel")
                        continue
                    i = channel * taps + p % taps
                    require(level[r][i] == 0, f"{place}: position {p} is taken")
                    values[r][i], level[r][i] = weight, k
    require(at == len(data), f"{op['place']}: {len(data) - at} bytes after the last record")


def read_tables(op, tensors, data, subnets):
    """The tables of every subnet; proves that the accumulators cannot overflow."""
    kind, place, values, level, tables = op["kind"], op["place"], op["values"], op["level"], []
    rows = tensors[op["output"]]["c"]
    size = {CONV: 4 + 8 * rows, DEPTHWISE: 4 + 8 * rows, LINEAR: 4 + 8 * rows, MAX_POOL: 0, AVG_POOL: 12, ADD: 12}[kind]
    require(len(data) == size * subnets, f"{place}: {len(data)} bytes of tables")
    for k in range(1, subnets + 1):
        at = size * (k - 1)
        where = f"{place}: table of subnet {k}"
        if kind in (CONV, DEPTHWISE, LINEAR):
            z_in, z_out, reserved = struct.unpack_from("<bbH", data, at)
            require(reserved == 0, f"{where}: reserved bytes are not zero")
            require(z_out == 0 or not tensors[op["output"]]["int16"], f"{where}: zero point of an int16 output")
            pairs = list(struct.iter_unpack("<ii", data[at + 4:at + size]))
            for r, (multiplier, bias) in enumerate(pairs):
                require(512 <= abs(multiplier) < INT32, f"{where}: row {r}: multiplier {multiplier}")
                total = sum(abs(w) for w, l in zip(values[r], level[r]) if 0 < l <= k)
                require(128 * total + abs(bias) < INT32, f"{where}: row {r} may overflow")
            tables.append({"input_zero_point": z_in, "output_zero_point": z_out, "rows": pairs})
        elif kind == AVG_POOL:
            multiplier, bias, z_out, shift, reserved = struct.unpack_from("<iibBH", data, at)
            require(reserved == 0, f"{where}: reserved bytes are not zero")
            n = op["kernel"][0] * op["kernel"][1]
            require(multiplier >= 1, f"{where}: multiplier {multiplier}")
            require(shift <= 30 and (128 * n + abs(bias)) << shift < INT32, f"{where}: may overflow")
            tables.append({"multiplier": multiplier, "bias": bias, "output_zero_point": z_out, "left_shift": shift})
        elif kind == ADD:
            m0, m1, bias, shift = struct.unpack_from("<hhiB", data, at)
            require(zero(data[at + 9:at + 12]), f"{where}: reserved bytes are not zero")
            require(shift <= 30 and 128 * (abs(m0) + abs(m1)) + abs(bias) < INT32, f"{where}: may overflow")
            tables.append({"m0": m0, "m1": m1, "bias": bias, "shift": shift})
    return tables
