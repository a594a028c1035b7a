#!/usr/bin/env python3
"""Reads a packed model (.nsm) by docs/format/nsm.md alone, checks everything and dumps it as JSON.

A second reader, independent of lib/runtime and lib/ns: where the two disagree, one of them or the document is wrong.
Needs nothing but Python 3. Exit status: 0 good, 3 bad file, 2 usage.
"""
import argparse
import json
import struct
import sys
import zlib

MAGIC = b"\x89NSM\r\n\x1a\n"
KINDS = {1: "conv", 2: "depthwise conv", 3: "linear", 4: "max pool", 5: "average pool", 6: "add"}
CONV, DEPTHWISE, LINEAR, MAX_POOL, AVG_POOL, ADD = KINDS
NONE, QUADS, ROWS, NESTED = range(4)
ENCODINGS = {NONE: "none", QUADS: "dense quads", ROWS: "dense rows", NESTED: "nested CSR, 8-bit gaps"}
ALLOWED = {CONV: (QUADS, NESTED), DEPTHWISE: (ROWS,), LINEAR: (ROWS, NESTED),
           MAX_POOL: (NONE,), AVG_POOL: (NONE,), ADD: (NONE,)}
PER_NETWORK = ["NETW", "TENS", "OPER", "WDEN", "WNCS", "REQT", "TEST"]
OPTIONAL = {"WDEN", "WNCS", "REQT"}
FEATURE_NESTED = 1
NOWHERE = 0xFFFF
INT32 = 1 << 31


class BadFile(Exception):
    pass


def require(condition, message):
    if not condition:
        raise BadFile(message)


def align(value, to):
    return (value + to - 1) // to * to


def zero(data):
    return not any(data)


def read_container(data):
    """Header fields and the list of sections, each a dict with its bytes."""
    require(len(data) >= 64, f"{len(data)} bytes do not hold a header")
    require(data[:8] == MAGIC, "magic: this is no packed model, or it was transferred as text")
    major, minor, size, required, optional, count, networks, arena = struct.unpack_from("<HHIIIHHI", data, 8)
    require(major == 1, f"major version {major}, 1 expected")
    table_crc, header_crc = struct.unpack_from("<II", data, 56)
    require(zlib.crc32(data[:60]) == header_crc, "header: CRC differs")
    require(size == len(data), f"header: {size} bytes, the file has {len(data)}")
    require(zero(data[32:56]), "header: reserved bytes are not zero")
    require(required & ~FEATURE_NESTED == 0, f"header: unknown required features {required:#x}")
    require(1 <= count <= 256, f"header: {count} sections")
    require(1 <= networks <= 16, f"header: {networks} networks")
    table_end = 64 + 32 * count
    require(table_end <= size, "section table: beyond the end of the file")
    require(zlib.crc32(data[64:table_end]) == table_crc, "section table: CRC differs")
    sections, end = [], table_end
    for i in range(count):
        name = f"section {i}"
        kind, offset, length, crc, network = struct.unpack_from("<4sIIIH", data, 64 + 32 * i)
        require(zero(data[64 + 32 * i + 18:64 + 32 * i + 32]), f"{name}: reserved bytes are not zero")
        kind = kind.decode("ascii", "replace")
        require(kind == "META" or kind in PER_NETWORK, f"{name}: unknown type {kind!r}")
        require(length >= 1, f"{name}: empty")
        require(offset == align(end, 32), f"{name}: at {offset}, {align(end, 32)} expected")
        require(offset + length <= size, f"{name}: beyond the end of the file")
        require(zero(data[end:offset]), f"{name}: the padding before it is not zero")
        sections.append({"type": kind, "network": network, "offset": offset, "data": data[offset:offset + length], "crc": crc})
        end = offset + length
    require(size == align(end, 32), f"header: {size} bytes, the sections end at {align(end, 32)}")
    require(zero(data[end:]), "the padding at the end is not zero")
    for section in sections:
        require(zlib.crc32(section["data"]) == section["crc"], f"section {section['type']} at {section['offset']:#x}: CRC differs")
    found = [(s["type"], s["network"]) for s in sections]
    wanted = [("META", NOWHERE)] + [(kind, n) for n in range(networks) for kind in PER_NETWORK
                                    if kind not in OPTIONAL or (kind, n) in found]
    require(found == wanted, f"section table: {found}, {wanted} expected")
    require(bool(required & FEATURE_NESTED) == any(s["type"] == "WNCS" for s in sections),
            "header: feature bit 0 and the presence of WNCS disagree")
    header = {"major": major, "minor": minor, "file_bytes": size, "required_features": required,
              "optional_features": optional, "arena_bytes": arena, "networks": networks}
    return header, sections


