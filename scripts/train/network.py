"""The layer list in NumPy: one set of linear maps for the float run and for the integer network.

Maps are `[n, h, w, c]` in float64. Integers stay below 2^53 there, so the integer run is exact.
"""

import numpy as np

import architecture

BN_EPSILON = 1e-3


def fold(tensors):
    """`(weight, bias)` of one layer in ONNX order, float32, with its batch normalisation folded in if it has one.

    `tensors` are `weight` and `bias`, or `weight` and the norm's `scale`, `shift`, `mean` and `variance`.
    """
    if "bias" in tensors:
        return tensors["weight"], tensors["bias"]
    gain, offset, mean, variance = (np.float64(tensors[name]) for name in ("scale", "shift", "mean", "variance"))
    inv_std_gain = gain / np.sqrt(variance + BN_EPSILON)
    weight = np.float64(tensors["weight"]) * inv_std_gain[:, None, None, None]
    return np.float32(weight), np.float32(offset - mean * inv_std_gain)


def linear(layer, params):
    """`(weight, bias)` of a layer that multiplies: those of the network's folded `params`, or of an average."""
    if layer.kind != "average":
        return params[layer.name]
    shape = (layer.out_channels, 1, layer.kernel, layer.kernel)
    return np.full(shape, 1 / layer.kernel**2), np.zeros(layer.out_channels)


def accumulate(layer, x, weight):
    """`sum w * x` of a convolution, average or dense layer, zero padding, weights in ONNX order, no bias."""
    if layer.kind == "dense":
        return (x.transpose(0, 3, 1, 2).reshape(len(x), -1) if x.ndim == 4 else x) @ weight.T
    pad, stride, size = layer.pad, layer.stride, layer.out_size
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    span = stride * (size - 1) + 1
    total = 0.0
    for a in range(layer.kernel):
        for b in range(layer.kernel):
            tap = x[:, a : a + span : stride, b : b + span : stride]
            total = total + (tap @ weight[:, :, a, b].T if layer.kind == "conv" else tap * weight[:, 0, a, b])
    return total


def run_float(layers, params, images):
    """Every layer's output for bytes `[n, h, w, channels]`, keyed by name; `image` is byte / 255."""
    values = {"image": np.float64(images) / 255}
    for layer in layers:
        xs = [values[name] for name in layer.inputs]
        if layer.kind == "add":
            y = xs[0] + xs[1]
        elif layer.kind == "pool":
            y = xs[0].mean(axis=(1, 2))
        else:
            weight, bias = linear(layer, params)
            y = accumulate(layer, xs[0], np.float64(weight)) + bias
        if layer.activation:
            y = np.clip(y, 0, 6 if layer.activation == architecture.RELU6 else None)
        values[layer.name] = y
    return values


def run_integer(layers, quantised, images, shift):
    """Unclipped quotients of the last layer `[n, classes]` for bytes `[n, h, w, channels]`: `q = floor(t / 2^s)`.

    `quantised[name]` holds integers: `weight` and `bias` already multiplied (`bias` includes `z_y * 2^s` and the rounding
    half), or `multipliers` and `bias` for adds and the pool; `zero_points` are those of the inputs.
    """
    values = {"image": np.float64(images)}
    for layer in layers:
        entry = quantised[layer.name]
        xs = [values[name] - zero for name, zero in zip(layer.inputs, entry["zero_points"])]
        if layer.kind == "add":
            t = sum(multiplier * x for multiplier, x in zip(entry["multipliers"], xs))
        elif layer.kind == "pool":
            t = entry["multipliers"][0] * xs[0].sum(axis=(1, 2))
        else:
            t = accumulate(layer, xs[0], entry["weight"])
        q = np.floor((t + entry["bias"]) / 2**shift)
        values[layer.name] = np.clip(q, 0, 255)
    return q
