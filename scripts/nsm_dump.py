#!/usr/bin/env python3
"""Checks a packed model (.nsm) by docs/format/nsm.md alone and dumps it as JSON.

Exit status: 0 good, 3 bad file, 2 usage.
"""
import argparse
import json
import struct
import sys
import zlib

import nsm


def describe_network(network, decode):
    del network["test"]
    kept, macs = [0] * network["subnets"], [0] * network["subnets"]
    for op in network["operators"]:
        y = network["tensors"][op["output"]]
        for k in range(network["subnets"] if op["values"] else 0):
            used = sum(0 < level <= k + 1 for row in op["level"] for level in row)
            kept[k] += used
            computed = used // y["c"] * op["tables"][k]["winners"] if op["gated"] else used
            macs[k] += computed * y["h"] * y["w"]
    operators = [describe_operator(op, network["subnets"], decode) for op in network["operators"]]
    return network | {"operators": operators, "stored_kept_weights": kept, "stored_macs": macs}


def describe_operator(op, subnets, decode):
    result = {key: op[key] for key in ("block", "inputs", "output", "kernel", "stride", "padding")}
    result |= {f"{key}_bytes": op[key][1] for key in ("weights", "requant", "scratch")}
    result |= {"kind": nsm.KINDS[op["kind"]], "encoding": nsm.ENCODINGS[op["encoding"]]}
    if decode and op["values"]:
        # CRC-32 of the dense int8 weights [row][channel][tap] that subnet k uses, 0 elsewhere.
        result["weight_crcs"] = [
            zlib.crc32(b"".join(struct.pack(f"<{len(row)}b", *(w if 0 < l <= k else 0 for w, l in zip(row, ls)))
                                for row, ls in zip(op["values"], op["level"]))) for k in range(1, subnets + 1)]
    if decode and op["tables"]:
        result["tables"] = op["tables"]
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="model", help="packed models (.nsm); one line of output each")
    parser.add_argument("--decode", action="store_true", help="add tables and CRCs of the decoded weights, per layer and subnet")
    arguments = parser.parse_args()
    status = 0
    for path in arguments.models:
        try:
            with open(path, "rb") as file:
                result = nsm.read_file(file.read())
            result["networks"] = [describe_network(n, arguments.decode) for n in result["networks"]]
        except (nsm.BadFile, OSError) as error:
            print(f"nsm_dump: error: {path}: {error}", file=sys.stderr)
            result, status = {"error": str(error)}, 3
        print(json.dumps(result, sort_keys=True))
    return status


if __name__ == "__main__":
    sys.exit(main())