def read_network(data):
    require(len(data) >= 32, "NETW: too short")
    subnets, tensors, operators, first, last, zero_point, bits, scale, arena = struct.unpack_from("<HHHHHbBfI", data)
    require(1 <= subnets <= 8, f"NETW: {subnets} subnets")
    require(len(data) == 32 + 16 * subnets, f"NETW: {len(data)} bytes for {subnets} subnets")
    require(2 <= tensors <= 1024, f"NETW: {tensors} tensors")
    require(1 <= operators <= 1024, f"NETW: {operators} operators")
    require(first < tensors and last < tensors and first != last, "NETW: input or output tensor")
    require(bits == 8, f"NETW: {bits} fraction bits")
    require(0 < scale < float("inf"), f"NETW: input scale {scale}")
    require(0 < arena <= 1 << 30 and arena % 16 == 0, f"NETW: arena of {arena} bytes")
    require(zero(data[20:32]), "NETW: reserved bytes are not zero")
    records = []
    for k in range(subnets):
        macs, kept, ppm, reserved = struct.unpack_from("<IIII", data, 32 + 16 * k)
        require(ppm <= 1000000, f"NETW: subnet {k + 1}: sparsity of {ppm} ppm")
        require(reserved == 0, f"NETW: subnet {k + 1}: reserved bytes are not zero")
        records.append({"macs": macs, "kept_weights": kept, "sparsity_ppm": ppm})
        require(k == 0 or (macs >= records[-2]["macs"] and kept >= records[-2]["kept_weights"]
                           and ppm <= records[-2]["sparsity_ppm"]), f"NETW: subnet {k + 1} is sparser than subnet {k}")
    return {"subnets": subnets, "tensor_count": tensors, "operator_count": operators, "input": first, "output": last,
            "input_zero_point": zero_point, "input_scale": scale, "arena_bytes": arena, "subnet_records": records}


def read_tensors(data, network):
    require(len(data) == 16 * network["tensor_count"], "TENS: size")
    tensors = []
    for i in range(network["tensor_count"]):
        h, w, c, kind, reserved, offset, size = struct.unpack_from("<HHHBBII", data, 16 * i)
        require(h and w and c, f"tensor {i}: empty")
        require(kind in (0, 1) and reserved == 0, f"tensor {i}: type")
        require(offset % 4 == 0 and size == h * w * c * (1 + kind), f"tensor {i}: place or size")
        require(offset + size <= network["arena_bytes"], f"tensor {i}: beyond the arena")
        tensors.append({"h": h, "w": w, "c": c, "shape": [h, w, c], "int16": bool(kind), "offset": offset, "bytes": size})
    require(not tensors[network["input"]]["int16"], "NETW: the input is not int8")
    return tensors


OPERATOR = struct.Struct("<BBBBHHH6BIIIIIIQ")


def read_operators(data, network, tensors):
    require(len(data) == OPERATOR.size * network["operator_count"], "OPER: size")
    operators, written = [], {network["input"]}
    for i in range(network["operator_count"]):
        (kind, encoding, block, r0, a, b, out, kh, kw, sh, sw, pt, pl, w_at, w_bytes, q_at, q_bytes, s_at, s_bytes,
         r1) = OPERATOR.unpack_from(data, OPERATOR.size * i)
        place = f"operator {i}"
        require(r0 == 0 and r1 == 0, f"{place}: reserved bytes are not zero")
        require(kind in KINDS, f"{place}: kind {kind}")
        require(encoding in ALLOWED[kind], f"{place}: a {KINDS[kind]} with weight encoding {encoding}")
        require(block in (1, 2, 4) if encoding == NESTED else block == 0, f"{place}: block {block}")
        require(a in written, f"{place}: reads tensor {a} before it is written")
        require(b in written if kind == ADD else b == NOWHERE, f"{place}: second input {b}")
        require(out < len(tensors) and out not in written, f"{place}: output tensor {out}")
        written.add(out)
        op = {"kind": kind, "encoding": encoding, "block": block, "inputs": [a] + [b] * (kind == ADD), "output": out,
              "kernel": (kh, kw), "stride": (sh, sw), "padding": (pt, pl), "weights": (w_at, w_bytes),
              "requant": (q_at, q_bytes), "scratch": (s_at, s_bytes), "place": place}
        check_shapes(op, tensors)
        operators.append(op)
    require(len(written) == len(tensors), "OPER: a tensor is never written")
    return operators


