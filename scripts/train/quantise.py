"""Post-training quantisation of the folded network: the check that the importer's task is possible.

Activations uint8, weights int8 per output channel, biases int32, one shift s and an integer multiplier `a` per channel:
`t = a * acc + z_y * 2^s + 2^(s-1)`, `q = floor(t / 2^s)`, output `clip(q, 0, 255)`; the last layer keeps `q`. The prover's
lookup tables have 2^s entries, so every quotient must lie in `[-2^(s-1), 2^(s-1))`. The multiplier is chosen first and the
float weights are rounded on the grid it implies, so a short multiplier costs no accuracy. The Rust importer is the
implementation that counts; this one only has to follow the same rules.
"""

import numpy as np

import architecture
import network

RELU6_SCALE = 6 / 255
INT32_MAX = 2**31 - 1


class QuantisationError(ValueError):
    """The network cannot be quantised within the rules; the message names the layer."""


def activation_ranges(layers, values):
    """`(scale, zero_point)` by tensor name, real = scale * (q - zero_point), from the float values of a calibration run."""
    ranges = {"image": (1 / 255, 0)}
    for layer in layers:
        if layer.activation == architecture.RELU6:
            ranges[layer.name] = (RELU6_SCALE, 0)
        elif layer is not layers[-1]:
            low, high = min(values[layer.name].min(), 0.0), max(values[layer.name].max(), 0.0)
            scale = (high - low) / 255
            ranges[layer.name] = (scale, int(np.floor(-low / scale + 0.5)))
    return ranges


def quantise(layers, params, values, shift):
    """Integers of every layer as `network.run_integer` reads them at this shift, plus the bounds of `q` over all inputs 0..255.

    Raises QuantisationError if a multiplier is 0, a bias leaves int32, or some input could push a quotient out of the
    lookup table (totality).
    """
    ranges, quantised, bounds, limit = activation_ranges(layers, values), {}, {}, 2 ** (shift - 1)
    for layer in layers:
        scales, zeros = zip(*(ranges[name] for name in layer.inputs))
        if layer.kind in ("add", "pool"):
            entry, ranges[layer.name] = _merge(layer, scales, zeros, *ranges[layer.name], shift)
        elif layer is layers[-1]:
            weight, bias = (np.float64(array) for array in params[layer.name])
            scale = _logit_scale(weight, bias, scales[0], zeros[0], limit)
            entry = _linear(layer, weight, bias, scales[0], zeros[0], scale, 0, shift)
        else:
            entry = _linear(layer, *network.linear(layer, params), scales[0], zeros[0], *ranges[layer.name], shift)
        quantised[layer.name] = entry
        bounds[layer.name] = _quotient_bounds(layer, entry, shift)
        if bounds[layer.name][0] < -limit or bounds[layer.name][1] >= limit:
            raise QuantisationError(f"{layer.name}: quotients in {bounds[layer.name]} leave the lookup table")
    return quantised, bounds


def _linear(layer, weight, bias, in_scale, in_zero, out_scale, out_zero, shift):
    weight, bias = np.float64(weight), np.float64(bias)
    axes = tuple(range(1, weight.ndim))
    channel = (slice(None),) + (None,) * len(axes)
    widest = np.maximum(np.abs(weight).max(axis=axes), 1e-6)
    multiplier = np.ceil(widest / 127 * in_scale / out_scale * 2**shift)
    weight_scale = multiplier / 2**shift * out_scale / in_scale
    ints = np.clip(np.floor(weight / weight_scale[channel] + 0.5), -127, 127)
    bias_ints = np.floor(bias / (weight_scale * in_scale) + 0.5)
    if np.abs(bias_ints).max() > INT32_MAX:
        raise QuantisationError(f"{layer.name}: bias leaves int32")
    return {
        "weight": ints * multiplier[channel],
        "bias": multiplier * bias_ints + out_zero * 2**shift + 2 ** (shift - 1),
        "zero_points": [in_zero],
    }


def _merge(layer, scales, zeros, out_scale, out_zero, shift):
    """Residual add or average pool; returns the entry and the output range that the rounded multiplier implies."""
    count = layer.in_size**2 if layer.kind == "pool" else 1
    multipliers = [float(np.floor(scale / (out_scale * count) * 2**shift + 0.5)) for scale in scales]
    if min(multipliers) < 1:
        raise QuantisationError(f"{layer.name}: multiplier rounds to 0")
    if layer.kind == "pool":
        out_scale = scales[0] * 2**shift / (multipliers[0] * count)
    bias = float(out_zero * 2**shift + 2 ** (shift - 1))
    return {"multipliers": multipliers, "bias": bias, "zero_points": list(zeros)}, (out_scale, out_zero)


def _logit_scale(weight, bias, in_scale, in_zero, limit):
    """The finest common scale at which no input can push a logit out of the lookup table (2 % spare)."""
    highest = (np.maximum(weight, 0) * (255 - in_zero) + np.minimum(weight, 0) * -in_zero).sum(axis=1) * in_scale + bias
    lowest = (np.minimum(weight, 0) * (255 - in_zero) + np.maximum(weight, 0) * -in_zero).sum(axis=1) * in_scale + bias
    return max(highest.max(), -lowest.min()) / (0.98 * limit)


def _quotient_bounds(layer, entry, shift):
    """Interval of `q` over all inputs in 0..255; padding reads 0, which lies inside the interval of `x - zero_point`."""
    low = high = entry["bias"]
    if layer.kind == "add":
        for multiplier, zero in zip(entry["multipliers"], entry["zero_points"]):
            low, high = low - multiplier * zero, high + multiplier * (255 - zero)
    elif layer.kind == "pool":
        low = low - entry["multipliers"][0] * entry["zero_points"][0] * layer.in_size**2
        high = high + entry["multipliers"][0] * (255 - entry["zero_points"][0]) * layer.in_size**2
    else:
        weight, zero = entry["weight"].reshape(layer.out_channels, -1), entry["zero_points"][0]
        up, down = np.maximum(weight, 0).sum(axis=1), np.minimum(weight, 0).sum(axis=1)
        low, high = low - up * zero + down * (255 - zero), high + up * (255 - zero) - down * zero
    return int(np.min(low) // 2**shift), int(np.max(high) // 2**shift)
