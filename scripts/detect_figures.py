"""The figures of the area detect: costs of detectors with random weights, measured, and mean average precisions from raw records (nestkit.detection/1)."""
import json
import pathlib
import subprocess
import tempfile

DATA_SETS = ("neu_det", "bccd")
# Input and classes are those of NEU-DET.
DETECTORS = {"resnet_backbone": ("ssd_resnet8", "160x160x1", 6, 1), "mobilenet_v2": ("ssd_mobilenet_v2", "160x160x1", 6, 1)}
MEASURED = {"source": "measured"}


def run(*words):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{words[0]} ends with status {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def costs(binaries, folder, arch, shape, classes, width):
    """Records of ns-bench by sparsity in percent."""
    model = pathlib.Path(folder) / f"{arch}.nsm"
    run(binaries / "random-model", "--arch", arch, "--input", shape, "--classes", classes, "--width", width, "--sparsities", "0.7,0.8,0.9", "-q", "-o", model)
    return {round(100 * record["sparsity"]): record for record in run(binaries / "ns-bench", model, "--target", "emulator", "--cost-only", "--json")}


def measured(binaries):
    with tempfile.TemporaryDirectory() as folder:
        found = {name: costs(binaries, folder, *of) for name, of in DETECTORS.items()}
    for name, by_sparsity in found.items():
        yield f"{name}/cost90_over_70", by_sparsity[90]["instructions"] / by_sparsity[70]["instructions"], MEASURED | {
            "instructions70": by_sparsity[70]["instructions"], "instructions90": by_sparsity[90]["instructions"]}
    share = {name: by_sparsity[90]["outside_sparse_share"] for name, by_sparsity in found.items()}
    yield "non_sparse_share_at_90", max(share.values()), MEASURED | share
    yield "arena", max(record["arena_bytes"] for by_sparsity in found.values() for record in by_sparsity.values()), MEASURED


def read(paths):
    """Records by (network, experiment)."""
    found = {}
    for line in [line for path in paths for line in path.read_text().splitlines()]:
        record = json.loads(line)
        if record["schema"] == "nestkit.detection/1":
            found.setdefault((record["network"], record["experiment"]), []).append(record)
    return found


def mean(values):
    return sum(values) / len(values)


def points(records, key, sparsity=None):
    """Mean over the seeds and, without a sparsity, over all subnets."""
    return 100 * mean([subnet[key] for record in records for subnet in record["subnets"] if sparsity in (None, subnet["sparsity"])])


def recorded(folder):
    for data in DATA_SETS:
        records = read(sorted(folder.glob(f"{data}_*.jsonl")))
        for network in sorted({network for network, _ in records}, reverse=True):  # ssd_resnet8 before ssd_mobilenet_v2
            of = {experiment: runs for (name, experiment), runs in records.items() if name == network}
            if "nested" in of:
                yield from compared(data, network, of)
                break


def paired(*runs):
    """The records of the seeds that all of them have."""
    seeds = set.intersection(*({record["seed"] for record in records} for records in runs))
    return [[record for record in records if record["seed"] in seeds] for records in runs]


def compared(data, network, of):
    def source(records):
        return {"source": "recorded", "date": records[-1]["date"], "commit": records[-1]["commit"], "network": network, "seeds": len(records)}

    nested = of["nested"]
    sparsities = sorted({subnet["sparsity"] for record in nested for subnet in record["subnets"]})
    ours, dense = paired(nested, of.get("dense", []))
    if ours:
        yield f"{data}/densest_minus_dense", points(ours, "map_float", sparsities[0]) - points(dense, "map_float"), source(ours)
    ours, *alone = paired(nested, *(of.get(f"alone{round(100 * sparsity)}", []) for sparsity in sparsities))
    if ours:
        yield f"{data}/nested_minus_standalone_mean", mean(
            [points(ours, "map_float", sparsity) - points(runs, "map_float") for sparsity, runs in zip(sparsities, alone)]), source(ours)
    packed = [record for record in nested if all("map_int8" in subnet for subnet in record["subnets"])]
    if packed:
        yield f"{data}/int8_minus_float", points(packed, "map_int8") - points(packed, "map_float"), source(packed)


def figures(binaries, results):
    yield from measured(binaries)
    yield from recorded(results)
