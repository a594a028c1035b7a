#!/usr/bin/env python3
"""Speed of the Cortex-M7 kernels: instructions, counted on the emulated core, and estimated cycles of layers and networks.

usage: scripts/bench_kernels.py [--json] [CASE]...      (cases whose name contains one of the words; default: all)

Every answer is compared with the reference kernels before its figures are printed. Layers run alone with random weights
("speed": blocks of 1x1, "balanced": 1x2; s75: 75 % of the blocks left out), everything from planar int8 to planar int8
included; networks are packed models with random weights, encoded for speed. "per MAC" counts the MACs of kept weights. Cycles are an
estimate from published pairing rules (docs/cycle_model.md), not measured, as the range says. "open library" is CMSIS-NN 2026-07, dense,
counted the same way but in another run: recorded, not measured here. The rival measured here is the dense case of each layer.
"fewest instructions": the same layer with the other schedule of the inner loops, what NESTKIT_M7_FEWEST_INSTRUCTIONS=ON builds.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import cycle_model
from cycle_model import BUILD, ROOT

BIN = BUILD / "bin"
SUBNET = {"dense": 1, "nested70": 3, "nested90": 1}
NETWORKS = {
    "resnet8_32x32": ["--arch", "resnet8", "--input", "32x32x3"],
    "ds_cnn_49x10": ["--arch", "ds_cnn", "--input", "49x10x1", "--classes", "12"],
    "mobilenet_v1_025_96x96": ["--arch", "mobilenet_v1", "--width", "0.25", "--input", "96x96x3", "--classes", "2"],
    "autoencoder_640": ["--arch", "autoencoder", "--input", "5x128x1"],
}
# CMSIS-NN 2026-07, all dense (arm-none-eabi-gcc 12.2, the same counter): instructions per MAC of a layer, per inference of a network.
RECORDED_PER_MAC = {"conv3x3_16x16x32_32": 1.927, "conv1x1_16x16x64_64": 2.033, "dwconv3x3_16x16x64": 8.476, "linear_1024_256": 1.923}
RECORDED = {"resnet8_32x32": 29_890_000, "ds_cnn_49x10": 7_760_000, "mobilenet_v1_025_96x96": 24_480_000, "autoencoder_640": 580_000}


def lines(*words):
    """The JSON lines that a program prints; RuntimeError if it fails or finds a wrong answer."""
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    records = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or any(not record.get("correct", True) for record in records):
        raise RuntimeError(f"{pathlib.Path(words[0]).name} ends with status {done.returncode}: {done.stdout.strip()[-300:]}")
    return records


def layers(*words):
    """Records of bench-kernels.elf by case, layers only: instructions, macs, insn_per_mac."""
    return {record["case"]: record for record in lines(ROOT / "firmware/run", cycle_model.ELF, *words)
            if record["case"].split("/")[0] not in NETWORKS}


def other_schedule(case, code, elf):
    """Instructions and estimated cycles of a case with the inner loops of the fewest instructions."""
    record = cycle_model.estimate(case, code, elf)
    return {f"fewest_instructions_{key}": record[key] for key in ("instructions", "cycles_low", "cycles_estimate", "cycles_high")}


def pack_random(network, folder, nested):
    model = pathlib.Path(folder) / f"{network}_{'nested' if nested else 'dense'}.nsm"
    lines(BIN / "random-model", *NETWORKS[network], *(["--sparsities", "0.7,0.8,0.9"] if nested else []), "--optimize", "speed", "-q", "-o", model)
    return model


def networks(wanted=lambda case: True):
    """Records by case of the packed networks, as the product runs them; `wanted` chooses by name."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for network in NETWORKS:
            for variants in (["dense"], ["nested70", "nested90"] if network != "autoencoder_640" else []):
                cases = {f"{network}/{variant}": SUBNET[variant] for variant in variants if wanted(f"{network}/{variant}")}
                if not cases:
                    continue
                model = pack_random(network, folder, variants != ["dense"])
                costs = {r["subnet"]: r for r in lines(BIN / "ns-bench", model, "--target", "emulator", "--cost-only", "--json")}
                for case, subnet in cases.items():
                    record = costs[subnet]
                    found[case] = {"case": case, "insn_per_mac": record["instructions"] / record["macs"]} | {
                        key: record[key] for key in ("instructions", "macs", "cycles_low", "cycles_estimate", "cycles_high")}
    return found


