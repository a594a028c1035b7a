"""Weights, and the tables that differ between subnets."""
import struct

from .container import align, require, zero
from .network import (ADD, AVG_POOL, BINARY, CONCAT, DEPTHWISE, LINEAR, MAX_POOL, NARROW_BIASES, NARROW_MULTIPLIERS, NESTED,
                      QUADS, RICE, requantises)

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
    if op["encoding"] in NESTED:
        rows_of = rice_records if op["encoding"] == RICE else csr_records
        decode_nested(op, rows_of(op, data, levels, rows), values, level, channels, taps)
    elif op["encoding"] == BINARY:
        decode_binary(op, data, values, channels, taps)
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


def decode_binary(op, data, values, channels, taps):
    row_bytes = 4 * (((channels + 3) // 4 * taps + 7) // 8)
    require(len(data) == row_bytes * len(values), f"{op['place']}: {len(data)} bytes of weights")
    for r, row in enumerate(values):
        bits = int.from_bytes(data[r * row_bytes:(r + 1) * row_bytes], "little")
        for i in range(channels * taps):
            channel, tap = divmod(i, taps)
            bit = 1 << (channel // 4 * taps + tap) * 4 + channel % 4
            row[i] = 1 if bits & bit else -1
            bits &= ~bit
        require(bits == 0, f"{op['place']}: row {r}: bits for weights that are not there")


def read_steps(op, tensors, data, where):
    """Of every channel: a flip and rising thresholds."""
    highest, channels = tensors[op["output"]]["highest"], tensors[op["output"]]["c"]
    end = 2 * channels * (highest + 1)
    require(zero(data[end:]), f"{where}: filling is not zero")
    rows = [list(row) for row in struct.iter_unpack(f"<{highest + 1}h", data[:end])]
    for r, (flip, *thresholds) in enumerate(rows):
        require(flip in (0, highest), f"{where}: row {r}: flip {flip}")
        require(thresholds == sorted(thresholds), f"{where}: row {r}: thresholds fall")
    return {"steps": rows}


def read_flips(op, tensors, data, where):
    channels = tensors[op["output"]]["c"]
    bits = int.from_bytes(data, "little")
    require(bits >> channels == 0, f"{where}: bits for channels that are not there")
    return {"flips": [bits >> c & 1 for c in range(channels)]}


def decode_nested(op, lists, values, level, channels, taps):
    """Stores the records of every row and level: `lists` yields (row, level, bridging gap, start, [(gap, weights)])."""
    block = op["block"]
    positions = (channels + block - 1) // block * taps
    for row in level:
        row[:] = [0] * (channels * taps)
    for r, k, bridge, p, records in lists:
        place = f"{op['place']}: row {r}, level {k}"
        for n, (gap, weights) in enumerate(records):
            p += gap
            require(p < positions, f"{place}: position {p} of {positions}")
            if gap == bridge and zero(weights) and n + 1 < len(records):
                continue
            for lane, weight in enumerate(weights):
                channel = p // taps * block + lane
                if channel >= channels:
                    require(weight == 0, f"{place}: a weight beyond the last channel")
                    continue
                i = channel * taps + p % taps
                require(level[r][i] == 0, f"{place}: position {p} is taken")
                values[r][i], level[r][i] = weight, k


def csr_records(op, data, levels, rows):
    block = op["block"]
    at = align(2 * rows * levels, 4)
    require(len(data) >= at, f"{op['place']}: counts do not fit")
    counts = struct.unpack_from(f"<{rows * levels}H", data)
    require(zero(data[2 * rows * levels:at]), f"{op['place']}: filling after the counts is not zero")
    for r in range(rows):
        for k in range(1, levels + 1):
            place, records = f"{op['place']}: row {r}, level {k}", []
            for n in range(counts[r * levels + k - 1]):
                require(at + 1 + block <= len(data), f"{place}: truncated")
                gap, *weights = struct.unpack_from(f"<B{block}b", data, at)
                at += 1 + block
                require(gap > 0 or n == 0, f"{place}: gap 0")
                records.append((gap, weights))
            yield r, k, 255, 0, records
    require(at == len(data), f"{op['place']}: {len(data) - at} bytes after the last record")


def rice_records(op, data, levels, rows):
    block, at = op["block"], 16 * levels
    require(len(data) >= at, f"{op['place']}: heads do not fit")
    for k in range(1, levels + 1):
        place = f"{op['place']}: level {k}"
        offset, total, code_bytes, low_bits, count_bytes, reserved = struct.unpack_from("<IIIBBH", data, 16 * (k - 1))
        require(offset == at, f"{place}: at {offset}, {at} expected")
        require(low_bits <= 14 and count_bytes in (1, 2) and reserved == 0, f"{place}: head")
        require(code_bytes % 2 == 0 and (code_bytes >= 4 if total else code_bytes == 0), f"{place}: {code_bytes} bytes of codes")
        counts_at = at + code_bytes
        values_at = counts_at + rows * count_bytes
        end = values_at + total * block
        at = align(end, 4)
        require(at <= len(data), f"{place}: truncated")
        require(zero(data[end:at]), f"{place}: filling is not zero")
        counts = struct.unpack_from(f"<{rows}{'BH'[count_bytes - 1]}", data, counts_at)
        require(sum(counts) == total, f"{place}: {sum(counts)} records, {total} expected")
        words = struct.unpack_from(f"<{code_bytes // 2}H", data, offset)
        gaps, used = rice_gaps("".join(f"{word:016b}" for word in words), low_bits, total, place)
        require(code_bytes == (2 * ((used + 15) // 16) + 2 if total else 0), f"{place}: {code_bytes} bytes hold {used} bits of codes")
        require("1" not in "".join(f"{word:016b}" for word in words)[used:], f"{place}: bits after the last code")
        for r, count in enumerate(counts):
            records = []
            for _ in range(count):
                records.append((next(gaps), list(struct.unpack_from(f"<{block}b", data, values_at))))
                values_at += block
            yield r, k, (16 - low_bits) << low_bits, -1, records
    require(at == len(data), f"{op['place']}: {len(data)} bytes of weights, {at} expected")


def rice_gaps(bits, low_bits, total, place):
    """An iterator over the gaps, and how many bits they take."""
    gaps, at = [], 0
    for _ in range(total):
        one = bits.find("1", at)
        end = one + 1 + low_bits
        require(one >= 0 and end - at <= 16 and end <= len(bits), f"{place}: no code of at most 16 bits at bit {at}")
        gaps.append(((one - at) << low_bits) + int("0" + bits[one + 1:end], 2) + 1)
        at = end
    return iter(gaps), at


def read_rows(form, data, rows):
    """Multiplier and bias of every row, as stored."""
    if form == 0:
        return list(struct.iter_unpack("<ii", data[:8 * rows]))
    if form == NARROW_BIASES:
        return list(zip(struct.unpack_from(f"<{rows}i", data), struct.unpack_from(f"<{rows}h", data, 4 * rows)))
    width, code = (2, "h") if form & NARROW_BIASES else (4, "i")
    return list(zip(struct.unpack_from(f"<{rows}h", data, width * rows), struct.unpack_from(f"<{rows}{code}", data)))


def read_tables(op, tensors, data, subnets):
    """The tables of every subnet; proves that the accumulators cannot overflow."""
    kind, place, values, level, tables = op["kind"], op["place"], op["values"], op["level"], []
    rows = tensors[op["output"]]["c"]
    row_bytes = sum(2 if op["table_form"] & flag else 4 for flag in (NARROW_MULTIPLIERS, NARROW_BIASES))
    highest = tensors[op["output"]]["highest"]
    levels_size = (rows + 31) // 32 * 4 if kind == MAX_POOL else align(2 * rows * (highest + 1), 4)
    size = levels_size if highest else {MAX_POOL: 0, AVG_POOL: 12, ADD: 12, CONCAT: 16}.get(kind, align(4 + row_bytes * rows, 4))
    size += 4 * op["gated"]
    require(len(data) == size * subnets, f"{place}: {len(data)} bytes of tables")
    for k in range(1, subnets + 1):
        at = size * (k - 1)
        where = f"{place}: table of subnet {k}"
        if highest:
            tables.append((read_flips if kind == MAX_POOL else read_steps)(op, tensors, data[at:at + size], where))
        elif requantises(op, tensors):
            z_in, z_out, m_shift, b_shift = struct.unpack_from("<bbBB", data, at)
            require(z_out == 0 or not tensors[op["output"]]["int16"], f"{where}: zero point of an int16 output")
            require(m_shift <= (16 if op["table_form"] & NARROW_MULTIPLIERS else 0), f"{where}: multiplier shift {m_shift}")
            require(b_shift <= (16 if op["table_form"] & NARROW_BIASES else 0), f"{where}: bias shift {b_shift}")
            end = at + size - 4 * op["gated"]
            require(zero(data[at + 4 + row_bytes * rows:end]), f"{where}: filling is not zero")
            winners, reserved = struct.unpack_from("<HH", data, end) if op["gated"] else (rows, 0)
            require(1 <= winners <= rows and reserved == 0, f"{where}: {winners} winners")
            pairs = [(m << m_shift, b << b_shift) for m, b in read_rows(op["table_form"], data[at + 4:at + size], rows)]
            for r, (multiplier, bias) in enumerate(pairs):
                require(512 <= abs(multiplier) < INT32 and (not op["gated"] or 255 * abs(multiplier) < INT32),
                        f"{where}: row {r}: multiplier {multiplier}")
                total = sum(abs(w) for w, l in zip(values[r], level[r]) if 0 < l <= k)
                require(128 * total + abs(bias) < INT32, f"{where}: row {r} may overflow")
            tables.append({"input_zero_point": z_in, "output_zero_point": z_out, "rows": pairs} | ({"winners": winners} if op["gated"] else {}))
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
        elif kind == CONCAT:
            m0, m1, b0, b1, shift = struct.unpack_from("<hhiiB", data, at)
            require(zero(data[at + 13:at + 16]), f"{where}: reserved bytes are not zero")
            require(shift <= 30 and all(128 * abs(m) + abs(b) < INT32 for m, b in ((m0, b0), (m1, b1))), f"{where}: may overflow")
            tables.append({"multipliers": [m0, m1], "biases": [b0, b1], "shift": shift})
    return tables
