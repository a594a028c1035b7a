"""One network: NETW, tensors, operators and the memory plan."""
import struct

from .container import NOWHERE, require, zero

KINDS = {1: "conv", 2: "depthwise conv", 3: "linear", 4: "max pool", 5: "average pool", 6: "add",
         7: "binary conv", 8: "step", 9: "concat"}
CONV, DEPTHWISE, LINEAR, MAX_POOL, AVG_POOL, ADD, BINARY_CONV, STEP, CONCAT = KINDS
WITH_ROWS = (CONV, DEPTHWISE, LINEAR)
TWO_INPUTS = (ADD, CONCAT)
NARROW_MULTIPLIERS, NARROW_BIASES = 1, 2
NONE, QUADS, ROWS, CSR, RICE, BINARY = range(6)
NESTED = (CSR, RICE)
ENCODINGS = {NONE: "none", QUADS: "dense quads", ROWS: "dense rows", CSR: "nested CSR, 8-bit gaps", RICE: "nested, Rice-coded gaps",
             BINARY: "binary"}
ALLOWED = {CONV: (QUADS,) + NESTED, DEPTHWISE: (ROWS,), LINEAR: (ROWS,) + NESTED,
           MAX_POOL: (NONE,), AVG_POOL: (NONE,), ADD: (NONE,), BINARY_CONV: (BINARY,), STEP: (NONE,), CONCAT: (NONE,)}


def requantises(op, tensors):
    """Whether its tables are rows of multipliers and biases."""
    return op["kind"] in WITH_ROWS or op["kind"] == BINARY_CONV and not tensors[op["output"]]["highest"]


def read_network(data):
    require(len(data) >= 32, "NETW: too short")
    subnets, tensors, operators, first, last, zero_point, bits, scale, arena = struct.unpack_from("<HHHHHbBfI", data)
    require(1 <= subnets <= 8, f"NETW: {subnets} subnets")
    require(len(data) == 32 + 16 * subnets, f"NETW: {len(data)} bytes for {subnets} subnets")
    require(2 <= tensors <= 1024, f"NETW: {tensors} tensors")
    require(1 <= operators <= 1023, f"NETW: {operators} operators")
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
        require(kind <= 4 and reserved == 0, f"tensor {i}: type")
        require(offset % 4 == 0 and size == h * w * c * (2 if kind == 1 else 1), f"tensor {i}: place or size")
        require(offset + size <= network["arena_bytes"], f"tensor {i}: beyond the arena")
        tensors.append({"h": h, "w": w, "c": c, "shape": [h, w, c], "int16": kind == 1, "highest": (1 << (kind - 1)) - 1 if kind > 1 else 0, "offset": offset, "bytes": size})
    first, last = tensors[network["input"]], tensors[network["output"]]
    require(not first["int16"] and not first["highest"], "NETW: the input is not int8")
    require(not last["highest"], "NETW: the output holds levels")
    return tensors


OPERATOR = struct.Struct("<BBBBHHH6BIIIIIIQ")


def read_operators(data, network, tensors):
    require(len(data) == OPERATOR.size * network["operator_count"], "OPER: size")
    operators, written = [], {network["input"]}
    for i in range(network["operator_count"]):
        (kind, encoding, block, form, a, b, out, kh, kw, sh, sw, pt, pl, w_at, w_bytes, q_at, q_bytes, s_at, s_bytes,
         r1) = OPERATOR.unpack_from(data, OPERATOR.size * i)
        place = f"operator {i}"
        require(r1 == 0, f"{place}: reserved bytes are not zero")
        require(kind in KINDS, f"{place}: kind {kind}")
        require(encoding in ALLOWED[kind], f"{place}: a {KINDS[kind]} with weight encoding {encoding}")
        require(block in (1, 2, 4) if encoding in NESTED else block == 0, f"{place}: block {block}")
        require(a in written, f"{place}: reads tensor {a} before it is written")
        gated = kind == CONV and b != NOWHERE
        require(not gated or encoding == QUADS, f"{place}: a gated conv with weight encoding {encoding}")
        require(b in written if kind in TWO_INPUTS or gated else b == NOWHERE, f"{place}: second input {b}")
        require(out < len(tensors) and out not in written, f"{place}: output tensor {out}")
        written.add(out)
        op = {"kind": kind, "encoding": encoding, "block": block, "table_form": form, "inputs": [a] + [b] * (kind in TWO_INPUTS or gated), "output": out, "gated": gated,
              "kernel": (kh, kw), "stride": (sh, sw), "padding": (pt, pl), "weights": (w_at, w_bytes),
              "requant": (q_at, q_bytes), "scratch": (s_at, s_bytes), "place": place}
        require(form < (4 if requantises(op, tensors) else 1), f"{place}: table form {form}")
        check_shapes(op, tensors)
        operators.append(op)
    require(len(written) == len(tensors), "OPER: a tensor is never written")
    return operators


