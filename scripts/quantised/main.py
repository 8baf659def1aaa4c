"""Quantised forms of small networks, with what onnxruntime computes with them, operator by operator."""

import argparse
import json
import logging
import pathlib
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
import squeezenet
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
SMALL = ROOT / "models" / "small"
# Values of each tensor that are kept: rows of its first channels.
KEPT = 1024
MOST_BYTES = 100_000

I8, U8 = QuantType.QInt8, QuantType.QUInt8
QDQ, OPERATORS = QuantFormat.QDQ, QuantFormat.QOperator

# Name: network, format, activations, weights, per channel, further options.
FORMS = {
    "mobilenet_v1_qdq_u8_u8": ("mobilenet_v1", QDQ, U8, U8, False, {}),
    "mobilenet_v1_qdq_i8_i8_channels": ("mobilenet_v1", QDQ, I8, I8, True, {}),
    "mobilenet_v1_operators_u8_i8_channels": ("mobilenet_v1", OPERATORS, U8, I8, True, {}),
    "resnet_qdq_u8_i8": ("resnet", QDQ, U8, I8, False, {}),
    "resnet_qdq_i8_symmetric": ("resnet", QDQ, I8, I8, False, {"ActivationSymmetric": True}),
    "resnet_operators_u8_u8": ("resnet", OPERATORS, U8, U8, False, {}),
    "lenet_qdq_u8_i8_float_logits": ("lenet", QDQ, U8, I8, False, {"exclude_last": True}),
    "lenet_operators_i8_i8": ("lenet", OPERATORS, I8, I8, False, {}),
    "squeezenet_qdq_u8_i8": ("squeezenet", QDQ, U8, I8, False, {}),
    "squeezenet_qdq_i8_symmetric": ("squeezenet", QDQ, I8, I8, False, {"ActivationSymmetric": True}),
    "squeezenet_operators_u8_i8_channels": ("squeezenet", OPERATORS, U8, I8, True, {}),
}


def images(channels):
    """The calibration images as the networks read them, in the order of their names."""
    read = []
    for path in sorted((SMALL / "calibration").glob("*.png")):
        pixels = np.asarray(Image.open(path).convert("RGB"), dtype=np.float32) / np.float32(255)
        pixels = pixels.transpose(2, 0, 1)[None]
        read.append(pixels[:, 1:2] if channels == 1 else pixels)
    return read


def source(name, folder):
    """The network's file: one of models/small, or the one that joins channels."""
    if name != "squeezenet":
        return SMALL / f"{name}.onnx"
    labels = [int(path.stem.split("_")[-1]) for path in sorted((SMALL / "calibration").glob("*.png"))]
    path = folder / "built.onnx"
    onnx.save(squeezenet.build(images(3), labels), path)
    return path


class Reader(CalibrationDataReader):
    def __init__(self, inputs):
        self.inputs = iter([{"image": image} for image in inputs])

    def get_next(self):
        return next(self.inputs, None)


def prepared(name, folder):
    """The network as onnxruntime's quantiser wants it: batch norms folded, shapes known."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    path = folder / f"{name}.onnx"
    options.optimized_model_filepath = str(path)
    options.add_session_config_entry("session.disable_prepacking", "1")
    ort.InferenceSession(str(source(name, folder)), options, providers=["CPUExecutionProvider"])
    return path


def quantised(form, folder):
    network, kind, activations, weights, per_channel, extra = FORMS[form]
    float_file = prepared(network, folder)
    extra = dict(extra)
    nodes = onnx.load(float_file).graph.node
    exclude = [nodes[-1].name] if extra.pop("exclude_last", False) else []
    path = folder / f"{form}.onnx"
    quantize_static(
        str(float_file),
        str(path),
        Reader(images(1 if network == "lenet" else 3)),
        quant_format=kind,
        activation_type=activations,
        weight_type=weights,
        per_channel=per_channel,
        nodes_to_exclude=exclude,
        extra_options=extra,
    )
    model = onnx.load(path)
    # What the importer does not read: claims about shapes, and who made it.
    del model.graph.value_info[:]
    del model.metadata_props[:]
    return model


def integer_tensors(model):
    """Names of the quantised activations, in the order in which they are made."""
    made = []
    for node in model.graph.node:
        keeps = node.op_type in ("QLinearConv", "QGemm", "QLinearMatMul", "QuantizeLinear") or (
            node.op_type.startswith("QLinear")
        )
        if keeps:
            made.append(node.output[0])
    return made


def outputs(model, names, inputs, level):
    """The named tensors on each image."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    known = {output.name for output in probe.graph.output}
    for name in names:
        if name not in known:
            probe.graph.output.add().name = name
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    session = ort.InferenceSession(probe.SerializeToString(), options, providers=["CPUExecutionProvider"])
    wanted = names + [model.graph.output[0].name]
    name = model.graph.input[0].name
    return [session.run(wanted, {name: image}) for image in inputs]


def as_bytes(values):
    """Integers from 0 to 255: those of int8 are moved up."""
    moved = values.astype(np.int16) + (128 if values.dtype == np.int8 else 0)
    return moved.astype(np.uint8).reshape(-1)


def write(form, model, out, inputs):
    names = integer_tensors(model)
    fused = outputs(model, names, inputs, ort.GraphOptimizationLevel.ORT_ENABLE_ALL)
    plain = outputs(model, names, inputs, ort.GraphOptimizationLevel.ORT_DISABLE_ALL)
    kept = [as_bytes(values)[:KEPT] for values in plain[0][:-1]]
    document = {
        "made_by": f"scripts/quantised-fixtures, onnxruntime {ort.__version__}",
        "tensors": [{"name": name, "kept": len(values)} for name, values in zip(names, kept)],
        "output": [[float(value) for value in run[-1].reshape(-1)] for run in plain],
        "fused_classes": [int(np.argmax(run[-1])) for run in fused],
    }
    onnx.save(model, out / f"{form}.onnx")
    (out / f"{form}.bin").write_bytes(b"".join(values.tobytes() for values in kept))
    (out / f"{form}.json").write_text(json.dumps(document) + "\n")
    differences = [
        np.abs(as_bytes(a).astype(int) - as_bytes(b).astype(int))
        for run, other in zip(fused, plain)
        for a, b in zip(run[:-1], other[:-1])
    ]
    same = sum(int(np.argmax(a[-1]) == np.argmax(b[-1])) for a, b in zip(fused, plain))
    everything = np.concatenate(differences)
    print(
        f"{form}: fused kernels and float arithmetic of onnxruntime differ by {everything.mean():.6f} on average and "
        f"{everything.max()} at most; the same class on {same} of {len(inputs)}",
        file=sys.stderr,
    )
    for suffix in ("onnx", "bin", "json"):
        size = (out / f"{form}.{suffix}").stat().st_size
        if size > MOST_BYTES:
            sys.exit(f"error: {form}.{suffix} has {size} bytes, more than {MOST_BYTES}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "prover" / "tests" / "data" / "quantised")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMS:
            inputs = images(1 if form.startswith("lenet") else 3)
            write(form, quantised(form, pathlib.Path(folder)), arguments.out, inputs)
    print(json.dumps({"forms": len(FORMS)}))


if __name__ == "__main__":
    main()
