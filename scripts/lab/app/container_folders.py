"""The folders of a container that no app fills."""

import posixpath
import re

FILLED = ("/lab", "/proc", "/sys", "/dev", "/run/secrets", "/var/log/lab")
"""Filled by the lab or the engine, with all that is below them."""
OF_THE_SYSTEM = (
    "/",
    "/tmp",
    "/etc",
    "/usr",
    "/usr/local",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/var",
)
"""Without which no container runs; an app may have a folder below them."""
MOVED = "/lab/root"
"""Where an image's own files are that lay at the top, which cannot be written to."""
AT_THE_TOP = (
    *("bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt"),
    *("opt", "proc", "root", "run", "sbin", "srv", "sys", "tmp", "usr", "var", "lab", ".dockerenv"),
)
"""What a system has there by itself."""
PATH = re.compile(r"(?:/[\w.@+-]{1,255}){1,32}")
"""A folder whose name means the same to Compose, to a Dockerfile and to a shell."""


def is_closed(path: str) -> bool:
    """Whether a folder is not the app's to fill."""
    below = any(path == each or path.startswith(f"{each}/") for each in FILLED)
    return below or path in OF_THE_SYSTEM


def open_folder(path: str) -> str | None:
    """The normalized path; None where an app may not fill that folder."""
    plain = posixpath.normpath(path)
    return plain if PATH.fullmatch(plain) and not is_closed(plain) else None


def move_from_top() -> str:
    """The shell's line that moves what an image has at the top beside a system; links stay."""
    kept = "|".join(f"/{each}" for each in AT_THE_TOP)
    return (
        f'mkdir -p {MOVED}; for each in /* /.[!.]*; do case "$each" in {kept}) ;;'
        f' *) if [ -e "$each" ] && mv "$each" {MOVED}/; then ln -s "{MOVED}$each" "$each"; fi ;;'
        " esac; done"
    )


def closed_in_shell() -> str:
    """The closed folders as the pattern of a shell's `case`."""
    return "|".join((*OF_THE_SYSTEM, *FILLED, *(f"{each}/*" for each in FILLED)))
