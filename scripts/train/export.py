"""Writes a trained network as float ONNX, in one of the forms that exporters write, and reads it back."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import architecture
import network

IR_VERSION = 8  # read by every consumer of the operator sets used here


@dataclass(frozen=True)
class Form:
    """How a network is written: operator set; BatchNormalization kept or folded; a batch axis left open, which is called
    `batch`, or of 1; and whether it ends with probabilities instead of logits.
    """

    opset: int = 13
    keep_batch_norm: bool = False
    open_batch: bool = False
    softmax: bool = False


def write_onnx(layers, tensors, form, graph_name, path):
    """Writes an ONNX file.

    `tensors[name]` are those of a layer, in ONNX order: convolutions `[out_c, in_c/groups, k_h, k_w]`, dense `[out_c, in]`.
    Operators: Conv, BatchNormalization, Relu, Clip (ReLU6, bounds as inputs), Add, AveragePool, GlobalAveragePool, Flatten,
    Gemm, Softmax. Input `image`, float `[batch, channels, n, n]` in [0, 1] (byte / 255); output `logits` or `probabilities`,
    float `[batch, classes]`.
    """
    nodes, initializers = [], []
    if any(layer.activation == architecture.RELU6 for layer in layers):
        bounds = (("relu6_min", 0.0), ("relu6_max", 6.0))
        initializers += [numpy_helper.from_array(np.float32(bound), name) for name, bound in bounds]

    def node(op, inputs, name, output=None, **attributes):
        nodes.append(helper.make_node(op, list(inputs), [output or name], name, **attributes))
        return output or name

    def constants(layer, **arrays):
        names = [f"{layer.name}.{part}" for part in arrays]
        for name, array in zip(names, arrays.values()):
            initializers.append(numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name))
        return names

    for layer in layers:
        window = {"kernel_shape": [layer.kernel] * 2, "pads": [layer.pad] * 4, "strides": [layer.stride] * 2}
        linear = f"{layer.name}_linear" if layer.activation else layer.name
        if layer.kind == "add":
            node("Add", layer.inputs, layer.name, linear)
        elif layer.kind == "average":
            node("AveragePool", layer.inputs, layer.name, linear, **window)
        elif layer.kind == "pool":
            node("GlobalAveragePool", layer.inputs, layer.name, linear)
        elif layer.kind == "dense":
            weight, bias = network.fold(tensors[layer.name])
            inputs = layer.inputs
            if layer.name == next(dense.name for dense in layers if dense.kind == "dense"):
                inputs = [node("Flatten", inputs, "features", axis=1)]
            node("Gemm", [*inputs, *constants(layer, weight=weight, bias=bias)], layer.name, linear, transB=1)
        else:
            group = layer.out_channels if layer.kind == "depthwise" else 1
            window |= {"dilations": [1, 1], "group": group}
            if form.keep_batch_norm:
                kernel, *norm = constants(layer, **tensors[layer.name])
                conv = node("Conv", [*layer.inputs, kernel], layer.name, f"{layer.name}_conv", **window)
                node("BatchNormalization", [conv, *norm], f"{layer.name}_bn", linear, epsilon=network.BN_EPSILON)
            else:
                weight, bias = network.fold(tensors[layer.name])
                inputs = [*layer.inputs, *constants(layer, weight=weight, bias=bias)]
                node("Conv", inputs, layer.name, linear, **window)
        if layer.activation:
            op, *bounds = ("Clip", "relu6_min", "relu6_max") if layer.activation == architecture.RELU6 else ("Relu",)
            node(op, [linear, *bounds], f"{layer.name}_{layer.activation}", layer.name)
    output = node("Softmax", ["logits"], "probabilities", axis=1) if form.softmax else "logits"
    batch, size = "batch" if form.open_batch else 1, layers[0].in_size
    graph = helper.make_graph(
        nodes,
        graph_name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, layers[0].in_channels, size, size])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [batch, layers[-1].out_channels])],
        initializers,
    )
    opset = helper.make_opsetid("", form.opset)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="assay train-demo-model")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def read_tensors(path):
    """The tensors of a file written by `write_onnx`, by layer name and then by what they are."""
    tensors = defaultdict(dict)
    for tensor in onnx.load(path).graph.initializer:
        layer, _, part = tensor.name.rpartition(".")
        if layer:
            tensors[layer][part] = numpy_helper.to_array(tensor)
    return tensors


def run_onnx(path, images):
    """What onnxruntime says `[n, classes]` of bytes `[n, h, w, channels]`, one image at a time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    inputs = (np.float32(image.transpose(2, 0, 1)[None]) / np.float32(255) for image in images)
    return np.concatenate([session.run(None, {"image": tensor})[0] for tensor in inputs])
