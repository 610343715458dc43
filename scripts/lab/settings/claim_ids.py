"""The name of one claim, as a setting."""

import re

from lab.claims_file import claim_variants


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
