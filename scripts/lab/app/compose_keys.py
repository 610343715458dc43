"""The keys of lab.toml about the app's own Compose file, declared once."""

from pathlib import Path

from lab.app.key import Key
from lab.app.toml_kinds import FileName, PatternText

COMPOSE: Key[Path | None] = Key(
    "compose",
    FileName(),
    None,
    '"compose.yaml"',
    "the app's own Compose file: build, command, port, volumes, variables and secrets of `service`,"
    " and what it depends on; a key of this file comes before",
    "none",
)
SERVICE: Key[str | None] = Key(
    "service",
    PatternText("the name of a service", r"[A-Za-z0-9][A-Za-z0-9._-]*"),
    None,
    '"web"',
    "the service of `compose` that is measured",
    "the only one that is built",
)
