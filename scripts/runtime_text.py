#!/usr/bin/env python3
"""Flash that the runtime takes in a linked firmware: code and constants of libnsrt.a, by object file, from the linker's map.

usage: scripts/runtime_text.py [--json] [MAP]      (default: the least firmware that runs any packed model)

What the linker dropped (--gc-sections) is not counted: of the default firmware, which prints no texts, that is nsrt_status_text (0.9 KB).
Neither is what the compiler's libraries add (memcpy, memset).
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAP = ROOT / "build/release/firmware/cortex_m7/footprint.map"
# " .text.name  0x address  0x size  libnsrt.a(object.obj)", the name alone on its line where it is long
SECTION = re.compile(r"^ \.(text|rodata)\S*\s+0x[0-9a-f]+\s+0x([0-9a-f]+) \S*libnsrt\.a\((\S+?)\)", re.MULTILINE)


def objects(path):
    """Bytes by object file."""
    text = path.read_text()
    linked = text[text.index("Linker script and memory map"):]
    sizes = {}
    for _, size, name in SECTION.findall(linked):
        sizes[name] = sizes.get(name, 0) + int(size, 16)
    if not sizes:
        raise RuntimeError(f"{path}: nothing of libnsrt.a in it")
    return sizes


def main(words):
    if "-h" in words or "--help" in words:
        print(__doc__)
        return 0
    paths = [word for word in words if word != "--json"] or [MAP]
    try:
        sizes = objects(pathlib.Path(paths[0]))
    except (OSError, RuntimeError) as error:
        print(f"runtime_text: error: {error}", file=sys.stderr)
        return 3
    if "--json" in words:
        print(json.dumps({"schema": "nestkit.runtime_text/1", "bytes": sum(sizes.values()), "objects": sizes}))
        return 0
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        print(f"{size:8} {name}")
    print(f"{sum(sizes.values()):8} total")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
