"""A small network that joins channels, as SqueezeNet and DenseNet do: random kernels, and a classifier fitted to their features.

`images` are as the network reads them, `labels` their classes. What is joined differs in range: halves of a fire module, and numbers above 0
beside numbers of both signs.
"""

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

CLASSES = 10
# Of a map of 4×4.
FEATURES = 8 * 4 * 4
OPSET = 13
# Of the squares of the weights, beside the errors of the fit.
RIDGE = 0.3


class Graph:
    def __init__(self):
        self.random = np.random.default_rng(5)
        self.nodes, self.constants = [], []

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=np.float32), name))
        return name

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def conv(self, source, reads, makes, kernel, output, stride=1, gain=1.0, relu=True):
        limit = gain * np.sqrt(6 / (reads * kernel * kernel))
        weights = self.constant(f"{output}_w", self.random.uniform(-limit, limit, (makes, reads, kernel, kernel)))
        bias = self.constant(f"{output}_b", self.random.uniform(-0.1, 0.3, makes))
        pads, steps = [kernel // 2] * 4, [stride, stride]
        inner = f"{output}_conv" if relu else output
        self.node("Conv", [source, weights, bias], inner, pads=pads, strides=steps, kernel_shape=[kernel, kernel])
        return self.node("Relu", [inner], output) if relu else output

    def model(self, output, shape):
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 32, 32])
        result = helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, "squeezenet", [image], [result], self.constants)
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def features():
    graph = Graph()
    graph.conv("image", 3, 8, 3, "stem", stride=2)
    graph.conv("stem", 8, 4, 1, "squeeze")
    graph.conv("squeeze", 4, 8, 1, "expand1", gain=0.6)
    graph.conv("squeeze", 4, 8, 3, "expand3")
    graph.node("Concat", ["expand1", "expand3"], "fire", axis=1)
    graph.conv("fire", 16, 16, 3, "halved", stride=2)
    graph.conv("halved", 16, 8, 3, "grown", gain=0.8, relu=False)
    graph.node("Concat", ["halved", "grown"], "dense", axis=1)
    graph.conv("dense", 24, 8, 3, "last", stride=2)
    graph.node("Flatten", ["last"], "features", axis=1)
    return graph


def build(images, labels):
    graph = features()
    run = ort.InferenceSession(graph.model("features", [1, FEATURES]).SerializeToString(), providers=["CPUExecutionProvider"])
    x = np.concatenate([run.run(None, {"image": image})[0] for image in images]).astype(np.float64)
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 1e-6
    normal = (x - mean) / deviation
    wanted = np.eye(CLASSES)[np.asarray(labels)] - 1 / CLASSES
    square = normal.T @ normal / len(x) + RIDGE * np.eye(x.shape[1])
    fitted = np.linalg.solve(square, normal.T @ wanted / len(x)) / deviation[:, None]
    weights = graph.constant("classifier_w", 4 * fitted.T)
    bias = graph.constant("classifier_b", -4 * mean @ fitted)
    graph.node("Gemm", ["features", weights, bias], "logits", transB=1)
    return graph.model("logits", [1, CLASSES])
