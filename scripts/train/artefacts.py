"""Files of a demo model: PNG folders, hashes, manifest, and the check that reads all of them back."""

import hashlib
import json

import numpy as np
from PIL import Image

import architecture
import dataset
import export
import network
import quantise

FOLDERS = ("heldout", "calibration")
MIN_HELDOUT = 200
OPERATORS = {"Conv", "BatchNormalization", "Relu", "Clip", "Add", "AveragePool", "GlobalAveragePool", "Flatten", "Gemm"}
OPERATORS |= {"Softmax"}


class CheckError(Exception):
    """A file of a demo model disagrees with its manifest or misses a target."""


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def folder_sha256(folder):
    """SHA-256 of the text that `sha256sum *.png` prints in the folder under the C locale: one hash for all files."""
    paths = sorted(folder.glob("*.png"), key=lambda path: path.name)
    return sha256("".join(f"{sha256(path.read_bytes())}  {path.name}\n" for path in paths).encode())


def write_folder(folder, ids, images, labels):
    """Writes `<id>_<label>.png`, RGB 8 bit, after removing the PNGs of an earlier run."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    for number, image, label in zip(ids, images, labels):
        Image.fromarray(image).save(folder / f"{number:04d}_{label}.png", optimize=True)


def read_folder(folder, resolution):
    """Ids `[n]`, bytes `[n, h, w, 3]` and labels `[n]` in file-name order."""
    paths = sorted(folder.glob("*.png"), key=lambda path: path.name)
    if not paths:
        raise CheckError(f"{folder} holds no PNG")
    ids, labels, images = [], [], []
    for path in paths:
        number, label = path.stem.split("_")
        with Image.open(path) as image:
            if image.mode != "RGB" or image.size != (resolution, resolution):
                raise CheckError(f"{path.name}: expected RGB {resolution}x{resolution}, got {image.mode} {image.size}")
            images.append(np.asarray(image))
        ids.append(int(number))
        labels.append(int(label))
    return np.array(ids), np.stack(images), np.array(labels)


def measure(model, root):
    """Everything the manifest of `model` claims that can be recomputed from the files under `root`."""
    import onnx

    listing, onnx_path = model.layers(), root / model.onnx_name
    (images, labels), (calibration, _) = (read_folder(root / name, model.resolution)[1:] for name in FOLDERS)
    images, calibration = (dataset.channels(part, listing[0].in_channels) for part in (images, calibration))
    logits = export.run_onnx(onnx_path, images)
    params = {name: network.fold(tensors) for name, tensors in export.read_tensors(onnx_path).items()}
    values = network.run_float(listing, params, calibration)

    def integer_run(shift):
        """Scores and bounds of the integer network at a shift."""
        quantised, bounds = quantise.quantise(listing, params, values, shift)
        integer_logits = network.run_integer(listing, quantised, images, shift)
        scores = _scores(model, "int8", integer_logits, labels)
        return {**scores, "float_int8_agree": _correct(integer_logits, logits.argmax(axis=1))}, _describe_bounds(bounds)

    scores, bounds = integer_run(model.shifts[0])
    graph = onnx.load(onnx_path)
    measured = {
        "onnx": {
            "file": model.onnx_name,
            "bytes": onnx_path.stat().st_size,
            "sha256": sha256(onnx_path.read_bytes()),
            "opset": graph.opset_import[0].version,
            "operators": sorted({node.op_type for node in graph.graph.node}),
        },
        "folders": {name: _describe(root / name) for name in FOLDERS},
        "architecture": {**model.shape, **architecture.counts(listing)},
        "heldout": {"images": len(labels), **_scores(model, "float", logits, labels), **scores},
        "int8": {"shift": model.shifts[0], "quotient_bounds": bounds},
    }
    for shift in model.shifts[1:]:
        scores, bounds = integer_run(shift)
        measured[f"shift_{shift}"] = {**scores, "quotient_bounds": bounds}
    return measured


def check(model, root):
    """Re-reads the files of `model` under `root`, compares them with the manifest and the targets; returns the measured part.

    Raises CheckError at the first disagreement.
    """
    manifest = json.loads((root / model.manifest_name).read_text())
    got = json.loads(json.dumps(measure(model, root)))  # tuples become lists, as in the manifest
    for section, values in got.items():
        for key, value in values.items():
            if manifest[section][key] != value:
                raise CheckError(f"{section}.{key}: manifest {manifest[section][key]}, files {value}")
    overlap = {int(path.stem.split("_")[0]) for path in (root / "heldout").glob("*.png")} & {
        int(path.stem.split("_")[0]) for path in (root / "calibration").glob("*.png")
    }
    heldout = got["heldout"]
    integer_runs = [heldout, *(got[f"shift_{shift}"] for shift in model.shifts[1:])]
    targets = [
        ("no image in both folders", not overlap),
        (f"at least {MIN_HELDOUT} held-out images", heldout["images"] >= MIN_HELDOUT),
        (f"float accuracy at least {model.min_float_accuracy:.0%}", heldout["float_accuracy"] >= model.min_float_accuracy),
        (
            f"int8 accuracy within {model.max_accuracy_gap:.1%} of float",
            all(
                heldout["float_correct"] - run["int8_correct"] <= model.max_accuracy_gap * heldout["images"]
                for run in integer_runs
            ),
        ),
        (f"ONNX at most {model.max_onnx_bytes} bytes", got["onnx"]["bytes"] <= model.max_onnx_bytes),
        ("operators the importer knows", set(got["onnx"]["operators"]) <= OPERATORS),
    ]
    if model.is_predicate:
        recalls = [heldout["float_recall"], *(run["int8_recall"] for run in integer_runs)]
        targets.append((f"recall at least {model.min_recall:.0%}", min(recalls) >= model.min_recall))
    for name, holds in targets:
        if not holds:
            raise CheckError(f"target missed: {name}")
    return got


def write_manifest(model, root, provenance):
    """Measures the files of `model` under `root` and writes the manifest: what was measured and how it was made."""
    text = json.dumps({"provenance": provenance, **measure(model, root)}, indent=2)
    (root / model.manifest_name).write_text(text + "\n")


def _scores(model, name, logits, labels):
    """How often the class is right; of a predicate also what it found for nothing, and what it missed."""
    found, correct = logits.argmax(axis=1), _correct(logits, labels)
    scores = {f"{name}_correct": correct, f"{name}_accuracy": _share(correct, len(labels))}
    if model.is_predicate:
        matches, missed = int((labels == 1).sum()), int(((found == 0) & (labels == 1)).sum())
        scores[f"{name}_false_positives"] = int(((found == 1) & (labels == 0)).sum())
        scores[f"{name}_false_negatives"] = missed
        scores[f"{name}_recall"] = _share(matches - missed, matches)
    return scores


def _describe(folder):
    return {"files": len(list(folder.glob("*.png"))), "list_sha256": folder_sha256(folder)}


def _describe_bounds(bounds):
    hidden = [bound for name, bound in bounds.items() if name != "logits"]
    return {
        "hidden": [min(low for low, _ in hidden), max(high for _, high in hidden)],
        "logits": list(bounds["logits"]),
    }


def _correct(logits, labels):
    return int((logits.argmax(axis=1) == labels).sum())


def _share(correct, total):
    return round(correct / total, 6)
