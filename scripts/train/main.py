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
import demo_models

MODELS_FOLDER = Path(__file__).resolve().parents[2] / "models"
LIBRARIES = ("tensorflow-cpu", "keras", "numpy", "scikit-learn", "onnx", "onnxruntime", "pillow")


def parse_args(argv):
    parser = argparse.ArgumentParser(prog="scripts/train-demo-model", description="Trains and checks a demo model.")
    parser.add_argument("--model", choices=demo_models.BY_NAME, default="digits", help="which one (default %(default)s)")
    parser.add_argument("--check", action="store_true", help="only check the files against their manifest")
    parser.add_argument("--out", type=Path, help="folder of the model (default models/ and its folder)")
    parser.add_argument("--seed", type=int, default=1, help="seed of split, weights and augmentation (default %(default)s)")
    parser.add_argument("--epochs", type=int, help="passes over the training images (default: what the model was made with)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default %(default)s)")
    args = parser.parse_args(argv)
    args.model = demo_models.BY_NAME[args.model]
    args.out = args.out or MODELS_FOLDER / args.model.folder
    args.epochs = args.epochs or args.model.epochs
    return args


def report(line):
    print(line, file=sys.stderr, flush=True)


def command(args):
    """The command line that repeats the training."""
    model = "" if args.model is demo_models.DIGITS else f"--model {args.model.name} "
    return f"scripts/train-demo-model {model}--seed {args.seed} --epochs {args.epochs} --threads {args.threads}"


def train(args):
    """Trains, exports and writes every file under `args.out`."""
    import dataset
    import export
    import training

    model, layers = args.model, args.model.layers()
    digits = dataset.load_digits(args.seed, model.class_of)
    tensors = training.train(layers, digits, model.class_weights, args.epochs, args.seed, args.threads, report)
    args.out.mkdir(parents=True, exist_ok=True)
    export.write_onnx(layers, tensors, model.form, model.graph_name, args.out / model.onnx_name)
    for name in artefacts.FOLDERS:
        ids = getattr(digits, name)
        images = dataset.render(digits.scans[ids], model.resolution)
        artefacts.write_folder(args.out / name, ids, images, digits.labels[ids])
    provenance = {
        "command": command(args),
        "seed": args.seed,
        "data": "scikit-learn load_digits (UCI Optical Recognition of Handwritten Digits)",
        "split": {name: len(getattr(digits, name)) for name in ("train", "validation", "heldout", "calibration")},
        "platform": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
    }
    artefacts.write_manifest(model, args.out, provenance)


def main(argv):
    args = parse_args(argv)
    os.environ.setdefault("OMP_NUM_THREADS", str(args.threads))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(args.threads))
    try:
        architecture.check_design_counts()
        if not args.check:
            train(args)
        got = artefacts.check(args.model, args.out)
    except (artefacts.CheckError, ValueError, OSError) as error:
        report(f"error: {error}")
        return 1
    print(json.dumps({"check": "passed", **got["heldout"], **got["onnx"]}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
