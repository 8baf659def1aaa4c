"""Command line of scripts/train-demo-model; the shell entry sets up Python and passes its arguments on."""

import argparse
import json
import os
import platform
import sys
from importlib import metadata
from pathlib import Path

import architecture
import artefacts

LIBRARIES = ("tensorflow-cpu", "keras", "numpy", "scikit-learn", "onnx", "onnxruntime", "pillow")


def parse_args(argv):
    parser = argparse.ArgumentParser(prog="scripts/train-demo-model", description="Trains and checks the digits demo model.")
    parser.add_argument("--check", action="store_true", help="only check the files against their manifest")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model")
    parser.add_argument("--seed", type=int, default=1, help="seed of split, weights and augmentation (default %(default)s)")
    parser.add_argument("--epochs", type=int, default=25, help="passes over the training images (default %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default %(default)s)")
    return parser.parse_args(argv)


def report(line):
    print(line, file=sys.stderr, flush=True)


def train(args):
    """Trains, exports and writes every file under `args.out`."""
    import dataset
    import export
    import training

    layers = artefacts.layers()
    digits = dataset.load_digits(args.seed)
    params = training.train(layers, digits, args.epochs, args.seed, args.threads, report)
    args.out.mkdir(parents=True, exist_ok=True)
    export.write_onnx(layers, params, args.out / artefacts.ONNX_NAME)
    for name in artefacts.FOLDERS:
        ids = getattr(digits, name)
        images = dataset.render(digits.scans[ids], artefacts.RESOLUTION)
        artefacts.write_folder(args.out / name, ids, images, digits.labels[ids])
    provenance = {
        "command": f"scripts/train-demo-model --seed {args.seed} --epochs {args.epochs} --threads {args.threads}",
        "seed": args.seed,
        "data": "scikit-learn load_digits (UCI Optical Recognition of Handwritten Digits)",
        "split": {name: len(getattr(digits, name)) for name in ("train", "validation", "heldout", "calibration")},
        "platform": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
    }
    artefacts.write_manifest(args.out, provenance)


def main(argv):
    args = parse_args(argv)
    os.environ.setdefault("OMP_NUM_THREADS", str(args.threads))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(args.threads))
    try:
        architecture.check_design_counts()
        if not args.check:
            train(args)
        got = artefacts.check(args.out)
    except (artefacts.CheckError, ValueError, OSError) as error:
        report(f"error: {error}")
        return 1
    print(json.dumps({"check": "passed", **got["heldout"], **got["onnx"]}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
