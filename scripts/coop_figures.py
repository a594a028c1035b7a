"""The figures of the area coop from the raw records of bench/record_coop, all seeds of a benchmark and kind pooled."""
import json
import sys

BENCHMARKS = ("cifar10", "fer2013", "fsdd")
TOLERANCE = 0.1  # points below the last model alone that still count as equal accuracy


def compares_with_int8(record):
    """Whether the last network is an int8 one; members of binary ensembles cooperate with each other."""
    return "binary" not in record["stages"][-1].get("network", "")


def read(folder):
    """Records of nestkit.coop/1 whose last network is int8, by (data set, kind, purpose)."""
    found = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            if record["schema"] == "nestkit.coop/1" and compares_with_int8(record):
                found.setdefault((record["data"], record["kind"], record["purpose"]), []).append(record)
    return found


def points(records):
    """Together less the last model alone, of all test images of all seeds, in percentage points."""
    change = sum(r["together_minus_last"]["became_right"] - r["together_minus_last"]["became_wrong"] for r in records)
    return 100 * change / sum(r["images"] for r in records)


def cost_saved(records):
    last = sum(r["stages"][-1]["cost"] * r["images"] for r in records)
    return last / sum(r["together"]["mean_cost"] * r["images"] for r in records)


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
            "seeds": len(records), "kind": records[0]["kind"]}


def saved_at_equal_accuracy(found, data):
    """(ratio, source) of the best kind. A rule that loses more than the tolerance saved nothing at equal accuracy, and one that does no better than
    a smaller network alone saved nothing that cooperation is needed for: 1."""
    figures = []
    for (dataset, _, purpose), records in found.items():
        if dataset == data and purpose == "break_even":
            ratio, change = cost_saved(records), points(records)
            plain = plain_cost_saved(records)
            gained = change >= -TOLERANCE and ratio > plain
            figures.append((ratio if gained else 1.0, source(records) | {"benchmark": data, "cost_saved": ratio, "points": change, "plain_cost_saved": plain}))
    return max(figures, key=lambda figure: figure[0], default=None)


def figures(folder):
    """Case, value and source; benchmarks that nobody has recorded are named on standard error."""
    found = read(folder)
    saved = {data: saved_at_equal_accuracy(found, data) for data in BENCHMARKS}
    missing = [data for data in BENCHMARKS if saved[data] is None]
    if missing:
        print(f"headlines: coop: no record of {', '.join(missing)}; the worst of the benchmarks is unknown", file=sys.stderr)
    known = [figure for figure in saved.values() if figure]
    if known:
        yield "best_benchmark/cost_saved_at_equal_accuracy", *max(known, key=lambda figure: figure[0])
    if known and not missing:
        yield "worst_benchmark/cost_saved_at_equal_accuracy", *min(known, key=lambda figure: figure[0])
    for data in BENCHMARKS:
        best = [records for (dataset, _, purpose), records in found.items() if dataset == data and purpose == "best_accuracy"]
        if best:
            records = max(best, key=points)
            yield f"{data}/best_accuracy_minus_int8", points(records), source(records) | {"cost_saved": cost_saved(records)}
