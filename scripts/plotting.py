"""What the programs that plot share: records with their schema checked, and pictures by gnuplot."""
import json
import os
import pathlib
import subprocess
import sys

COLOURS = ("#1b6ca8", "#d1495b", "#3a7d44", "#8d6b94", "#edae49", "#5c5c5c", "#17a398", "#b5651d", "#e377c2")


def read_records(path, schema):
    """The records of a file of JSON Lines, at least one; ValueError names a line of another schema."""
    records = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        record = json.loads(line)
        if not isinstance(record, dict) or record.get("schema") != schema:
            raise ValueError(f"line {number}: expected a {schema} record")
        records.append(record)
    if not records:
        raise ValueError("no records")
    return records


def block(name, rows):
    """Lines of gnuplot that name the rows of a table."""
    return [f"${name} << EOD", *(" ".join(map(str, row)) for row in rows), "EOD"]


def draw(lines, width, height, prefix):
    """Lets gnuplot write PREFIX.png and PREFIX.svg, each whole or not at all."""
    for ending, terminal in (("png", f"pngcairo size {width},{height} font 'sans,11'"),
                             ("svg", f"svg size {width},{height} font 'sans,12' background 'white'")):
        text = "\n".join([f"set terminal {terminal}", *lines]) + "\n"
        picture = subprocess.run(["gnuplot"], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout
        temporary = pathlib.Path(f"{prefix}.tmp-{os.getpid()}")
        temporary.write_bytes(picture)
        temporary.replace(f"{prefix}.{ending}")


def plot(path, prefix, picture):
    """Draws what picture() returns, the lines of gnuplot, width and height, from the records at `path`. The exit status: 3 for bad records,
    4 where gnuplot or the output fails; both are told."""
    program = pathlib.Path(sys.argv[0]).name
    try:
        lines, width, height = picture()
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"{program}: error: {path}: {error}", file=sys.stderr)
        return 3
    try:
        draw(lines, width, height, prefix)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{program}: error: {error}", file=sys.stderr)
        if getattr(error, "filename", "") == "gnuplot":
            print(f"{program}: hint: install the Debian package gnuplot-nox", file=sys.stderr)
        return 4
    return 0
