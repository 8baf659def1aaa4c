"""scikit-learn's handwritten digits as RGB images: split, rendering, augmentation.

The data are 1,797 scans of 8x8 pixels with values 0..16 (UCI "Optical Recognition of Handwritten Digits", test part),
shipped inside scikit-learn, so nothing is downloaded. An image's id is its index in `load_digits`.
"""

from dataclasses import dataclass

import numpy as np

HELDOUT_PER_CLASS = 30  # never trained on, never looked at to stop or to choose
VALIDATION_PER_CLASS = 10  # watched during development only
CALIBRATION_PER_CLASS = 6  # training images that set the activation ranges of the integer network
SOURCE_SIZE, SOURCE_MAX = 8, 16


@dataclass(frozen=True)
class Digits:
    """Scans `[n, 8, 8]` with values 0..16, labels `[n]` (digits, or classes of digits), and the ids of each part."""

    scans: np.ndarray
    labels: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    heldout: np.ndarray
    calibration: np.ndarray


def load_digits(seed, class_of):
    """Splits stratified by digit, the same for every model of a seed; labels are `class_of(digits)`.

    A scan that occurs twice would leak between parts; raises ValueError if one does.
    """
    from sklearn import datasets

    bunch = datasets.load_digits()
    scans, labels = np.float32(bunch.images), np.int64(bunch.target)
    if len(np.unique(scans.reshape(len(scans), -1), axis=0)) != len(scans):
        raise ValueError("the data set holds duplicate scans")
    rng = np.random.default_rng(seed)
    parts = {"heldout": [], "validation": [], "train": [], "calibration": []}
    for label in range(10):
        ids = rng.permutation(np.flatnonzero(labels == label))
        heldout, validation, train = np.split(ids, [HELDOUT_PER_CLASS, HELDOUT_PER_CLASS + VALIDATION_PER_CLASS])
        for name, chosen in (("heldout", heldout), ("validation", validation), ("train", train)):
            parts[name].append(chosen)
        parts["calibration"].append(train[:CALIBRATION_PER_CLASS])
    return Digits(scans, class_of(labels), **{name: np.sort(np.concatenate(ids)) for name, ids in parts.items()})


def sample_bilinear(scans, size, transforms):
    """Samples each scan at `size`x`size` points, bilinear with half-pixel centres; background 0 outside the scan.

    `transforms[n]` is a 2x3 affine map from output to source coordinates (y, x), both measured from the image centre in
    source pixels. Returns float `[n, size, size]` in 0..1.
    """
    axis = (np.arange(size, dtype=np.float32) + 0.5) * (SOURCE_SIZE / size) - SOURCE_SIZE / 2
    grid = np.stack([*np.meshgrid(axis, axis, indexing="ij"), np.ones((size, size), np.float32)]).reshape(3, -1)
    points = transforms @ grid + np.float32(SOURCE_SIZE / 2 - 0.5)
    inside = np.all((points >= -0.5) & (points <= SOURCE_SIZE - 0.5), axis=1)
    points = np.clip(points, 0, SOURCE_SIZE - 1)
    low = np.minimum(points.astype(np.int64), SOURCE_SIZE - 2)
    (fy, fx), (y, x) = (points - low).transpose(1, 0, 2), low.transpose(1, 0, 2)
    flat = scans.reshape(len(scans), -1)

    def at(dy, dx):
        return np.take_along_axis(flat, (y + dy) * SOURCE_SIZE + x + dx, axis=1)

    top, bottom = at(0, 0) * (1 - fx) + at(0, 1) * fx, at(1, 0) * (1 - fx) + at(1, 1) * fx
    values = (top * (1 - fy) + bottom * fy) * inside / SOURCE_MAX
    return values.reshape(len(scans), size, size)


def render(scans, size):
    """The images as stored: bytes `[n, size, size, 3]`, R = G = B, rounded half up."""
    identity = np.broadcast_to(np.float32([[1, 0, 0], [0, 1, 0]]), (len(scans), 2, 3))
    grey = np.floor(sample_bilinear(scans, size, identity) * 255 + np.float32(0.5)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)


def channels(images, count):
    """Of images `[..., 3]` the channels that a network of `count` reads: a grey one reads green, as the importer does."""
    return images if count == 3 else images[..., 1:2]


def augment(scans, size, rng):
    """Randomly rotated, scaled, shifted and slightly tinted copies: float `[n, size, size, 3]` in 0..1."""
    n = len(scans)
    angle = rng.uniform(-0.2, 0.2, n)  # radians, about 11 degrees
    inv_zoom = rng.uniform(0.88, 1.15, (2, n))
    shift = rng.uniform(-0.6, 0.6, (2, n))  # source pixels; 1 is an eighth of the image
    cos, sin = np.cos(angle), np.sin(angle)
    rows = [[cos * inv_zoom[0], -sin * inv_zoom[0], shift[0]], [sin * inv_zoom[1], cos * inv_zoom[1], shift[1]]]
    grey = sample_bilinear(scans, size, np.float32(rows).transpose(2, 0, 1))
    tint = rng.uniform(0.8, 1.0, (n, 1, 1, 3)).astype(np.float32)
    return grey[..., None] * tint
