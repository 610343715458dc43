"""The key of lab.toml that names an access log or a HAR file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.app.toml_kinds import FileName
from lab.app.traffic import MOST_TRAFFIC_BYTES, Traffic, read_traffic
from lab.errors import LabError
from lab.files import read_bytes


@dataclass(frozen=True, slots=True)
class TrafficFile:
    """A file of the app's folder with requests as they were sent."""

    allowed: str = "a file of the folder: an access log, or a HAR file"

    def parse(self, value: Any, folder: Path) -> Traffic | None:
        file = FileName(self.allowed).parse(value, folder)
        try:
            content = read_bytes(file, MOST_TRAFFIC_BYTES)
        except LabError as error:
            raise ValueError(f"{self.allowed} ({error})") from None
        try:
            return read_traffic(content)
        except ValueError as error:
            raise ValueError(f"{self.allowed} ({error})") from None
