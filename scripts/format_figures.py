"""Figures of the packed format and of memory for scripts/headlines: random weights, pruned by magnitude at 70, 80 and 90 %."""
import json
import pathlib
import subprocess
import tempfile

import runtime_text

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOBILENET = ("--arch", "mobilenet_v1", "--input", "96x96x3", "--classes", "10")
RESNET8 = ("--arch", "resnet8", "--input", "32x32x3")
ARCHITECTURES = {"autoencoder": ("5x128x1", 1), "ds_cnn": ("49x10x1", 1), "mobilenet_v1": ("96x96x3", 0.25), "mobilenet_v2": ("96x96x3", 0.5),
                 "nin": ("32x32x3", 1), "resnet20": ("32x32x3", 1), "resnet8": ("32x32x3", 1), "resnet9": ("32x32x3", 0.5), "vgg_small": ("32x32x3", 0.5)}
MEASURED = {"source": "measured"}


def report(binaries, folder, *words):
    """The storage report of a packed random network."""
    model = pathlib.Path(folder) / "model.nsm"
    done = subprocess.run([str(word) for word in (binaries / "random-model", *words, "--sparsities", "0.7,0.8,0.9", "--json", "-q", "--overwrite",
                                                  "-o", model)], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"random-model {' '.join(map(str, words))} ends with status {done.returncode}")
    return json.loads(done.stdout)


def pruned(record):
    return [layer for layer in record["layers"] if layer["kept_weights"] < layer["weights"]]


def per_kept_weight(record, key="packed_bytes"):
    return sum(layer[key] for layer in pruned(record)) / sum(layer["kept_weights"] for layer in pruned(record))


def figures(binaries):
    with tempfile.TemporaryDirectory() as folder:
        flash, balanced, fine = (report(binaries, folder, *MOBILENET, *words) for words in
                                 (["--optimize", "flash"], ["--optimize", "balanced"], ["--optimize", "flash", "--block", "1x1"]))
        resnet8 = report(binaries, folder, *RESNET8, "--optimize", "flash")
        arenas = {"resnet8": report(binaries, folder, *RESNET8)}
        for name, (shape, width) in ARCHITECTURES.items():
            if name not in arenas:
                arenas[name] = report(binaries, folder, "--arch", name, "--input", shape, "--width", width)
    for case, record in (("payload_flash", flash), ("payload_balanced", balanced), ("payload_1x1", fine)):
        yield f"mobilenet_v1_x1/{case}", per_kept_weight(record), MEASURED | {"entropy_bound": per_kept_weight(record, "entropy_bound_bytes")}
    yield "mobilenet_v1_x1/payload_plus_dense", sum(layer["packed_bytes"] for layer in flash["layers"]) / 1024, MEASURED
    yield "mobilenet_v1_x1/file", flash["flash_bytes"] / 1024, MEASURED
    yield "mobilenet_v1_x1/over_one_standalone", flash["flash_bytes"] / flash["stand_alone_file_bytes"][-1], MEASURED
    yield "resnet8/over_one_standalone", resnet8["flash_bytes"] / resnet8["stand_alone_file_bytes"][-1], MEASURED
    yield "resnet8_32x32/arena", arenas["resnet8"]["arena_bytes"], MEASURED
    yield "arena_over_lower_bound_worst", max(r["arena_bytes"] / r["arena_lower_bound_bytes"] for r in arenas.values()), MEASURED | {
        "architectures": len(arenas)}
    yield "runtime_text_all_kernels", sum(runtime_text.objects(runtime_text.MAP).values()), MEASURED
    damaged = json.loads(subprocess.run([binaries / "flip-bytes", ROOT / "tests/format/good/v1.1_resnet8.nsm"], stdout=subprocess.PIPE, text=True,
                                        check=False).stdout)
    yield "reader/single_byte_flips_accepted", damaged["single_byte_flips_accepted"], MEASURED | {"flips": damaged["single_byte_flips"]}
    yield "reader/truncations_accepted", damaged["truncations_accepted"], MEASURED | {"truncations": damaged["bytes"]}
