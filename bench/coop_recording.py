"""What the programs that record cooperation share: names of models, packing, and the stamp of a nestkit.coop/1 record."""
import datetime
import os
import pathlib

from recording import run


def split(text):
    """File, and ":K@VIEW" or what there is of it, of MODEL:K@VIEW."""
    name, at, view = text.partition("@")
    path, colon, subnet = name.rpartition(":")
    return (path, colon + subnet + at + view) if colon and subnet.isdigit() else (name, at + view)


def packed(options, text, folder, data):
    name, subnet = split(text)
    path = pathlib.Path(name)
    if path.suffix != ".safetensors":
        return text
    model = pathlib.Path(folder) / f"{path.stem}.nsm"
    if not model.exists():
        run(options.bin / "ns-pack", path, "-o", model, "--optimize", "speed", "--json", *data)
    return f"{model}{subnet}"


def in_name(kind):
    return kind.replace("+", "_").replace(" ", "_")


def stamped(record, purpose, kind, seed, commit):
    """The record with what it is and when it was made; its models by their names alone."""
    for partner in record["stages"] + record["beside"]:
        partner["model"] = pathlib.PurePath(partner["model"]).name
    return record | {"purpose": purpose, "kind": kind, "training_seed": seed, "commit": commit, "date": datetime.date.today().isoformat(),
                     "load_average": os.getloadavg()[0]}
