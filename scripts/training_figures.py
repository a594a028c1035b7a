"""The figures of the area training from raw records: bench/train_speed's and bench/record_experiment's."""
import json
import statistics

SPEED = "training/speed.jsonl"
CIFAR10 = "training/cifar10.jsonl"
ACCURACY = "original_accuracy_float"


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def source(records):
    """Where a figure comes from: the youngest date, every commit."""
    return {"source": "recorded", "date": max(r["date"] for r in records), "commit": ", ".join(sorted({r["commit"] for r in records}))}


def speed(results):
    """Case, value and source of the last record of every network."""
    last = {record["network"]: record for record in read(results / SPEED)}
    for network, record in last.items():
        yield f"speed/{network}_over_pytorch", record["over_pytorch"]["median"], source([record]) | {
            key: record[key] for key in ("fraction_of_peak", "load_average")}
    if "resnet8" in last:
        record = last["resnet8"]
        yield "speed/nested3_over_dense_step", record["nested3_over_dense_step"]["median"], source([record]) | {"load_average": record["load_average"]}


def interpolated(points, cost):
    """Accuracy at a cost on the line through (cost, accuracy) points. Beyond its ends the line stays level: who has nothing as cheap is
    credited with the cheapest they have, and who has nothing as costly need not spend more."""
    points = sorted(points)
    if cost <= points[0][0]:
        return points[0][1]
    for (low, below), (high, above) in zip(points, points[1:]):
        if cost <= high:
            return below + (above - below) * (cost - low) / (high - low)
    return points[-1][1]


class Experiments:
    """All seeds of every experiment of one data set."""

    def __init__(self, records):
        self.runs = {}
        for record in records:
            self.runs.setdefault(record["experiment"], []).append(record)

    def __contains__(self, names):
        return all(name in self.runs for name in names.split())

    def mean(self, name, subnet, key):
        """Over the seeds; subnets are numbered from 0, the sparsest."""
        return statistics.fmean(run["subnets"][subnet][key] for run in self.runs[name])

    def subnets(self, name):
        return range(len(self.runs[name][0]["subnets"]))

    def subnet_of(self, name, sparsity):
        return next(k for k in self.subnets(name) if round(100 * self.runs[name][0]["subnets"][k]["sparsity"]) == sparsity)

    def curve(self, name, key=ACCURACY):
        """(instructions, accuracy) of every subnet."""
        return [(self.mean(name, k, "m7_instructions"), self.mean(name, k, key)) for k in self.subnets(name)]

    def points_over(self, name, rival, key=ACCURACY):
        """Percentage points by which each subnet beats the rival's line at its own cost."""
        return [100 * (accuracy - interpolated(self.curve(rival, key), cost)) for cost, accuracy in self.curve(name, key)]

    def source(self, *names):
        return source([run for name in names for run in self.runs[name]]) | {"seeds": min(len(self.runs[name]) for name in names)}


def cifar10(results):
    """Case, value and source of what the records suffice for. Accuracies are the float networks' on the original test images, means of the
    seeds; those of the packed int8 models stand beside them."""
    e = Experiments(read(results / CIFAR10))
    int8 = "original_accuracy_int8"
    if "anchor_dense" in e:
        yield "cifar10/resnet8_dense", e.mean("anchor_dense", 0, ACCURACY), e.source("anchor_dense") | {
            "int8": e.mean("anchor_dense", 0, int8), "all_test_images": e.mean("anchor_dense", 0, "test_accuracy_float")}
    for sparsity in (70, 80, 90):
        alone = f"alone{sparsity}"
        if f"nested {alone}" in e:
            k = e.subnet_of("nested", sparsity)
            gap, gap8 = (100 * (e.mean("nested", k, key) - e.mean(alone, 0, key)) for key in (ACCURACY, int8))
            yield f"cifar10/resnet8_nested{sparsity}_minus_standalone", gap, e.source("nested", alone) | {"int8": gap8}
    for rival in ("slimmable", "gated"):
        if f"nested {rival}" in e:
            yield f"cifar10/resnet8_nested_over_{rival}_worst", min(e.points_over("nested", rival)), e.source("nested", rival) | {
                "int8": min(e.points_over("nested", rival, int8))}
    if "nested" in e:
        lost = [100 * (e.mean("nested", k, ACCURACY) - e.mean("nested", k, int8)) for k in e.subnets("nested")]
        single = [100 * (s[ACCURACY] - s[int8]) for run in e.runs["nested"] for s in run["subnets"]]
        yield "cifar10/resnet8_int8_vs_float_worst", max(lost), e.source("nested") | {"worst_single_run": max(single)}
    if "nested nested_auto" in e:
        gaps = e.points_over("nested_auto", "nested")
        yield "cifar10/resnet8_auto_allocation_over_uniform", statistics.fmean(gaps), e.source("nested", "nested_auto") | {"worst_subnet": min(gaps)}
