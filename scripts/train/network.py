"""The layer list in NumPy: one set of linear maps for the float run and for the integer network.

Maps are `[n, h, w, c]` in float64. Integers stay below 2^53 there, so the integer run is exact.
"""

import numpy as np


def accumulate(layer, x, weight):
    """`sum w * x` of a convolution or dense layer, zero padding, weights in ONNX order, no bias."""
    if layer.kind == "dense":
        return x @ weight.T
    if layer.kind == "pointwise":
        return x @ weight[:, :, 0, 0].T
    x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    stride, size = layer.stride, layer.out_size
    span = stride * (size - 1) + 1
    total = 0.0
    for a in range(3):
        for b in range(3):
            tap = x[:, a : a + span : stride, b : b + span : stride]
            total = total + (tap * weight[:, 0, a, b] if layer.kind == "depthwise" else tap @ weight[:, :, a, b].T)
    return total


def run_float(layers, params, images):
    """Every layer's output for bytes `[n, h, w, 3]`, keyed by name; `image` is byte / 255."""
    values = {"image": np.float64(images) / 255}
    for layer in layers:
        xs = [values[name] for name in layer.inputs]
        if layer.kind == "add":
            y = xs[0] + xs[1]
        elif layer.kind == "pool":
            y = xs[0].mean(axis=(1, 2))
        else:
            weight, bias = params[layer.name]
            y = accumulate(layer, xs[0], np.float64(weight)) + bias
        values[layer.name] = np.clip(y, 0, 6) if layer.relu6 else y
    return values


def run_integer(layers, quantised, images, shift):
    """Unclipped quotients of the last layer `[n, classes]` for bytes `[n, h, w, 3]`: `q = floor(t / 2^s)`.

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
        values[layer.name] = q if layer.kind == "dense" else np.clip(q, 0, 255)
    return q
