"""Workloads that need the standard library alone."""

import gc
import json
from array import array

from workloads import ENTRIES

RECORDS = 500
STRINGS = 10
STRING_BYTES = 30_000_000
PLAIN_LAYERS = 6
LAYER_BYTES = 25 << 20
NODES = 60_000


def record(number):
    """One JSON document, nested like a typical service's."""
    return {
        "id": number,
        "name": "reading %d" % number,
        "tags": ["tag-%d" % (number % 7), "tag-%d" % (number % 11)],
        "place": {"room": number % 40, "floor": number % 5},
        "values": [number * 0.5, number * 0.25, None],
    }


def records():
    """Write and read back a JSON document: many small objects, no large block."""
    text = json.dumps([record(number) for number in range(RECORDS)])
    return len(json.loads(text))


def cycles():
    """Drop 15 MiB that a reference cycle holds: only the collector finds them."""
    holder = {"first": [0] * ENTRIES, "second": [0] * ENTRIES}
    holder["itself"] = holder
    return len(holder)


def strings(string_bytes=STRING_BYTES):
    """Build ten strings of 30 MB and hold them all at once."""
    held = ["%d" % digit * string_bytes for digit in range(STRINGS)]
    return sum(len(text) for text in held)


def loaded(layer_bytes=LAYER_BYTES, count=NODES):
    """A model of 200 MB as a program holds it: arrays, and a graph of small objects."""
    layers = [array("d", bytes(layer_bytes)) for _ in range(PLAIN_LAYERS)]
    nodes = [{"number": number, "weight": number * 0.5, "next": None} for number in range(count)]
    for node in nodes[:-1]:
        node["next"] = [nodes[node["number"] + 1]]
    return {"layers": layers, "nodes": nodes}


def load(layer_bytes=LAYER_BYTES, count=NODES):
    """Load the model, use it, delete it and collect."""
    model = loaded(layer_bytes, count)
    used = sum(layer[-1] for layer in model["layers"]) + len(model["nodes"])
    del model
    gc.collect()
    return int(used)
