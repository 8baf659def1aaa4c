"""Writes MobileNet v2 of width 0.35 at 16×16 with ten classes as float ONNX, with random weights, and images of that size.

Usage: mobilenet.py OUT.onnx IMAGES_FROM IMAGES_TO
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

SIDE, CLASSES, WIDTH = 16, 10, 0.35
# Expansion, channels, repeats, stride of the first: the paper's table of MobileNet v2.
STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
LAST = 1280


def channels(count):
    """Scaled by the width, to a multiple of eight, never more than a tenth below."""
    scaled = max(8, int(count * WIDTH + 4) // 8 * 8)
    return scaled + 8 if scaled < 0.9 * count * WIDTH else scaled


class Writer:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.weights = [], []
        self.count = 0

    def tensor(self, values):
        self.count += 1
        name = f"w{self.count}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def node(self, kind, inputs, **attributes):
        self.count += 1
        output = f"t{self.count}"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=f"{kind}_{self.count}", **attributes))
        return output

    def conv(self, x, inputs, outputs, kernel, stride=1, depthwise=False, clips=True):
        fan_in = kernel * kernel * (1 if depthwise else inputs)
        shape = (outputs, 1 if depthwise else inputs, kernel, kernel)
        weights = self.tensor(self.random.normal(0, np.sqrt(2 / fan_in), shape))
        bias = self.tensor(self.random.normal(0, 0.1, outputs))
        pads = [kernel // 2] * 4
        y = self.node(
            "Conv", [x, weights, bias], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads,
            group=inputs if depthwise else 1,
        )
        return self.node("Clip", [y, self.zero, self.six]) if clips else y


def write(path):
    w = Writer(1)
    w.zero, w.six = w.tensor(0.0), w.tensor(6.0)
    x, width = w.conv("image", 3, channels(32), 3, 2), channels(32)
    for expansion, count, repeats, stride in STAGES:
        for index in range(repeats):
            out, inner, step = channels(count), width * expansion, stride if index == 0 else 1
            y = w.conv(x, width, inner, 1) if expansion != 1 else x
            y = w.conv(y, inner, inner, 3, step, depthwise=True)
            y = w.conv(y, inner, out, 1, clips=False)
            x, width = (w.node("Add", [x, y]) if step == 1 and width == out else y), out
    x = w.conv(x, width, LAST, 1)
    x = w.node("Flatten", [w.node("GlobalAveragePool", [x])])
    dense = w.tensor(w.random.normal(0, np.sqrt(1 / LAST), (CLASSES, LAST)))
    w.nodes.append(helper.make_node("Gemm", [x, dense, w.tensor(np.zeros(CLASSES))], ["logits"], transB=1))
    graph = helper.make_graph(
        w.nodes, "mobilenet_v2",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, CLASSES])],
        w.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, path)


def resize(source, target):
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.png")):
        Image.open(path).convert("RGB").resize((SIDE, SIDE), Image.BILINEAR).save(target / path.name)


if __name__ == "__main__":
    write(sys.argv[1])
    resize(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
