"""MobileNet v2 (Sandler18, arXiv:1801.04381, table 2) and smaller networks of its blocks as flat lists of layers, and the
counts that follow from them.

One list serves training, export and the integer check, so the three cannot disagree. Every 3x3 convolution has pad 1 all
round, at stride 2 as well (the PyTorch convention); the library's own SAME padding is never used.
"""

from dataclasses import dataclass

# (expansion t, output channels c, repeats n, stride of the first repeat s)
INVERTED_RESIDUALS = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
LAST_CHANNELS = 1280  # not scaled by a width below 1
INPUT_CHANNELS = 3


@dataclass(frozen=True)
class Layer:
    """One layer; `kind` is conv, depthwise, pointwise, add, pool or dense.

    Sizes are square maps: `in_size`, `out_size` in pixels. `inputs` are layer names; the network input is `image`.
    """

    kind: str
    name: str
    inputs: tuple
    in_channels: int
    out_channels: int
    in_size: int
    out_size: int
    stride: int = 1
    relu6: bool = False

    @property
    def weight_count(self):
        """Kernel entries, without biases."""
        if self.kind == "conv":
            return 9 * self.in_channels * self.out_channels
        if self.kind == "depthwise":
            return 9 * self.out_channels
        if self.kind in ("pointwise", "dense"):
            return self.in_channels * self.out_channels
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
        """Multiply-accumulates; an add counts one per output element."""
        if self.kind == "add":
            return self.activation_count
        return self.weight_count * self.out_size**2


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
    channels, size = stem_channels, resolution // 2
    layers = [Layer("conv", "stem", ("image",), INPUT_CHANNELS, channels, resolution, size, 2, True)]
    block = 0
    for expansion, out_channels, repeats, first_stride in blocks:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            entry, hidden, out_size = layers[-1].name, channels * expansion, size // stride
            if expansion != 1:
                layers.append(Layer("pointwise", f"block{block}_expand", (entry,), channels, hidden, size, size, 1, True))
            layers.append(
                Layer("depthwise", f"block{block}_depthwise", (layers[-1].name,), hidden, hidden, size, out_size, stride, True)
            )
            layers.append(
                Layer("pointwise", f"block{block}_project", (layers[-1].name,), hidden, out_channels, out_size, out_size)
            )
            if stride == 1 and channels == out_channels:
                branch = layers[-1].name
                layers.append(
                    Layer("add", f"block{block}_add", (entry, branch), out_channels, out_channels, out_size, out_size)
                )
            channels, size, block = out_channels, out_size, block + 1
    layers.append(Layer("pointwise", "head", (layers[-1].name,), channels, head_channels, size, size, 1, True))
    layers.append(Layer("pool", "pool", ("head",), head_channels, head_channels, size, 1))
    layers.append(Layer("dense", "logits", ("pool",), head_channels, classes, 1, 1))
    return layers


def mobilenet_v2(width, resolution, classes):
    """Layers of MobileNet v2 at a width of at most 1. `resolution` must be a multiple of 32."""
    blocks = [(t, make_divisible(c * width), n, s) for t, c, n, s in INVERTED_RESIDUALS]
    return mobilenet(make_divisible(32 * width), blocks, LAST_CHANNELS, resolution, classes)


def counts(layers):
    """Totals of a layer list: weights with biases, activations (outputs of every layer but the image), MACs."""
    return {
        "layers": len(layers),
        "weights": sum(layer.weight_count for layer in layers),
        "biases": sum(layer.bias_count for layer in layers),
        "weights_and_biases": sum(layer.weight_count + layer.bias_count for layer in layers),
        "activations": sum(layer.activation_count for layer in layers),
        "macs": sum(layer.mac_count for layer in layers),
        "input_bytes": INPUT_CHANNELS * (layers[0].in_size) ** 2,
    }


# (width, resolution) -> (activations, weights and biases), the figures of the design page for 1001 classes.
DESIGN_COUNTS = {(0.35, 96): (543_217, 1_671_369), (0.5, 224): (3_763_129, 1_960_689), (0.75, 192): (4_437_193, 2_624_385)}


def check_design_counts():
    """Raises ValueError if the layer list disagrees with the design's counts of the paper's three models."""
    for (width, resolution), expected in DESIGN_COUNTS.items():
        got = counts(mobilenet_v2(width, resolution, 1001))
        if (got["activations"], got["weights_and_biases"]) != expected:
            raise ValueError(f"counts of ({width}, {resolution}): expected {expected}, got {got}")
