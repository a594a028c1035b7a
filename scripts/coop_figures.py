"""The figures of the area coop from the raw records of bench/record_coop, all seeds of a benchmark and kind pooled.

Which kind of cooperation stands for a benchmark is decided by validation images, as the rule of each record was; only its figures are of test images.
Spoken digits stand for voices that training did not hear: the six splits without one speaker, pooled. The official split is no measure for that: there one of
its 300 answers is a third of a point, and of the large network's one or none is wrong.
"""
import json
import sys

BENCHMARKS = {"cifar10": "cifar10", "fer2013": "fer2013", "fsdd": "fsdd, one speaker left out"}
TOLERANCE = 0.1  # points below the last model alone that still count as equal accuracy


def data_of(record):
    """The data set, or what its splits are pooled as."""
    return BENCHMARKS["fsdd"] if record["data"].startswith("fsdd_without_") else record["data"]


def compares_with_int8(record):
    """Whether the last network is an int8 one; members of binary ensembles cooperate with each other."""
    return "binary" not in record["stages"][-1].get("network", "")


def baseline(record):
    """The place of the last model where it is asked about the image itself, not a view of it."""
    stages = record["stages"]
    return next(i for i, stage in enumerate(stages) if all(stage.get(key) == stages[-1].get(key) for key in ("artifact_sha256", "subnet")))


def read(folder):
    """Records of nestkit.coop/1 whose last network is int8, by (data, kind, purpose)."""
    found = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            if record["schema"] == "nestkit.coop/1" and compares_with_int8(record):
                found.setdefault((data_of(record), record["kind"], record["purpose"]), []).append(record)
    return found


def points(records):
    """Together less the last model alone, of all test images of all seeds, in percentage points."""
    change = sum(r["together_minus_last"]["became_right"] - r["together_minus_last"]["became_wrong"] for r in records)
    return 100 * change / sum(r["images"] for r in records)


def cost_saved(records):
    last = sum(r["stages"][-1]["cost"] * r["images"] for r in records)
    return last / sum(r["together"]["mean_cost"] * r["images"] for r in records)


def validation_points(records):
    change = sum(r["validation"]["correct"] - r["validation"]["alone_correct"][baseline(r)] for r in records)
    return 100 * change / sum(r["validation"]["images"] for r in records)


def validation_cost_saved(records):
    """As cost_saved, of the validation images; 1 at most if a rule missed break-even there (the most accurate stands in for it), or the pooled ones are right
    less often than the last model alone."""
    last = sum(r["stages"][-1]["cost"] * r["validation"]["images"] for r in records)
    ratio = last / sum(r["validation"]["mean_cost"] * r["validation"]["images"] for r in records)
    met = all(r.get("target") != "best-accuracy" for r in records) and validation_points(records) >= 0
    return ratio if met else min(1.0, ratio)


def plain_cost_saved(records):
    """As cost_saved, of the cheapest single network that is right as often as all together; 1 if only the last is."""
    def alone(record):
        return [*record["stages"], *record["beside"]]

    right = sum(r["together"]["correct"] for r in records)
    ratios = [1.0]
    for i in range(min(len(alone(r)) for r in records)):
        if sum(alone(r)[i]["alone"]["correct"] for r in records) >= right:
            ratios.append(sum(r["stages"][-1]["cost"] for r in records) / sum(alone(r)[i]["cost"] for r in records))
    return max(ratios)


def source(records):
    return {"source": "recorded", "date": max(r["date"] for r in records), "commit": ", ".join(sorted({r["commit"] for r in records})),
            "records": len(records), "kind": records[0]["kind"]}


def chosen(found, benchmark, purpose, merit):
    """The records of the kind that has most merit on validation, or none."""
    kinds = [records for (data, _, what), records in found.items() if data == BENCHMARKS[benchmark] and what == purpose]
    return max(kinds, key=merit, default=None)


def saved_at_equal_accuracy(found, benchmark):
    """(ratio, source), or none. A rule that loses more than the tolerance saved nothing at equal accuracy, and one that does no better than a smaller
    network alone saved nothing that cooperation is needed for: 1."""
    records = chosen(found, benchmark, "break_even", validation_cost_saved)
    if records is None:
        return None
    ratio, change, plain = cost_saved(records), points(records), plain_cost_saved(records)
    gained = change >= -TOLERANCE and ratio > plain
    return ratio if gained else 1.0, source(records) | {"benchmark": benchmark, "cost_saved": ratio, "points": change, "plain_cost_saved": plain}


def figures(folder):
    """Case, value and source; benchmarks that nobody has recorded are named on standard error."""
    found = read(folder)
    saved = {benchmark: saved_at_equal_accuracy(found, benchmark) for benchmark in BENCHMARKS}
    missing = [benchmark for benchmark in BENCHMARKS if saved[benchmark] is None]
    if missing:
        print(f"headlines: coop: no record of {', '.join(missing)}; the worst of the benchmarks is unknown", file=sys.stderr)
    known = [figure for figure in saved.values() if figure]
    if known:
        yield "best_benchmark/cost_saved_at_equal_accuracy", *max(known, key=lambda figure: figure[0])
    if known and not missing:
        yield "worst_benchmark/cost_saved_at_equal_accuracy", *min(known, key=lambda figure: figure[0])
    for benchmark in BENCHMARKS:
        records = chosen(found, benchmark, "best_accuracy", validation_points)
        if records:
            yield f"{benchmark}/best_accuracy_minus_int8", points(records), source(records) | {"cost_saved": cost_saved(records)}