def crossing(points, dense):
    """The sparsity at which costs, by increasing sparsity, fall below `dense`; the first point's if that is below already."""
    before = None
    for sparsity, cost in points:
        if cost <= dense:
            if before is None:
                return sparsity
            return before[0] + (sparsity - before[0]) * (before[1] - dense) / (before[1] - cost)
        before = (sparsity, cost)
    return 1.0


def break_even(layer="conv1x1_16x16x64_64"):
    """Sparsity above which the sparse kernel costs less than our dense one: in instructions and in estimated cycles."""
    code = cycle_model.disassemble(cycle_model.ELF)
    dense, *sparse = [cycle_model.estimate(f"{layer}/{v}", code) for v in ["dense"] + [f"s{p}/balanced" for p in (10, 20, 30, 40, 50)]]
    return tuple(crossing([(1 - record["macs"] / dense["macs"], record[key]) for record in sparse], dense[key])
                 for key in ("instructions", "cycles_estimate"))


def add_rivals(record):
    """Adds what the same work costs elsewhere."""
    layer = record["case"].split("/")[0]
    if layer in RECORDED:
        record["open_library_recorded"] = RECORDED[layer]
    elif layer in RECORDED_PER_MAC and (record["case"].endswith("/dense") or "/" not in record["case"]):
        record["open_library_recorded"] = round(RECORDED_PER_MAC[layer] * record["macs"])
    return record


def main(words):
    unknown = [word for word in words if word.startswith("-") and word != "--json"]
    if "-h" in words or "--help" in words:
        print(__doc__)
        return 0
    if unknown:
        print(f"bench_kernels: error: unknown option '{unknown[0]}'", file=sys.stderr)
        return 2

    subprocess.run([ROOT / "scripts/build", "release"], check=True)
    try:
        return report([word for word in words if not word.startswith("-")], "--json" in words)
    except (RuntimeError, subprocess.CalledProcessError) as error:
        print(f"bench_kernels: error: {error}", file=sys.stderr)
        return 1


def report(words, as_json):
    def wanted(case):
        return not words or any(word in case for word in words)

    code = cycle_model.disassemble(cycle_model.ELF)
    fewest = cycle_model.ELF.with_stem(cycle_model.ELF.stem + cycle_model.FEWEST)
    fewest_code = cycle_model.disassemble(fewest)
    records = [cycle_model.estimate(case, code) | other_schedule(case, fewest_code, fewest) for case in layers() if wanted(case)]
    records += networks(wanted).values()
    if not records:
        print(f"bench_kernels: error: no case is named like {', '.join(words)}", file=sys.stderr)
        return 2
    if not as_json:
        print(f"{'case':32} {'instructions':>12} {'per MAC':>8} {'k cycles, estimated':>24} {'fewest instructions':>20} "
              f"{'k cycles, estimated':>24} {'open library (recorded)':>24}")
    for record in map(add_rivals, records):
        if as_json:
            print(json.dumps({"schema": "nestkit.kernel_speed/1"} | {k: v for k, v in record.items() if k != "correct"}), flush=True)
            continue
        cycles, other_cycles = (
            "{:.0f} ({:.0f}-{:.0f})".format(*(record[f"{which}cycles_{k}"] / 1000 for k in ("estimate", "low", "high")))
            if f"{which}cycles_low" in record else "" for which in ("", "fewest_instructions_"))
        print(f"{record['case']:32} {record['instructions']:12} {record['insn_per_mac']:8.3f} {cycles:>24} "
              f"{record.get('fewest_instructions_instructions', ''):>20} {other_cycles:>24} "
              f"{record.get('open_library_recorded', ''):>24}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
