"""The models of scripts/train-demo-model: what each one answers, its network, how it is trained, what it must reach."""

from dataclasses import dataclass, replace
from typing import Callable

import numpy as np

import architecture
import export

SEVEN = 7


@dataclass(frozen=True)
class DemoModel:
    """One model; its files lie in `models/<folder>`, where models that see the same images share them.

    `class_of` takes digits `[n]` to classes `[n]`. `shape` is what `build(**shape)` makes the layer list of, and what the
    manifest says of it. `form` is how it is written. `shifts` are those the integer network is measured at, the importer's default first: lookup tables
    have 2^s entries, so with a smaller s a small network has a smaller circuit. `class_weights` multiply the loss of an
    example by its class; none counts all examples alike.
    """

    name: str
    folder: str
    graph_name: str
    onnx_name: str
    class_of: Callable
    build: Callable
    shape: dict
    epochs: int
    max_onnx_bytes: int
    manifest_name: str = "manifest.json"
    form: export.Form = export.Form()
    shifts: tuple = (16,)
    min_float_accuracy: float = 0.97
    max_accuracy_gap: float = 0.005  # of the images, float minus int8
    min_recall: float = 0.0  # share of class 1 found, of models with two classes
    class_weights: dict | None = None

    @property
    def resolution(self):
        return self.shape["resolution"]

    @property
    def is_predicate(self):
        """Two classes: no match is 0, a match is 1."""
        return self.shape["classes"] == 2

    def layers(self):
        return self.build(**self.shape)


DIGITS = DemoModel(
    name="digits",
    folder="digits",
    graph_name="mobilenet_v2",
    onnx_name="mobilenet_v2_035_96.onnx",
    class_of=lambda digits: digits,
    build=architecture.mobilenet_v2,
    shape={"width": 0.35, "resolution": 96, "classes": 10},
    epochs=25,
    max_onnx_bytes=2_000_000,
)

# The same network a size up: what the paper's second width costs in accuracy when it is quantised. Its files are not part of the repository.
HALF = replace(
    DIGITS,
    name="half",
    folder="half",
    onnx_name="mobilenet_v2_05_96.onnx",
    shape={**DIGITS.shape, "width": 0.5},
    max_onnx_bytes=4_000_000,
)

# One image in ten is a seven. A missed one hides a document, a false alarm costs one disclosure: a match weighs three times.
IS_SEVEN = DemoModel(
    name="seven",
    folder="seven",
    graph_name="is_seven",
    onnx_name="is_seven_32.onnx",
    class_of=lambda digits: np.int64(digits == SEVEN),
    build=architecture.mobilenet,
    shape={
        "stem_channels": 8,
        "blocks": ((1, 8, 1, 2), (3, 8, 1, 1), (3, 16, 1, 2)),
        "head_channels": 64,
        "resolution": 32,
        "classes": 2,
    },
    epochs=60,
    max_onnx_bytes=30_000,
    shifts=(16, 13),
    min_recall=0.9,
    class_weights={0: 1.0, 1: 3.0},
)



def small(name, build, shape, form, **options):
    """A small network of the ten digits, which shares its images with the others."""
    return DemoModel(
        name=name,
        folder="small",
        graph_name=name,
        onnx_name=f"{name}.onnx",
        manifest_name=f"{name}.json",
        class_of=lambda digits: digits,
        build=build,
        shape={**shape, "resolution": 32, "classes": 10},
        form=form,
        shifts=(16, 14),
        **options,
    )


LENET = small(
    "lenet",
    architecture.lenet,
    {"convolutions": (6, 16), "hidden": (120, 84)},
    export.Form(opset=17),
    epochs=60,
    max_onnx_bytes=260_000,
)

RESNET = small(
    "resnet",
    architecture.resnet,
    {"stem_channels": 8, "stages": ((8, 1), (16, 2), (32, 1))},
    export.Form(opset=17, keep_batch_norm=True, open_batch=True),
    epochs=60,
    max_onnx_bytes=150_000,
)

MOBILENET_V1 = small(
    "mobilenet_v1",
    architecture.mobilenet_v1,
    {"stem_channels": 8, "blocks": ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2))},
    export.Form(opset=17, softmax=True),
    epochs=60,
    max_onnx_bytes=150_000,
)

BY_NAME = {model.name: model for model in (DIGITS, HALF, IS_SEVEN, LENET, RESNET, MOBILENET_V1)}
