"""Writes the folded network as float ONNX and reads it back."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 13
IR_VERSION = 8  # read by every consumer of opset 13
PAD = [1, 1, 1, 1]


def write_onnx(layers, params, graph_name, path):
    """Writes a static batch-1 ONNX file.

    `params[name]` is `(weight, bias)` in ONNX order: convolutions `[out_c, in_c/groups, k_h, k_w]`, dense `[classes, in_c]`.
    Operators: Conv, Clip (ReLU6, bounds as inputs), Add, GlobalAveragePool, Flatten, Gemm. Input `image`, float
    `[1, 3, n, n]` in [0, 1] (byte / 255); output `logits`, float `[1, classes]`.
    """
    size, classes = layers[0].in_size, layers[-1].out_channels
    initializers = [
        numpy_helper.from_array(np.float32(0.0), "relu6_min"),
        numpy_helper.from_array(np.float32(6.0), "relu6_max"),
    ]
    nodes = []
    for layer in layers:
        if layer.kind == "add":
            nodes.append(helper.make_node("Add", list(layer.inputs), [layer.name], layer.name))
            continue
        if layer.kind == "pool":
            nodes.append(helper.make_node("GlobalAveragePool", list(layer.inputs), [layer.name], layer.name))
            continue
        weight, bias = (np.ascontiguousarray(array, np.float32) for array in params[layer.name])
        names = [f"{layer.name}.weight", f"{layer.name}.bias"]
        initializers += [numpy_helper.from_array(weight, names[0]), numpy_helper.from_array(bias, names[1])]
        if layer.kind == "dense":
            nodes.append(helper.make_node("Flatten", list(layer.inputs), ["features"], "features", axis=1))
            nodes.append(helper.make_node("Gemm", ["features", *names], [layer.name], layer.name, transB=1))
            continue
        spatial = layer.kind != "pointwise"
        output = f"{layer.name}_linear" if layer.relu6 else layer.name
        nodes.append(
            helper.make_node(
                "Conv",
                [layer.inputs[0], *names],
                [output],
                layer.name,
                kernel_shape=[3, 3] if spatial else [1, 1],
                pads=PAD if spatial else [0, 0, 0, 0],
                strides=[layer.stride, layer.stride],
                dilations=[1, 1],
                group=layer.out_channels if layer.kind == "depthwise" else 1,
            )
        )
        if layer.relu6:
            clip_inputs = [output, "relu6_min", "relu6_max"]
            nodes.append(helper.make_node("Clip", clip_inputs, [layer.name], f"{layer.name}_relu6"))
    graph = helper.make_graph(
        nodes,
        graph_name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, size, size])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, classes])],
        initializers,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="assay train-demo-model"
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def read_params(path):
    """Weights and biases of a file written by `write_onnx`, keyed by layer name."""
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}
    names = [name.removesuffix(".weight") for name in tensors if name.endswith(".weight")]
    return {name: (tensors[f"{name}.weight"], tensors[f"{name}.bias"]) for name in names}


def run_onnx(path, images):
    """Logits `[n, classes]` of onnxruntime for bytes `[n, h, w, 3]`, one image at a time (the batch is static)."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    inputs = (np.float32(image.transpose(2, 0, 1)[None]) / np.float32(255) for image in images)
    return np.concatenate([session.run(["logits"], {"image": tensor})[0] for tensor in inputs])
