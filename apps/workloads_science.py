"""Workloads on numpy."""

import numpy

DRAW = numpy.random.RandomState(596)

BATCH = 4096
LAYER_WIDTH = 128
SCIENCE_LAYERS = 3
MODEL = [
    DRAW.standard_normal((LAYER_WIDTH, LAYER_WIDTH)).astype("float32") / LAYER_WIDTH
    for _ in range(SCIENCE_LAYERS)
]
"""One model for all requests, as a server loads it once."""
INPUT = DRAW.standard_normal((BATCH, LAYER_WIDTH)).astype("float32")

PICTURE = DRAW.randint(0, 256, (96, 96, 3)).astype("uint8")
COLOURS = 6
ROUNDS = 6

CALLS = 1500
SMALL = DRAW.standard_normal(16)


def model():
    """A forward pass; each intermediate is a block of 2 MiB."""
    values = INPUT
    for weights in MODEL:
        values = numpy.maximum(values @ weights, 0)
    return len(values)


def palette():
    """The colours that stand for a picture: a few rounds of k-means."""
    pixels = PICTURE.reshape(-1, 3).astype("float64")
    colours = pixels[:: len(pixels) // COLOURS][:COLOURS]
    for _ in range(ROUNDS):
        away = ((pixels[:, None, :] - colours[None, :, :]) ** 2).sum(axis=2)
        nearest = away.argmin(axis=1)
        members = [pixels[nearest == number] for number in range(len(colours))]
        colours = numpy.array([each.mean(axis=0) if len(each) else pixels[0] for each in members])
    return len(colours)


def small_calls():
    """Many calls into a C extension, each on little data."""
    total = 0.0
    for number in range(CALLS):
        shifted = numpy.add(SMALL, number)
        total += float(numpy.dot(shifted, SMALL)) + float(numpy.sort(shifted)[0])
    return int(total) % 7
