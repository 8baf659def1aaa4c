"""Trains the layer list with TensorFlow on the CPU and folds batch normalisation into the convolutions.

TensorFlow because its CPU wheel is 274 MB; PyTorch's Linux wheel on PyPI requires about 3 GB of CUDA libraries to import.
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import dataset  # noqa: E402

# With few steps the moving averages must follow quickly: at Keras' default of 0.99 and above they do not settle.
BN_MOMENTUM = 0.9
BN_EPSILON = 1e-3
BATCH = 64
PEAK_RATE = 4e-3
WEIGHT_DECAY = 2e-2
LABEL_SMOOTHING = 0.05


def build(layers):
    """Keras model of the layer list: image `[n, h, w, 3]` in [0, 1] to logits `[n, classes]`."""
    k = keras.layers
    size = layers[0].in_size
    tensors = {"image": keras.Input((size, size, 3), name="image")}
    for layer in layers:
        xs = [tensors[name] for name in layer.inputs]
        x = xs[0]
        if layer.kind == "add":
            x = k.Add(name=layer.name)(xs)
        elif layer.kind == "pool":
            x = k.GlobalAveragePooling2D(name=layer.name)(x)
        elif layer.kind == "dense":
            x = k.Dense(layer.out_channels, name=layer.name)(x)
        else:
            if layer.kind != "pointwise":
                x = k.ZeroPadding2D(1, name=f"{layer.name}_pad")(x)
            options = {"strides": layer.stride, "padding": "valid", "use_bias": False, "name": layer.name}
            if layer.kind == "depthwise":
                x = k.DepthwiseConv2D(3, depthwise_initializer="he_normal", **options)(x)
            else:
                kernel = 3 if layer.kind == "conv" else 1
                x = k.Conv2D(layer.out_channels, kernel, kernel_initializer="he_normal", **options)(x)
            x = k.BatchNormalization(momentum=BN_MOMENTUM, epsilon=BN_EPSILON, name=f"{layer.name}_bn")(x)
            if layer.relu6:
                x = k.ReLU(6.0, name=f"{layer.name}_relu6")(x)
        tensors[layer.name] = x
    return keras.Model(tensors["image"], tensors[layers[-1].name])


def fold(model, layers):
    """Weights in ONNX order with batch normalisation folded in: `{name: (weight, bias)}`, float32."""
    params = {}
    for layer in layers:
        if not layer.weight_count:
            continue
        if layer.kind == "dense":
            kernel, bias = model.get_layer(layer.name).get_weights()
            params[layer.name] = (kernel.T.copy(), bias)
            continue
        (kernel,) = model.get_layer(layer.name).get_weights()
        order = (2, 3, 0, 1) if layer.kind == "depthwise" else (3, 2, 0, 1)
        gain, offset, mean, variance = (np.float64(w) for w in model.get_layer(f"{layer.name}_bn").get_weights())
        inv_std_gain = gain / np.sqrt(variance + BN_EPSILON)
        weight = np.float64(kernel.transpose(order)) * inv_std_gain[:, None, None, None]
        params[layer.name] = (np.float32(weight), np.float32(offset - mean * inv_std_gain))
    return params


def accuracy(model, images, labels):
    """Share of correct classes for bytes `[n, h, w, 3]`."""
    logits = np.concatenate([model(np.float32(part) / 255, training=False) for part in np.array_split(images, 4)])
    return float(np.mean(logits.argmax(axis=1) == labels))


def train(layers, digits, class_weights, epochs, seed, threads, report):
    """Trains for a fixed number of epochs; nothing is selected by any accuracy. Returns the folded parameters.

    The learning rate rises for two epochs and then falls along a cosine. `class_weights` multiply the loss of an example by
    its class, None counts all alike. `report(line)` receives progress.
    """
    keras.utils.set_random_seed(seed)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    rng = np.random.default_rng(seed)
    size = layers[0].in_size
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
    validation = dataset.render(digits.scans[digits.validation], size), digits.labels[digits.validation]
    started = time.monotonic()
    for epoch in range(epochs):
        order = rng.permutation(digits.train)
        for step in range(steps_per_epoch):
            ids = order[step * BATCH : (step + 1) * BATCH]
            images = dataset.augment(digits.scans[ids], size, rng)
            targets = np.eye(classes, dtype=np.float32)[digits.labels[ids]]
            value = model.train_on_batch(images, targets, class_weight=class_weights)
        if epoch % 5 == 4 or epoch == epochs - 1:
            seconds, share = time.monotonic() - started, accuracy(model, *validation)
            report(f"epoch {epoch + 1}/{epochs}: {seconds:.0f} s, loss {float(value):.3f}, validation {share:.1%}")
    return fold(model, layers)
