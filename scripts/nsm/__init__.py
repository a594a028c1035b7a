"""A second reader of packed models, written from docs/format/nsm.md alone: independent of lib/runtime and lib/ns.

Where the two disagree, one of them or the document is wrong. Needs nothing but Python 3.
"""
import json

from .container import FEATURE_BINARY, FEATURE_GATED, FEATURE_NARROW_TABLES, FEATURE_NESTED, FEATURE_RICE, BadFile, align, read_container, require, zero
from .detector import detections, read_detector
from .network import (ADD, AVG_POOL, BINARY, BINARY_CONV, CONV, CSR, DEPTHWISE, ENCODINGS, KINDS, LINEAR, MAX_POOL, NESTED, NONE, RICE, check_memory,
                      read_network, read_operators, read_tensors)
from .stages import read_stages
from .weights import decode_weights, read_tables


def read_file(data):
    """Checks everything. Operators come with "values", "level" (rows over channel, tap) and "tables" (by subnet)."""
    header, sections = read_container(data)
    networks = []
    for i in range(header["networks"]):
        networks.append(read_one({s["type"]: s["data"] for s in sections if s["network"] == i}))
    operators = [op for n in networks for op in n["operators"]]
    for bit, what, used in ((FEATURE_NESTED, "nested weights", any(op["encoding"] in NESTED for op in operators)),
                            (FEATURE_NARROW_TABLES, "narrow tables", any(op["table_form"] for op in operators)),
                            (FEATURE_RICE, "Rice codes", any(op["encoding"] == RICE for op in operators)),
                            (FEATURE_BINARY, "binary layers", any(op["kind"] >= BINARY_CONV for op in operators)),
                            (FEATURE_GATED, "a gated convolution", any(op["gated"] for op in operators))):
        require(not used or header["required_features"] & bit, f"header: {what} without their feature bit")
    require(header["arena_bytes"] == max(n["arena_bytes"] for n in networks), "header: arena bytes")
    result = {"header": header, "meta": read_meta(sections[0]["data"], len(networks)), "networks": networks,
            "sections": [{"type": s["type"], "network": s["network"], "offset": s["offset"], "bytes": len(s["data"])}
                         for s in sections]}
    if sections[-1]["type"] == "STGS":
        result["rule"] = read_stages(sections, networks)
    return result


def read_one(parts):
    network = read_network(parts["NETW"])
    tensors = read_tensors(parts["TENS"], network)
    operators = read_operators(parts["OPER"], network, tensors)
    network["detector"] = read_detector(parts["DETC"], network, tensors) if "DETC" in parts else None
    network["outputs"] = network["detector"]["outputs"] if network["detector"] else [network["output"]]
    check_memory(network, tensors, operators, network["outputs"])
    for op in operators:
        place, (at, size) = op["place"], op["weights"]
        section = "WNCS" if op["encoding"] in NESTED else "WBIN" if op["encoding"] == BINARY else "WDEN"
        op["values"] = op["level"] = None
        if op["encoding"] == NONE:
            require((at, size) == (0, 0), f"{place}: weights of a {KINDS[op['kind']]}")
        else:
            raw = slice_of(section, parts.get(section, b""), at, size, place)
            op["values"], op["level"] = decode_weights(op, tensors, raw, network["subnets"])
        at, size = op["requant"]
        require(size > 0 or at == 0, f"{place}: offset of no tables")
        op["tables"] = read_tables(op, tensors, slice_of("REQT", parts.get("REQT", b""), at, size, place), network["subnets"])
    network["operators"], network["tensors"] = operators, tensors
    network["test"] = read_test(parts["TEST"], network, tensors)
    return network


def slice_of(section, data, at, size, place):
    require(at % 4 == 0 and at + size <= len(data), f"{place}: outside {section}")
    return data[at:at + size]


def read_test(data, network, tensors):
    """The input tensor's bytes, and the outputs' by subnet."""
    first, last = tensors[network["input"]]["bytes"], sum(tensors[t]["bytes"] for t in network["outputs"])
    begin = align(4 + first, 4)
    require(len(data) == begin + network["subnets"] * last, f"TEST: {len(data)} bytes")
    require(zero(data[4 + first:begin]), "TEST: filling is not zero")
    return {"input": data[4:4 + first], "outputs": [data[at:at + last] for at in range(begin, len(data), last)]}


def read_meta(data, networks):
    try:
        meta = json.loads(data.decode("utf-8"))
    except ValueError as error:
        raise BadFile(f"META: {error}") from error
    require(isinstance(meta, dict) and meta.get("schema") == "nestkit.nsm/1", "META: schema")
    require(len(meta.get("networks", [])) == networks, "META: number of networks")
    return meta
