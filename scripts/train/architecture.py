"""The demo models' networks as flat lists of layers, and the counts that follow from them: MobileNet v2 (Sandler18,
arXiv:1801.04381, table 2) and smaller networks of its blocks, LeNet-5, a small ResNet, a small MobileNet v1.

One list serves training, export and the integer check, so the three cannot disagree. Every 3x3 convolution has pad 1 all
round, at stride 2 as well (the PyTorch convention), and LeNet's 5x5 ones have none; the library's own SAME padding is never
used.
"""

from dataclasses import dataclass

# (expansion t, output channels c, repeats n, stride of the first repeat s)
INVERTED_RESIDUALS = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
LAST_CHANNELS = 1280  # not scaled by a width below 1
RELU, RELU6 = "relu", "relu6"


@dataclass(frozen=True)
class Layer:
    """One layer; `kind` is conv, depthwise, average (of a small window), add, pool (average of the whole map) or dense.

    Sizes are square maps: `in_size`, `out_size` in pixels. `inputs` are layer names; the network input is `image`. A dense
    layer is a kernel as large as the map. `activation` is RELU, RELU6 or None.
    """

    kind: str
    name: str
    inputs: tuple
    in_channels: int
    out_channels: int
    in_size: int
    out_size: int
    kernel: int
    stride: int
    pad: int
    activation: str | None

    @property
    def weight_count(self):
        """Kernel entries, without biases."""
        if self.kind == "depthwise":
            return self.kernel**2 * self.out_channels
        if self.kind in ("conv", "dense"):
            return self.kernel**2 * self.in_channels * self.out_channels
        return 0

    @property
    def bias_count(self):
        return self.out_channels if self.weight_count else 0

    @property
    def activation_count(self):
        """Output elements, each one triple (quotient, remainder, clipped output) of the circuit."""
        return self.out_channels * self.out_size**2

    @property
    def mac_count(self):
        """Multiply-accumulates; an add counts one per output element, an average one per pixel of its window."""
        if self.kind == "add":
            return self.activation_count
        if self.kind == "average":
            return self.kernel**2 * self.activation_count
        return self.weight_count * self.out_size**2


class Layers(list):
    """Layers in execution order; each method appends one, which reads the layer before it unless `reads` names another."""

    def __init__(self, resolution, channels=3):
        super().__init__()
        self._shapes = {"image": (channels, resolution)}

    @property
    def last(self):
        """Name of what was computed last."""
        return self[-1].name if self else "image"

    def conv(self, name, out_channels, kernel=1, stride=1, pad=0, activation=None, reads=None):
        self._append("conv", name, (reads or self.last,), out_channels, kernel, stride, pad, activation)

    def depthwise(self, name, stride):
        """3x3, ReLU6."""
        self._append("depthwise", name, (self.last,), None, 3, stride, 1, RELU6)

    def average(self, name, size):
        """Of windows of `size` pixels a side, side by side."""
        self._append("average", name, (self.last,), None, size, size)

    def add(self, name, inputs, activation=None):
        self._append("add", name, inputs, activation=activation)

    def pool(self):
        self._append("pool", "pool", (self.last,), kernel=self._shapes[self.last][1])

    def dense(self, name, out_channels, activation=None):
        self._append("dense", name, (self.last,), out_channels, self._shapes[self.last][1], activation=activation)

    def _append(self, kind, name, inputs, out_channels=None, kernel=1, stride=1, pad=0, activation=None):
        in_channels, in_size = self._shapes[inputs[0]]
        shape = out_channels or in_channels, (in_size + 2 * pad - kernel) // stride + 1
        self._shapes[name] = shape
        self.append(Layer(kind, name, inputs, in_channels, shape[0], in_size, shape[1], kernel, stride, pad, activation))


