"""Figures of the area binary: kernels of the emulated M7, decisions against double precision. Used by scripts/headlines."""
import json
import pathlib
import subprocess
import tempfile

import bench_kernels

ROOT = pathlib.Path(__file__).resolve().parent.parent
GRAPHS = ROOT / "bench/graphs"
IMAGES = 20
MEASURED = {"source": "measured"}


def packed_bytes(binaries):
    """Files of TentacleNets, which share all up to the binary 5x5 convolution, over those of BENNs, which share nothing. Random weights: a
    binary weight takes its bit whatever it is."""
    for members in (3, 5):
        sizes = {}
        for split in ("block2.spatial", "input"):
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "model.nsm"
                subprocess.run([binaries / "random-model", "--arch", "nin_binary", "--input", "32x32x3", "--members", str(members), "--split", split,
                                "-q", "-o", path], check=True)
                sizes[split] = path.stat().st_size
        yield f"tentacle{members}_over_benn{members}_packed_bytes", sizes["block2.spatial"] / sizes["input"], MEASURED | {
            "split": "block2.spatial", "flash_bytes": sizes["block2.spatial"], "rival_flash_bytes": sizes["input"]}


def figures(binaries):
    """Yields (case, value, source); every answer is compared with the reference kernels' first."""
    record = bench_kernels.layers("bconv3x3_128_128")["bconv3x3_128_128"]
    yield "bconv3x3_128_128", 32 * record["insn_per_mac"], MEASURED | {"instructions": record["instructions"], "macs": record["macs"]}
    yield from packed_bytes(binaries)
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
