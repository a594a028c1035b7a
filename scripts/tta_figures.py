"""The figures of the area tta from the raw records of bench/record_tta, all seeds pooled."""
import json
import re
import sys

DATASETS = ("cifar10", "fashion_mnist")
SEEDS = (1, 2, 3)
TOLERANCE = 0.1  # points that adaptive nested inference may lie below the densest subnet


def read(folder):
    """Records of nestkit.tta/1 by (data set, purpose, seed)."""
    found = {}
    for path in sorted(folder.glob("*_s*.jsonl")):
        seed = int(re.search(r"_s(\d+)$", path.stem).group(1))
        for line in path.read_text().splitlines():
            record = json.loads(line)
            if record["schema"] == "nestkit.tta/1":
                found.setdefault((record["data"], record["purpose"], seed), []).append(record)
    return found


def pool(records, kind, key):
    """Sum over records of a mean per image."""
    return sum(r[kind][key] * r["images"] for r in records)


def points(records, comparison):
    """Difference of pooled accuracies, in percentage points."""
    change = sum(r[comparison]["became_right"] - r[comparison]["became_wrong"] for r in records)
    return 100 * change / sum(r["images"] for r in records)


def source(records):
    return {"source": "recorded", "date": max(r["date"] for r in records), "commit": ", ".join(sorted({r["commit"] for r in records}))}


def figures(folder):
    """Case, value and source; seeds that nobody has recorded are named on standard error."""
    found = read(folder)
    for dataset in DATASETS:
        of = {}
        for purpose in ("views", "corrupted", "subnets"):
            missing = [str(seed) for seed in SEEDS if (dataset, purpose, seed) not in found]
            if missing:
                print(f"headlines: tta: {dataset}: no record of '{purpose}' for seed {', '.join(missing)}", file=sys.stderr)
            of[purpose] = [record for seed in SEEDS for record in found.get((dataset, purpose, seed), [])]
        if of["views"]:
            views = of["views"]
            beside = source(views) | {"seeds": len(views)}
            yield f"{dataset}/adaptive_passes_saved", pool(views, "static", "mean_passes") / pool(views, "adaptive", "mean_passes"), beside
            seconds = [sum(r[kind]["cpu_seconds"] for r in views) for kind in ("static", "adaptive")]
            yield f"{dataset}/adaptive_time_saved", seconds[0] / seconds[1], beside | {"load_average": max(r["load_average"] for r in views)}
            yield f"{dataset}/adaptive_minus_static", points(views, "adaptive_minus_static"), beside | {
                "static_gain": points(views, "static_minus_plain")}
        if of["corrupted"]:
            kinds = sorted({r["corruption"]["name"] for r in of["corrupted"]})
            gains = {kind: points([r for r in of["corrupted"] if r["corruption"]["name"] == kind], "static_minus_plain") for kind in kinds}
            yield f"{dataset}/static_gain_corrupted", sum(gains.values()) / len(gains), source(of["corrupted"]) | gains
        if of["subnets"]:
            subnets = of["subnets"]
            lost = -points(subnets, "adaptive_minus_static")
            ratio = pool(subnets, "adaptive", "mean_cost") / pool(subnets, "static", "mean_cost")
            # Further below the densest subnet, nothing was saved at its accuracy.
            yield f"{dataset}/adaptive_nested_cost", ratio if lost <= TOLERANCE else 1.0, source(subnets) | {
                "seeds": len(subnets), "cost_measured": ratio, "points_below_densest": lost}
