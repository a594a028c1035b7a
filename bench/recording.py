"""What the programs that record experiments share: reading a run's traces, running tools, keeping one JSON line per experiment."""
import datetime
import hashlib
import json
import os
import pathlib
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def absolute(path):
    """For programs: a path without a folder would be looked for in PATH."""
    return pathlib.Path(path).absolute()


def fail(message):
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: error: {message}")


def metadata(checkpoint):
    """What a checkpoint of ns-train says of itself: text by key."""
    try:
        file = checkpoint.read_bytes()
        return json.loads(file[8:8 + struct.unpack_from("<Q", file)[0]])["__metadata__"]
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        fail(f"{checkpoint}: not a checkpoint of ns-train: {error!r}")


def config_of(checkpoint):
    """The effective recipe."""
    try:
        return json.loads(metadata(checkpoint)["config"])
    except (ValueError, KeyError) as error:
        fail(f"{checkpoint}: not a checkpoint of ns-train: {error!r}")


def validation_figures(log, epochs, key):
    """`key` of every subnet after the last epoch, subnet 1 first."""
    try:
        last = json.loads(log.read_text().splitlines()[-1])
        if last["schema"] != "nestkit.train/1" or last["epoch"] != epochs:
            fail(f"{log}: expected to end with epoch {epochs} of nestkit.train/1, found epoch {last['epoch']} of {last['schema']}")
        return [subnet[key] for subnet in last["subnets"]]
    except (OSError, ValueError, KeyError, IndexError) as error:
        fail(f"{log}: not the records of ns-train --json: {error!r}")


def run(*words, missed=False):
    """Standard output of a tool as JSON records; its complaints go to standard error. With `missed`, nothing if a requested check failed."""
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True, check=False)
    if missed and done.returncode == 1:
        return []
    if done.returncode != 0:
        fail(f"{' '.join(map(str, words))}: status {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def commit():
    """Of these sources, with "-dirty" if they were changed since; "none" outside of a repository."""
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip() or "none"


def conditions(checkpoint):
    """When, by which sources, of which checkpoint, those that it began with, and the one that taught it."""
    says = metadata(checkpoint)
    return {"date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"), "commit": commit(),
            "checkpoint_sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(), "parents": json.loads(says.get("parents", "[]")), "teacher_sha256": says.get("teacher")}


def keep(path, record):
    """All records of the file but an earlier one of the same experiment and seed, then this one; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text().splitlines() if path.exists() else []
    same = ("experiment", "seed")
    lines = [line for line in lines if [json.loads(line).get(key) for key in same] != [record[key] for key in same]]
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text("".join(line + "\n" for line in [*lines, json.dumps(record)]))
    temporary.rename(path)
