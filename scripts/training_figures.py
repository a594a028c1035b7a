"""The figures of the area training: from raw records of bench/train_speed and bench/record_experiment, and two processes beside one."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile

SPEED = "training/speed.jsonl"
CIFAR10 = "training/cifar10_resnet8.jsonl"
ACCURACY = "original_accuracy_float"
NESTED = "nested_late"  # pruned in the middle third, as configs/cifar10_resnet8_nested.json says; so are alone70_late and the like


# Short and gentle: rounding errors grow with every step of a training. Pruning is not compared, where they may decide between two
# blocks of nearly equal magnitude; the nested steps fine-tune a network pruned beforehand.
TWO_RANKS = {"dataset": "fashion_mnist", "epochs": 6, "train_images": 512, "validation_images": 100, "batch_size": 128,
             "learning_rate": 0.004, "warmup_epochs": 1, "sparsities": [0.7, 0.8, 0.9], "prune_start_epoch": 0, "prune_end_epoch": 1,
             "threads": 1}


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def source(records):
    """Where a figure comes from: the youngest date, every commit."""
    return {"source": "recorded", "date": max(r["date"] for r in records), "commit": ", ".join(sorted({r["commit"] for r in records}))}


def speed(results):
    """Case, value and source of the last record of every network in float32, the rival's default too."""
    last = {record["network"]: record for record in read(results / SPEED) if record.get("precision", "float32") == "float32"}
    for network, record in last.items():
        yield f"speed/{network}_over_pytorch", record["over_pytorch"]["median"], source([record]) | {
            key: record[key] for key in ("fraction_of_peak", "load_average")}
    if "resnet8" in last:
        record = last["resnet8"]
        yield "speed/nested3_over_dense_step", record["nested3_over_dense_step"]["median"], source([record]) | {"load_average": record["load_average"]}


def two_ranks(programs):
    """The largest difference between the losses of one process and of two that share its batches, over every epoch and subnet of a dense
    and of a nested run; nothing where there is no MPI."""
    if "libmpi" not in subprocess.run(["ldd", programs / "ns-train"], stdout=subprocess.PIPE, text=True, check=True).stdout or not shutil.which("mpirun"):
        return
    as_root = ["--allow-run-as-root"] if os.getuid() == 0 else []
    # A container may forbid the shared memory's own way of copying.
    environment = os.environ | {"OMPI_MCA_btl_vader_single_copy_mechanism": "none"}
    ranks = {1: [], 2: ["mpirun", *as_root, "--oversubscribe", "-np", "2"]}
    with tempfile.TemporaryDirectory() as folder:
        def run(words, launcher=()):
            done = subprocess.run([*launcher, programs / words[0], *words[1:], "-q", "--json"], cwd=folder, env=environment, stdout=subprocess.PIPE,
                                  text=True, check=True)
            return [json.loads(line) for line in done.stdout.splitlines()]

        def losses(count, method, *words):
            (pathlib.Path(folder) / "recipe.json").write_text(json.dumps(TWO_RANKS | {"method": method}))
            epochs = run(["ns-train", "recipe.json", "-o", f"{method}{count}.safetensors", *words], ranks[count])
            return [subnet["train_loss"] for epoch in epochs for subnet in epoch["subnets"]]

        dense = {count: losses(count, "dense") for count in ranks}
        run(["ns-prune", "dense1.safetensors", "--sparsities", "0.7,0.8,0.9", "-o", "pruned.safetensors"])
        nested = {count: losses(count, "nested", "--init", "pruned.safetensors") for count in ranks}
    worst = max(abs(a - b) for curves in (dense, nested) for a, b in zip(curves[1], curves[2], strict=True))
    yield "mpi/two_ranks_equal_one", worst, {"source": "measured", "first_loss": dense[1][0], "last_loss": dense[1][-1]}


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

    def paired(self, *names):
        """These experiments with the seeds that all of them have; nothing where there is no such seed."""
        runs = {name: self.runs.get(name, []) for name in names}
        seeds = set.intersection(*({run["seed"] for run in found} for found in runs.values()))
        return Experiments([run for found in runs.values() for run in found if run["seed"] in seeds]) if seeds else None

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
    every = Experiments(read(results / CIFAR10))
    int8 = "original_accuracy_int8"
    if e := every.paired("anchor_dense"):
        yield "cifar10/resnet8_dense", e.mean("anchor_dense", 0, ACCURACY), e.source("anchor_dense") | {
            "int8": e.mean("anchor_dense", 0, int8), "all_test_images": e.mean("anchor_dense", 0, "test_accuracy_float")}
    for sparsity in (70, 80, 90):
        alone = f"alone{sparsity}_late"
        if e := every.paired(NESTED, alone):
            k = e.subnet_of(NESTED, sparsity)
            gap, gap8 = (100 * (e.mean(NESTED, k, key) - e.mean(alone, 0, key)) for key in (ACCURACY, int8))
            yield f"cifar10/resnet8_nested{sparsity}_minus_standalone", gap, e.source(NESTED, alone) | {"int8": gap8}
    for rival in ("slimmable", "gated"):
        if e := every.paired(NESTED, rival):
            yield f"cifar10/resnet8_nested_over_{rival}_worst", min(e.points_over(NESTED, rival)), e.source(NESTED, rival) | {
                "int8": min(e.points_over(NESTED, rival, int8))}
    if e := every.paired(NESTED):
        lost = [100 * (e.mean(NESTED, k, ACCURACY) - e.mean(NESTED, k, int8)) for k in e.subnets(NESTED)]
        single = [100 * (s[ACCURACY] - s[int8]) for run in e.runs[NESTED] for s in run["subnets"]]
        yield "cifar10/resnet8_int8_vs_float_worst", max(lost), e.source(NESTED) | {"worst_single_run": max(single)}
    if e := every.paired("nested", "nested_auto"):
        gaps = e.points_over("nested_auto", "nested")
        yield "cifar10/resnet8_auto_allocation_over_uniform", statistics.fmean(gaps), e.source("nested", "nested_auto") | {"worst_subnet": min(gaps)}
