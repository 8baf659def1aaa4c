"""A full-integer TFLite network through tf2onnx, as a fixture: run once by hand, since TensorFlow is large.

    python -m venv .venv/tflite && .venv/tflite/bin/pip install --no-deps -r scripts/quantised/requirements-tflite.txt
    .venv/tflite/bin/python scripts/quantised/tflite.py

Trains a small MobileNet on the calibration images of models/small, quantises it with uint8 and with int8 images, and writes
what main.py writes. Training is not reproducible to the bit; the committed files are what the tests read.
"""

import pathlib
import subprocess
import sys
import tempfile

import main
import numpy as np
import onnx
import tensorflow as tf
from PIL import Image

LAYERS = tf.keras.layers


def pictures():
    paths = sorted((main.SMALL / "calibration").glob("*.png"))
    pixels = np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths])
    return pixels, np.array([int(path.stem.split("_")[-1]) for path in paths])


def network():
    image = LAYERS.Input((32, 32, 3))
    x = LAYERS.Conv2D(8, 3, strides=2, padding="same", activation="relu6")(image)
    x = LAYERS.DepthwiseConv2D(3, padding="same", activation="relu6")(x)
    x = LAYERS.Add()([x, LAYERS.Conv2D(8, 1)(x)])
    x = LAYERS.DepthwiseConv2D(3, strides=2, padding="same", activation="relu6")(x)
    x = LAYERS.Conv2D(16, 1, activation="relu")(x)
    x = LAYERS.GlobalAveragePooling2D()(x)
    return tf.keras.Model(image, LAYERS.Dense(10)(x))


def quantised(model, pixels, kind):
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None].astype(np.float32) / 255] for image in pixels)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = kind
    return converter.convert()


def run():
    out = main.ROOT / "prover" / "tests" / "data" / "quantised"
    pixels, labels = pictures()
    tf.keras.utils.set_random_seed(1)
    model = network()
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf.keras.optimizers.Adam(0.005), loss=loss, metrics=["accuracy"])
    model.fit(pixels.astype(np.float32) / 255, labels, epochs=120, batch_size=10, verbose=0)
    for form, kind in [("tflite_u8", tf.uint8), ("tflite_i8", tf.int8)]:
        with tempfile.TemporaryDirectory() as folder:
            lite, onnx_path = pathlib.Path(folder) / "network.tflite", pathlib.Path(folder) / "network.onnx"
            lite.write_bytes(quantised(model, pixels, kind))
            command = [sys.executable, "-m", "tf2onnx.convert", "--tflite", lite, "--output", onnx_path, "--opset", "13"]
            subprocess.run(command, check=True, capture_output=True)
            read = onnx.load(onnx_path)
        del read.graph.value_info[:]
        images = pixels if kind == tf.uint8 else (pixels.astype(np.int16) - 128).astype(np.int8)
        main.write(form, read, out, [image[None] for image in images])


if __name__ == "__main__":
    run()
