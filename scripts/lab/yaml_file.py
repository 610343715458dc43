"""A YAML file as plain Python, by libyaml where PyYAML was built with it: a tenth of the time."""

from pathlib import Path
from typing import Any

import yaml

LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """The document of the file; nothing of it is run.

    Raises:
        OSError: it cannot be read.
        yaml.YAMLError: it is no YAML.
    """
    return yaml.load(path.read_text(encoding="utf-8"), LOADER)
