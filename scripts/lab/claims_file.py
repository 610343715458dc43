"""The thread's statements as `claims/claims.toml` has them: the one place that reads the file.

TOML, as settings are checked by a Python that may have nothing but its standard library.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lab.paths import PACKAGE

CLAIMS_FILE = PACKAGE / "claims" / "claims.toml"


@cache
def read_claims_file(path: Path = CLAIMS_FILE) -> Mapping[str, Any]:
    """The document: `bounds`, `claims` and `topics`.

    Raises:
        TOMLDecodeError: the file is not TOML, or has a key twice.
    """
    return tomllib.loads(path.read_text(encoding="utf-8"))


def claim_variants() -> dict[str, tuple[str, ...]]:
    """The variants of each claim, those that its rules read first, by its name."""
    return {
        claim["id"]: (*claim["variants"].values(), *claim.get("beside", {}).values())
        for claim in read_claims_file()["claims"]
    }