def check_shapes(op, tensors):
    place, kind = op["place"], op["kind"]
    x, y = tensors[op["inputs"][0]], tensors[op["output"]]
    require(not x["int16"], f"{place}: reads int16")
    require(not y["int16"] or kind == LINEAR, f"{place}: writes int16")
    if kind in (LINEAR, ADD):
        require(op["kernel"] + op["stride"] + op["padding"] == (1, 1, 1, 1, 0, 0), f"{place}: window of a {KINDS[kind]}")
        z = tensors[op["inputs"][-1]]
        require(kind == ADD or (y["h"], y["w"]) == (1, 1), f"{place}: a linear layer writes one pixel")
        require(kind == LINEAR or not z["int16"] and x["shape"] == y["shape"] == z["shape"], f"{place}: shapes differ")
        return
    for extent, k, s, p in zip("hw", op["kernel"], op["stride"], op["padding"]):
        require(k >= 1 and s >= 1, f"{place}: kernel or stride 0")
        span = (y[extent] - 1) * s
        after = max(0, span + k - x[extent] - p)
        require(p < k and after < k and span - p < x[extent], f"{place}: padding")
        require(kind != AVG_POOL or (p == 0 and after == 0), f"{place}: an average over padding")
    require(kind == CONV or x["c"] == y["c"], f"{place}: channels differ")


def check_memory(network, tensors, operators):
    """Tensors and scratch that are alive at once do not overlap, but for additions in place."""
    count = len(operators)
    first = {network["input"]: 0}
    last = {network["output"]: count}
    for i, op in enumerate(operators):
        first[op["output"]] = i
        for tensor in op["inputs"]:
            last[tensor] = max(last.get(tensor, 0), i)
    for tensor, written in first.items():
        last.setdefault(tensor, written)  # nobody reads it

    def overlap(a, b):
        return a[0] < b[0] + b[1] and b[0] < a[0] + a[1]

    for i, op in enumerate(operators):
        alive = [t for t in range(len(tensors)) if first[t] <= i <= last[t]]
        spans = {t: (tensors[t]["offset"], tensors[t]["bytes"]) for t in alive}
        for n, a in enumerate(alive):
            for b in alive[n + 1:]:
                out, other = (a, b) if a == op["output"] else (b, a)
                in_place = (op["kind"] == ADD and out == op["output"] and other in op["inputs"] and last[other] == i
                            and tensors[a]["shape"] == tensors[b]["shape"] and spans[a] == spans[b])
                require(in_place or not overlap(spans[a], spans[b]), f"{op['place']}: tensors {a} and {b} overlap")
        at, size = op["scratch"]
        require(at % 16 == 0 and at + size <= network["arena_bytes"], f"{op['place']}: scratch place")
        for tensor, span in spans.items():
            require(size == 0 or not overlap((at, size), span), f"{op['place']}: scratch overlaps tensor {tensor}")


def weight_shape(op, tensors):
    """(rows, input channels, taps)"""
    x, y = tensors[op["inputs"][0]], tensors[op["output"]]
    if op["kind"] == LINEAR:
        return y["c"], x["h"] * x["w"] * x["c"], 1
    taps = op["kernel"][0] * op["kernel"][1]
    return y["c"], 1 if op["kind"] == DEPTHWISE else x["c"], taps


def decode_weights(op, tensors, data, levels):
    """Weights and their levels: lists of rows over (channel, tap)."""
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


def read_tables(op, tensors, data, subnets, values, level):
    """The tables of every subnet; proves that the accumulators cannot overflow."""
    kind, place, tables = op["kind"], op["place"], []
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
            require(shift <= 30 and (128 * n + abs(bias)) << shift < INT32, f"{where}: may overflow")
            tables.append({"multiplier": multiplier, "bias": bias, "output_zero_point": z_out, "left_shift": shift})
        elif kind == ADD:
            m0, m1, bias, shift = struct.unpack_from("<hhiB", data, at)
            require(zero(data[at + 9:at + 12]), f"{where}: reserved bytes are not zero")
            require(shift <= 30 and 128 * (abs(m0) + abs(m1)) + abs(bias) < INT32, f"{where}: may overflow")
            tables.append({"m0": m0, "m1": m1, "bias": bias, "shift": shift})
    return tables


