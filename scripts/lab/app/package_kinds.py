"""What a key of lab.toml about packages may be."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.app.toml_kinds import PatternText, Texts, file_in


@dataclass(frozen=True, slots=True)
class IndexUrl:
    """Where packages come from, without a secret: this text stands in runs and bundles.

    A stranger's app may name a host of the stranger's: so it gets no variable that was not set for
    an index.
    """

    allowed: str = (
        "a URL with http:// or https://; a user and a password in it as ${INDEX_...}, variables "
        "whose names begin so"
    )
    pattern: str = (
        r"https?://(?:\$\{INDEX_[A-Z0-9_]+\}(?::\$\{INDEX_[A-Z0-9_]+\})?@)?"
        r"[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?(?:/[A-Za-z0-9._~%+-]*)*"
    )

    def parse(self, value: Any, folder: Path) -> str:
        return PatternText(self.allowed, self.pattern).parse(value, folder)


@dataclass(frozen=True, slots=True)
class Requirements:
    """A list of packages, or the name of a file that lists them."""

    allowed: str = 'a list such as ["aiohttp==3.10.10"], or a file\'s name'
    pattern: str = r"(?:[^-\s]|-[rc] [^\s-])[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]*"
    """A requirement of pip's, or a file of the folder with more of them (`-r`) or limits (`-c`);
    nothing at which pip ends a line, so that no option follows."""

    def parse(self, value: Any, folder: Path) -> tuple[str, ...] | Path:
        if isinstance(value, str):
            return file_in(folder, value)
        texts = Texts(self.allowed, self.pattern).parse(value, folder)
        for text in texts:
            if text.endswith((".txt", ".in")) and not text.startswith("-"):
                raise ValueError(f'a list of packages, in which a file stands as "-r {text}"')
        return texts
