"""The claims' names and variants, from the text of claims.yaml.

`claims/book.py` reads the file as YAML. Here a regular expression does, as settings are checked by
a Python that may have nothing but its standard library. A test holds the two together.
"""

import re
from functools import cache

from lab.paths import CLAIMS_FILE

CLAIM = re.compile(r"^- id: (T\d+)$(.*?)(?=^- id:|^topics:|\Z)", re.MULTILINE | re.DOTALL)
CLAIM_VARIANTS = re.compile(r"^  (?:variants|beside):\s*\{(.*?)\}", re.MULTILINE | re.DOTALL)


@cache
def claim_variants() -> dict[str, tuple[str, ...]]:
    """The variants of each claim, by its name."""
    claims = CLAIM.findall(CLAIMS_FILE.read_text(encoding="utf-8"))
    return {
        name: tuple(re.findall(r": ([a-z0-9-]+)", " ".join(CLAIM_VARIANTS.findall(text))))
        for name, text in claims
    }


class ClaimId:
    """The name of one claim, or none: None."""

    @property
    def allowed(self) -> str:
        names = tuple(claim_variants())
        return f"{names[0]} to {names[-1]}"

    def parse(self, text: str) -> str | None:
        name = text.upper()
        if name and name not in claim_variants():
            raise ValueError(f"{self.allowed}; the nearest is {nearest_claim(name)}")
        return name or None


def nearest_claim(text: str) -> str:
    """The claim whose number is nearest to what was written."""
    digits = "".join(re.findall(r"[0-9]", text))[:6]
    return min(claim_variants(), key=lambda name: abs(int(name[1:]) - int(digits or 1)))
