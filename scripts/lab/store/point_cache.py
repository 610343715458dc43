"""The runs of points that were measured before, by what they depend on."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from lab.errors import LabError
from lab.files import read_bytes, write_file
from lab.records.bisection import PointMeasurement
from lab.records.codec import ShapeError, decode, encode
from lab.units import MIB

MOST_POINT_BYTES = 4 * MIB


@dataclass(frozen=True, slots=True)
class CachedPoint:
    """What is known of a point: its runs, or why it cannot be measured."""

    needs: Mapping[str, str] = field(default_factory=dict)
    """What it was measured with, for a reader; its name is a hash of that."""
    runs: tuple[PointMeasurement, ...] = ()
    fault: str | None = None


class PointCache:
    """One file a point in a folder; a file that cannot be read is as good as none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, needs: Mapping[str, str]) -> Path:
        text = json.dumps(needs, sort_keys=True)
        return self.folder / f"{sha256(text.encode()).hexdigest()[:32]}.json"

    def read(self, needs: Mapping[str, str]) -> CachedPoint:
        """What is known of a point with these needs; empty where nothing is."""
        with contextlib.suppress(LabError, ValueError, ShapeError, RecursionError):
            cached = decode(CachedPoint, json.loads(read_bytes(self.path(needs), MOST_POINT_BYTES)))
            if isinstance(cached, CachedPoint):
                return cached
        return CachedPoint(needs)

    def write(self, point: CachedPoint) -> None:
        """Write down what is known of a point.

        Raises:
            LabError: the folder cannot be written to.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        write_file(self.path(point.needs), json.dumps(encode(point), indent=1) + "\n")
