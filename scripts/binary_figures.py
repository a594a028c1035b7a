"""Figures of binary ensembles from the records of bench/record_ensemble, cifar10_nin*.jsonl, but for those that are there for sizes alone."""
import json
import statistics

CONDITIONS = ("epochs", "train_images", "width")
SIZES = "cifar10_nin_sizes.jsonl"


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def source(runs):
    """Where figures come from, and under which conditions: those of the runs, which must have them in common."""
    first = runs[0]
    return {"source": "recorded", "date": max(run["date"] for run in runs), "commit": first["commit"], "dataset": first["dataset"],
            **{key: first[key] for key in CONDITIONS}}


def comparable(records):
    """The records of every set of conditions, by experiment; the longest training first, and the most images."""
    sets = {}
    for record in records:
        key = tuple(record[name] for name in CONDITIONS)
        sets.setdefault(key, {}).setdefault(record["experiment"], []).append(record)
    # 0 images: all of them
    return [sets[key] for key in sorted(sets, key=lambda k: (k[1] == 0, k[0] * k[1], k[2]), reverse=True)]


def seeds_of_both(runs, name, rival):
    return {r["seed"] for r in runs[name]} & {r["seed"] for r in runs[rival]}


def difference(runs, name, rival):
    """Percentage points, means over the seeds that both have."""
    seeds = seeds_of_both(runs, name, rival)
    mean = {which: statistics.fmean(r["accuracy_top1"] for r in runs[which] if r["seed"] in seeds) for which in (name, rival)}
    return 100 * (mean[name] - mean[rival]), {"seeds": len(seeds), name: mean[name], rival: mean[rival]}


def float_bytes_ratio(ours, rival):
    """Weights and 32-bit numbers counted layer by layer (a packed file has its tables besides) over the rival's, and where that comes from."""
    return ours["float_bytes"] / rival["float_bytes"], {"source": "recorded", "date": ours["date"], "commit": ours["commit"], "width": ours["width"],
                                    "counted_bytes": ours["float_bytes"], "rival_bytes": rival["float_bytes"]}


def figures(folder):
    """Case, value and source of what the records in `folder` suffice for; of several sets of conditions, the first with three seeds of both networks, or with the
    most."""
    sets = comparable([r for path in sorted(folder.glob("cifar10_nin*.jsonl")) if path.name != SIZES for r in read(path)])
    for case, name, rival in (("tentacle3_minus_benn3", "tentacle3", "benn3"), ("tentacle5_minus_benn5", "tentacle5", "benn5"),
                              ("tentacle_minus_real", "tentacle3", "real")):
        both = [runs for runs in sets if name in runs and rival in runs and seeds_of_both(runs, name, rival)]
        runs = max(both, key=lambda runs: min(3, len(seeds_of_both(runs, name, rival))), default=None)
        if runs:
            points, beside = difference(runs, name, rival)
            ours = runs[name][0]
            how = {"activation_bits": ours["activation_bits"], "taught": bool(ours.get("teacher_sha256")), "split": ours["split"] or "first binary"}
            if rival == "real" and "real_taught" in runs and seeds_of_both(runs, name, "real_taught"):
                how["minus_real_taught"] = difference(runs, name, "real_taught")[0]
            yield case, points, source(runs[name] + runs[rival]) | how | beside
            if rival == "real":
                yield "tentacle_over_real_float_bytes", *float_bytes_ratio(ours, runs[rival][0])
