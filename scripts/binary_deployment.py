"""Figures of the area binary: kernels of the emulated M7, decisions against double precision. Used by scripts/headlines."""
import json
import pathlib
import subprocess

import bench_kernels

ROOT = pathlib.Path(__file__).resolve().parent.parent
GRAPHS = ROOT / "bench/graphs"
IMAGES = 20
MEASURED = {"source": "measured"}


def figures(binaries):
    """Yields (case, value, source); every answer is compared with the reference kernels' first."""
    record = bench_kernels.layers("bconv3x3_128_128")["bconv3x3_128_128"]
    yield "bconv3x3_128_128", 32 * record["insn_per_mac"], MEASURED | {"instructions": record["instructions"], "macs": record["macs"]}
    mismatches = images = levels = 0
    for graph in sorted(GRAPHS.glob("binary_*.json")):
        done = subprocess.run([binaries / "binary-agreement", graph, "--images", str(IMAGES)], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"binary-agreement {graph.name} ends with status {done.returncode}")
        found = json.loads(done.stdout)
        mismatches += found["levels_different_from_float"] + found["images_different_on_m7"]
        images += found["images"]
        levels += found["levels"]
    yield "host_equals_m7_equals_float", mismatches, MEASURED | {"images": images, "levels": levels}
