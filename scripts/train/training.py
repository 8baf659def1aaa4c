"""Trains the layer list with TensorFlow on the CPU, with batch normalisation after every convolution.

TensorFlow because its CPU wheel is 274 MB; PyTorch's Linux wheel on PyPI requires about 3 GB of CUDA libraries to import.
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import architecture  # noqa: E402
import dataset  # noqa: E402
import network  # noqa: E402

# With few steps the moving averages must follow quickly: at Keras' default of 0.99 and above they do not settle.
BN_MOMENTUM = 0.9
BATCH = 64
PEAK_RATE = 4e-3
WEIGHT_DECAY = 2e-2
LABEL_SMOOTHING = 0.05


def build(layers):
    """Keras model of the layer list: image `[n, h, w, channels]` in [0, 1] to logits `[n, classes]`."""
    k = keras.layers
    size = layers[0].in_size
    tensors = {"image": keras.Input((size, size, layers[0].in_channels), name="image")}
    for layer in layers:
        xs = [tensors[name] for name in layer.inputs]
        x = xs[0]
        if layer.kind == "add":
            x = k.Add(name=layer.name)(xs)
        elif layer.kind == "pool":
            x = k.GlobalAveragePooling2D(name=layer.name)(x)
        elif layer.kind == "average":
            x = k.AveragePooling2D(layer.kernel, name=layer.name)(x)
        elif layer.kind == "dense":
            if layer.kernel > 1:
                x = k.Flatten(name=f"{layer.name}_flat")(k.Permute((3, 1, 2), name=f"{layer.name}_channels_first")(x))
            x = k.Dense(layer.out_channels, name=layer.name)(x)
        else:
            if layer.pad:
                x = k.ZeroPadding2D(layer.pad, name=f"{layer.name}_pad")(x)
            options = {"strides": layer.stride, "padding": "valid", "use_bias": False, "name": layer.name}
            if layer.kind == "depthwise":
                x = k.DepthwiseConv2D(layer.kernel, depthwise_initializer="he_normal", **options)(x)
            else:
                x = k.Conv2D(layer.out_channels, layer.kernel, kernel_initializer="he_normal", **options)(x)
            x = k.BatchNormalization(momentum=BN_MOMENTUM, epsilon=network.BN_EPSILON, name=f"{layer.name}_bn")(x)
        if layer.activation:
            limit = 6.0 if layer.activation == architecture.RELU6 else None
            x = k.ReLU(limit, name=f"{layer.name}_{layer.activation}")(x)
        tensors[layer.name] = x
    return keras.Model(tensors["image"], tensors[layers[-1].name])


def parameters(model, layers):
    """The tensors of every layer in ONNX order, as `network.fold` reads them: `{name: {tensor: array}}`, float32."""
    tensors = {}
    for layer in layers:
        if not layer.weight_count:
            continue
        if layer.kind == "dense":
            kernel, bias = model.get_layer(layer.name).get_weights()
            tensors[layer.name] = {"weight": kernel.T, "bias": bias}
            continue
        (kernel,) = model.get_layer(layer.name).get_weights()
        order = (2, 3, 0, 1) if layer.kind == "depthwise" else (3, 2, 0, 1)
        norm = zip(("scale", "shift", "mean", "variance"), model.get_layer(f"{layer.name}_bn").get_weights())
        tensors[layer.name] = {"weight": kernel.transpose(order), **dict(norm)}
    return tensors


def accuracy(model, images, labels):
    """Share of correct classes for bytes `[n, h, w, channels]`."""
    logits = np.concatenate([model(np.float32(part) / 255, training=False) for part in np.array_split(images, 4)])
    return float(np.mean(logits.argmax(axis=1) == labels))


def train(layers, digits, class_weights, epochs, seed, threads, report):
    """Trains for a fixed number of epochs; nothing is selected by any accuracy. Returns the tensors of `parameters`.

    The learning rate rises for two epochs and then falls along a cosine. `class_weights` multiply the loss of an example by
    its class, None counts all alike. `report(line)` receives progress.
    """
    keras.utils.set_random_seed(seed)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    rng = np.random.default_rng(seed)
    size, channels = layers[0].in_size, layers[0].in_channels
    model = build(layers)
    steps_per_epoch = len(digits.train) // BATCH
    steps, warmup = epochs * steps_per_epoch, 2 * steps_per_epoch
    rate = keras.optimizers.schedules.CosineDecay(
        PEAK_RATE / 20, steps - warmup, alpha=0.002, warmup_target=PEAK_RATE, warmup_steps=warmup
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY, global_clipnorm=5.0)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    classes = layers[-1].out_channels
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=LABEL_SMOOTHING)
    model.compile(optimizer, loss, jit_compile=False)
    shown = dataset.channels(dataset.render(digits.scans[digits.validation], size), channels)
    validation = shown, digits.labels[digits.validation]
    started = time.monotonic()
    for epoch in range(epochs):
        order = rng.permutation(digits.train)
        for step in range(steps_per_epoch):
            ids = order[step * BATCH : (step + 1) * BATCH]
            images = dataset.channels(dataset.augment(digits.scans[ids], size, rng), channels)
            targets = np.eye(classes, dtype=np.float32)[digits.labels[ids]]
            value = model.train_on_batch(images, targets, class_weight=class_weights)
        if epoch % 5 == 4 or epoch == epochs - 1:
            seconds, share = time.monotonic() - started, accuracy(model, *validation)
            report(f"epoch {epoch + 1}/{epochs}: {seconds:.0f} s, loss {float(value):.3f}, validation {share:.1%}")
    return parameters(model, layers)
