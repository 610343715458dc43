"""The steps of an app in containers, as a test gives and reads them."""

import shlex
from pathlib import Path


def given(app: Path, **more: str) -> dict[str, str]:
    hosts = {"LAB_HOST_ROOT": "/r", "LAB_HOST_WORK": "/w"}
    return {"APP": f"{app}/lab.toml", **hosts, **more}


def described(app: Path, text: str) -> None:
    (app / "lab.toml").write_text(text, encoding="utf-8")


def assignments(lines: tuple[str, ...]) -> dict[str, str]:
    return dict("".join(shlex.split(line)).split("=", 1) for line in lines)