def check_shapes(op, tensors):
    place, kind = op["place"], op["kind"]
    x, y = tensors[op["inputs"][0]], tensors[op["output"]]
    require(not any(tensors[t]["int16"] for t in op["inputs"]), f"{place}: reads int16")
    require(not y["int16"] or kind == LINEAR, f"{place}: writes int16")
    if kind == MAX_POOL:
        require(x["highest"] == y["highest"], f"{place}: levels differ")
    else:
        require(all(bool(tensors[t]["highest"]) == (kind == BINARY_CONV) for t in op["inputs"]), f"{place}: levels read")
        require(kind == BINARY_CONV or bool(y["highest"]) == (kind == STEP), f"{place}: levels written")
    if kind == BINARY_CONV:
        require(x["c"] * op["kernel"][0] * op["kernel"][1] * x["highest"] <= 32766, f"{place}: sums leave int16")
    if kind == CONCAT:
        z = tensors[op["inputs"][1]]
        require(op["kernel"] + op["stride"] + op["padding"] == (1, 1, 1, 1, 0, 0), f"{place}: window of a {KINDS[kind]}")
        require(y["shape"] == [x["h"], x["w"], x["c"] + z["c"]] and x["shape"][:2] == z["shape"][:2], f"{place}: shapes differ")
        return
    if kind in (LINEAR, ADD, STEP):
        require(op["kernel"] + op["stride"] + op["padding"] == (1, 1, 1, 1, 0, 0), f"{place}: window of a {KINDS[kind]}")
        z = tensors[op["inputs"][-1]]
        require(kind != LINEAR or (y["h"], y["w"]) == (1, 1), f"{place}: a linear layer writes one pixel")
        require(kind == LINEAR or x["shape"] == y["shape"] == z["shape"], f"{place}: shapes differ")
        return
    if op["gated"]:
        z = tensors[op["inputs"][1]]
        require(not z["int16"] and z["shape"] == [1, 1, y["c"]], f"{place}: saliencies")
    for extent, k, s, p in zip("hw", op["kernel"], op["stride"], op["padding"]):
        require(k >= 1 and s >= 1, f"{place}: kernel or stride 0")
        span = (y[extent] - 1) * s
        after = max(0, span + k - x[extent] - p)
        require(p < k and after < k and span - p < x[extent], f"{place}: padding")
        require(kind != AVG_POOL or (p == 0 and after == 0), f"{place}: an average over padding")
    require(kind in (CONV, BINARY_CONV) or x["c"] == y["c"], f"{place}: channels differ")


def check_memory(network, tensors, operators, outputs):
    """Tensors and scratch that are alive at once do not overlap, but for additions and steps in place."""
    count = len(operators)
    first = {network["input"]: 0}
    last = dict.fromkeys(outputs, count)
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
                in_place = (op["kind"] in (ADD, STEP) and out == op["output"] and other in op["inputs"] and last[other] == i
                            and tensors[a]["shape"] == tensors[b]["shape"] and spans[a] == spans[b])
                require(in_place or not overlap(spans[a], spans[b]), f"{op['place']}: tensors {a} and {b} overlap")
        at, size = op["scratch"]
        require(at % 16 == 0 and at + size <= network["arena_bytes"], f"{op['place']}: scratch place")
        for tensor, span in spans.items():
            require(size == 0 or not overlap((at, size), span), f"{op['place']}: scratch overlaps tensor {tensor}")