def slice_of(section, data, at, size, place):
    require(at % 4 == 0 and at + size <= len(data), f"{place}: outside {section}")
    return data[at:at + size]


def read_one(parts, decode):
    network = read_network(parts["NETW"])
    tensors = read_tensors(parts["TENS"], network)
    operators = read_operators(parts["OPER"], network, tensors)
    check_memory(network, tensors, operators)
    subnets = network["subnets"]
    kept, macs, described = [0] * subnets, [0] * subnets, []
    for op in operators:
        place, (at, size) = op["place"], op["weights"]
        section = "WNCS" if op["encoding"] == NESTED else "WDEN"
        values = level = None
        if op["encoding"] == NONE:
            require((at, size) == (0, 0), f"{place}: weights of a {KINDS[op['kind']]}")
        else:
            raw = slice_of(section, parts.get(section, b""), at, size, place)
            values, level = decode_weights(op, tensors, raw, subnets)
        at, size = op["requant"]
        require(size > 0 or at == 0, f"{place}: offset of no tables")
        tables = read_tables(op, tensors, slice_of("REQT", parts.get("REQT", b""), at, size, place), subnets, values, level)
        described.append(describe(op, tensors, values, level, subnets, tables, decode))
        y = tensors[op["output"]]
        for k in range(subnets if values else 0):
            used = sum(0 < l <= k + 1 for row in level for l in row)
            kept[k] += used
            macs[k] += used * y["h"] * y["w"]
    check_test(parts["TEST"], network, tensors)
    network["operators"], network["tensors"] = described, tensors
    network["stored_kept_weights"], network["stored_macs"] = kept, macs
    return network


def describe(op, tensors, values, level, subnets, tables, decode):
    result = {key: op[key] for key in ("block", "inputs", "output", "kernel", "stride", "padding")}
    result |= {f"{key}_bytes": op[key][1] for key in ("weights", "requant", "scratch")}
    result |= {"kind": KINDS[op["kind"]], "encoding": ENCODINGS[op["encoding"]]}
    if decode and values:
        # CRC-32 of the dense int8 weights [row][channel][tap] that subnet k uses, 0 elsewhere.
        result["weight_crcs"] = [
            zlib.crc32(b"".join(struct.pack(f"<{len(row)}b", *(w if 0 < l <= k else 0 for w, l in zip(row, ls)))
                                for row, ls in zip(values, level))) for k in range(1, subnets + 1)]
    if decode and tables:
        result["tables"] = tables
    return result


def check_test(data, network, tensors):
    first, last = tensors[network["input"]], tensors[network["output"]]
    end = 4 + first["bytes"]
    require(len(data) == align(end, 4) + network["subnets"] * last["bytes"], f"TEST: {len(data)} bytes")
    require(zero(data[end:align(end, 4)]), "TEST: filling is not zero")


def read_file(data, decode=False):
    header, sections = read_container(data)
    networks = []
    for i in range(header["networks"]):
        networks.append(read_one({s["type"]: s["data"] for s in sections if s["network"] == i}, decode))
    require(header["arena_bytes"] == max(n["arena_bytes"] for n in networks), "header: arena bytes")
    try:
        meta = json.loads(sections[0]["data"].decode("utf-8"))
    except ValueError as error:
        raise BadFile(f"META: {error}") from error
    require(isinstance(meta, dict) and meta.get("schema") == "nestkit.nsm/1", "META: schema")
    require(len(meta.get("networks", [])) == len(networks), "META: number of networks")
    return {"header": header, "meta": meta, "networks": networks,
            "sections": [{"type": s["type"], "network": s["network"], "offset": s["offset"], "bytes": len(s["data"])}
                         for s in sections]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="model", help="packed models (.nsm); one line of output each")
    parser.add_argument("--decode", action="store_true", help="add tables and CRCs of the decoded weights, per layer and subnet")
    arguments = parser.parse_args()
    status = 0
    for path in arguments.models:
        try:
            with open(path, "rb") as file:
                result = read_file(file.read(), arguments.decode)
        except (BadFile, OSError) as error:
            print(f"nsm_dump: error: {path}: {error}", file=sys.stderr)
            result, status = {"error": str(error)}, 3
        print(json.dumps(result, sort_keys=True))
    return status


if __name__ == "__main__":
    sys.exit(main())
