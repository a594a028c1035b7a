#!/usr/bin/env python3
"""Runs a packed model (.nsm) in plain Python integers, by docs/numerics.md and docs/format/nsm.md alone.

Without --input, runs every network's own test vector and compares. One JSON object per line: network, subnet, image, output
(its values, of a detector those of all outputs), operator_crcs (CRC-32 of every operator's output), of a detector detections (box, label, score by
docs/numerics.md) and, for the test vector, agrees.
Exit status: 0 done and every output agrees, 1 an output differs from the file's, 2 usage, 3 bad file.
"""
import argparse
import json
import struct
import sys

import nsm
from nsm.evaluate import evaluate


def run(network, subnet, image):
    output, crcs = evaluate(network, subnet, image)
    letter = "h" if network["tensors"][network["output"]]["int16"] else "b"
    record = {"subnet": subnet, "output": [value for value, in struct.iter_unpack("<" + letter, output)], "operator_crcs": crcs}
    if network["detector"]:
        record["detections"] = nsm.detections(network, network["tensors"], subnet, output)
    return output, record


def split_images(data, network):
    size = network["tensors"][network["input"]]["bytes"]
    nsm.require(data and len(data) % size == 0, f"{len(data)} bytes of input, a multiple of {size} expected")
    return [data[at:at + size] for at in range(0, len(data), size)]


def records(networks, arguments, inputs):
    for index in networks:
        network = networks[index]
        images = split_images(inputs, network) if inputs is not None else [network["test"]["input"]]
        for subnet in [arguments.subnet] if arguments.subnet else range(1, network["subnets"] + 1):
            for i, image in enumerate(images):
                output, record = run(network, subnet, image)
                record |= {"network": index, "image": i}
                if inputs is None:
                    record["agrees"] = output == network["test"]["outputs"][subnet - 1]
                yield record


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="packed model (.nsm)")
    parser.add_argument("--network", type=int, metavar="I", help="only this network, from 0 (default: all)")
    parser.add_argument("--subnet", type=int, metavar="K", help="only this subnet, from 1 (default: all)")
    parser.add_argument("--input", metavar="FILE", help="input tensors instead of the test vector: planar int8, one after the other")
    arguments = parser.parse_args()
    try:
        with open(arguments.model, "rb") as file:
            networks = dict(enumerate(nsm.read_file(file.read())["networks"]))
        inputs = None
        if arguments.input is not None:
            with open(arguments.input, "rb") as file:
                inputs = file.read()
        if arguments.network is not None:
            if arguments.network not in networks:
                parser.error(f"--network {arguments.network}: 0 to {len(networks) - 1} expected")
            networks = {arguments.network: networks[arguments.network]}
        most = min(n["subnets"] for n in networks.values())
        if arguments.subnet is not None and not 1 <= arguments.subnet <= most:
            parser.error(f"--subnet {arguments.subnet}: 1 to {most} expected")
        agree = True
        for record in records(networks, arguments, inputs):
            print(json.dumps(record, sort_keys=True))
            agree = agree and record.get("agrees", True)
    except (nsm.BadFile, OSError) as error:
        print(f"nsm_run: error: {arguments.model}: {error}", file=sys.stderr)
        return 3
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