def make_divisible(value, divisor=8):
    """Rounds to a multiple of `divisor`, never more than 10 % down (TF-Slim's reference rule)."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def mobilenet(stem_channels, blocks, head_channels, resolution, classes):
    """Layers of a network of inverted residuals in execution order, with `blocks` as `(t, c, n, s)`, channels unscaled.

    Raises ValueError unless every map of stride 2 has an even size.
    """
    span = 2
    for _, _, _, first_stride in blocks:
        span *= first_stride
    if resolution % span:
        raise ValueError(f"resolution {resolution} is not a multiple of {span}")
    layers = Layers(resolution)
    layers.conv("stem", stem_channels, 3, 2, 1, RELU6)
    channels, block = stem_channels, 0
    for expansion, out_channels, repeats, first_stride in blocks:
        for repeat in range(repeats):
            stride, entry = first_stride if repeat == 0 else 1, layers.last
            if expansion != 1:
                layers.conv(f"block{block}_expand", channels * expansion, activation=RELU6)
            layers.depthwise(f"block{block}_depthwise", stride)
            layers.conv(f"block{block}_project", out_channels)
            if stride == 1 and channels == out_channels:
                layers.add(f"block{block}_add", (entry, layers.last))
            channels, block = out_channels, block + 1
    layers.conv("head", head_channels, activation=RELU6)
    layers.pool()
    layers.dense("logits", classes)
    return layers


def mobilenet_v2(width, resolution, classes):
    """Layers of MobileNet v2 at a width of at most 1. `resolution` must be a multiple of 32."""
    blocks = [(t, make_divisible(c * width), n, s) for t, c, n, s in INVERTED_RESIDUALS]
    return mobilenet(make_divisible(32 * width), blocks, LAST_CHANNELS, resolution, classes)


def mobilenet_v1(stem_channels, blocks, resolution, classes):
    """Layers of a MobileNet v1 (arXiv:1704.04861), `blocks` as `(c, s)`: a depthwise 3x3 of stride s, then 1x1 to c channels."""
    layers = Layers(resolution)
    layers.conv("stem", stem_channels, 3, 2, 1, RELU6)
    for block, (out_channels, stride) in enumerate(blocks):
        layers.depthwise(f"block{block}_depthwise", stride)
        layers.conv(f"block{block}_pointwise", out_channels, activation=RELU6)
    layers.pool()
    layers.dense("logits", classes)
    return layers


def resnet(stem_channels, stages, resolution, classes):
    """Layers of a ResNet (arXiv:1512.03385) of basic blocks, `stages` as `(c, n)`: n blocks of c channels.

    The first block of a stage has stride 2, and a 1x1 convolution of stride 2 as its shortcut; the others add what they read.
    """
    layers = Layers(resolution)
    layers.conv("stem", stem_channels, 3, 1, 1, RELU)
    for stage, (out_channels, repeats) in enumerate(stages):
        for repeat in range(repeats):
            name, entry, stride = f"stage{stage}_block{repeat}", layers.last, 1 if repeat else 2
            layers.conv(f"{name}_conv0", out_channels, 3, stride, 1, RELU)
            layers.conv(f"{name}_conv1", out_channels, 3, 1, 1)
            branch = layers.last
            if not repeat:
                layers.conv(f"{name}_shortcut", out_channels, 1, stride, reads=entry)
                entry = layers.last
            layers.add(f"{name}_add", (branch, entry), RELU)
    layers.pool()
    layers.dense("logits", classes)
    return layers


def lenet(convolutions, hidden, resolution, classes):
    """Layers of LeNet-5 on grey images: 5x5 convolutions without padding, each before an average of 2x2, then dense layers."""
    layers = Layers(resolution, channels=1)
    for index, out_channels in enumerate(convolutions):
        layers.conv(f"conv{index}", out_channels, 5, activation=RELU)
        layers.average(f"average{index}", 2)
    for index, out_channels in enumerate(hidden):
        layers.dense(f"dense{index}", out_channels, RELU)
    layers.dense("logits", classes)
    return layers


def counts(layers):
    """Totals of a layer list: weights with biases, activations (outputs of every layer but the image), MACs."""
    return {
        "layers": len(layers),
        "weights": sum(layer.weight_count for layer in layers),
        "biases": sum(layer.bias_count for layer in layers),
        "weights_and_biases": sum(layer.weight_count + layer.bias_count for layer in layers),
        "activations": sum(layer.activation_count for layer in layers),
        "macs": sum(layer.mac_count for layer in layers),
        "input_bytes": layers[0].in_channels * layers[0].in_size ** 2,
    }


# (width, resolution) -> (activations, weights and biases), the figures of the design page for 1001 classes.
DESIGN_COUNTS = {(0.35, 96): (543_217, 1_671_369), (0.5, 224): (3_763_129, 1_960_689), (0.75, 192): (4_437_193, 2_624_385)}


def check_design_counts():
    """Raises ValueError if the layer list disagrees with the design's counts of the paper's three models."""
    for (width, resolution), expected in DESIGN_COUNTS.items():
        got = counts(mobilenet_v2(width, resolution, 1001))
        if (got["activations"], got["weights_and_biases"]) != expected:
            raise ValueError(f"counts of ({width}, {resolution}): expected {expected}, got {got}")
