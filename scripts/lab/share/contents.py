"""Which files of an app's folder go into a bundle, by their names alone."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr"})
ENVIRONMENTS = frozenset({".venv", "venv", "virtualenv", "node_modules", ".tox", ".nox", ".eggs"})
CACHES = ("__pycache__", ".*_cache", ".cache", "*.pyc", "*.pyo", ".DS_Store", ".coverage")
PRIVATE_FOLDERS = frozenset({".ssh", ".aws", ".gnupg", ".kube", ".docker", ".azure"})
KEYS = (
    *("*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk", "*.asc"),
    *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".pypirc", ".npmrc"),
    *(".git-credentials", ".htpasswd", ".pgpass", ".my.cnf", "credentials", "credentials.*"),
    *("secret.*", "secrets.*", "secret", "secrets", "service-account*.json"),
)
ENV_FILE = re.compile(r"\.env(?!.*(?:example|sample|template|dist)).*|.*\.env|\.envrc")
"""`.env`, `.env.local`, `prod.env`; a file that says by its name that it is an example stays."""
MARK_OF_ENVIRONMENT = "pyvenv.cfg"
"""The file that makes a folder a virtual environment, whatever its name."""


def why_left_out(name: PurePosixPath, excluded: Sequence[str]) -> str | None:
    """Why a file or folder stays out of a bundle; None for one that goes in.

    Args:
        name: its path in the app's folder.
        excluded: names and globs of `bundle.exclude`, of a path or of any part of one.
    """
    for part in name.parts:
        if reason := why_part(part):
            return reason
    if any(is_named(name, pattern.rstrip("/")) for pattern in excluded):
        return "bundle.exclude names it"
    return None


def why_part(part: str) -> str | None:
    lower = part.lower()
    if lower in VERSION_CONTROL:
        return "history"
    if lower in ENVIRONMENTS:
        return "installed packages"
    if any(fnmatchcase(lower, pattern) for pattern in CACHES):
        return "made again by itself"
    if lower in PRIVATE_FOLDERS or any(fnmatchcase(lower, pattern) for pattern in KEYS):
        return "its name says that it holds a key or a secret"
    if ENV_FILE.fullmatch(lower):
        return "variables with their values"
    return None


def is_named(name: PurePosixPath, pattern: str) -> bool:
    """Whether a glob names the path, a folder above it, or one of its parts."""
    paths = (str(path) for path in (name, *name.parents) if path.parts)
    return any(fnmatchcase(each, pattern) for each in (*paths, *name.parts))


def environments_of(names: Iterable[PurePosixPath]) -> tuple[str, ...]:
    """The folders that are virtual environments, whatever they are called."""
    return tuple(sorted(str(name.parent) for name in names if name.name == MARK_OF_ENVIRONMENT))
