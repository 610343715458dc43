"""What a package index says of a package: its files. Hostile until it is checked."""

import contextlib
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from lab.errors import LabError, UsageError
from lab.text.packages import canonical
from lab.text.phrases import clipped, printable
from lab.units import MIB

DEFAULT_INDEX = "https://pypi.org/simple"
SETTINGS = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
"""Where uv is told its index; the point is installed from the same."""
ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.2"
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
FILE_NAME = re.compile(r"[A-Za-z0-9._+!-]{1,250}")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
MOST_INDEX_BYTES = 24 * MIB
MOST_HTML_BYTES = 4 * MIB
"""The most HTML that is parsed: broken pages take Python's parser the square of their length."""
MOST_INDEX_FILES = 50_000
MOST_WORDS = 200
OTHER_INDEX = f"set {SETTINGS[0]} to an index"
LATER = f"try again later, or {OTHER_INDEX} that answers"
INDEX_READ_SECONDS = 30.0
INDEX_ANSWER_SECONDS = 120.0
"""The most time of one answer; `INDEX_READ_SECONDS` is that of each of its parts."""


@dataclass(frozen=True, slots=True)
class IndexFile:
    """A file of a release."""

    name: str
    date: str | None
    requires_python: str | None
    yanked: str | None
    """Why it was yanked, empty where no reason is given; None: it was not."""


def index_of(environment: Mapping[str, str]) -> str:
    """The index that uv installs from."""
    named = (environment.get(setting, "").strip() for setting in SETTINGS)
    return next(filter(None, named), DEFAULT_INDEX).rstrip("/")


def is_public(index: str) -> bool:
    """Whether it is the public index, whose pages can be linked."""
    return urlsplit(index).hostname in ("pypi.org", "www.pypi.org")


def index_files(package: str, index: str) -> list[IndexFile]:
    """The files of a package.

    Raises:
        UsageError: the name is none, or the index does not have it.
        LabError: the index does not answer, or answers what cannot be read.
    """
    if not NAME.fullmatch(package):
        raise UsageError(f"PACKAGE={package!r} is not the name of a package")
    content, kind = answer(f"{index}/{canonical(package)}/", package)
    with contextlib.suppress(ValueError, RecursionError):
        files = list(from_json(content) if "json" in kind else from_html(content))
        if files:
            return files
    raise LabError(
        f"{host_of(index)} answers for {package} what cannot be read: {OTHER_INDEX} that is a "
        f"simple index, such as {DEFAULT_INDEX}"
    )


def host_of(url: str) -> str:
    """The index for a message: without the user and the password that its URL may hold."""
    return urlsplit(url).hostname or "the index"


def answer(url: str, package: str) -> tuple[bytes, str]:
    """What the index answers, at most so many bytes, and its type."""
    where = host_of(url)
    try:
        with requests.get(
            url,
            headers={"Accept": ACCEPT},
            timeout=INDEX_READ_SECONDS,
            stream=True,
            allow_redirects=True,
        ) as response:
            if response.status_code == 404:
                raise UsageError(
                    f"PACKAGE={package}: {where} has no package of that name: correct it, or "
                    f"{OTHER_INDEX} that has it"
                )
            if response.status_code != 200:
                said = f"{where} answers {response.status_code} for {package}"
                raise LabError(f"{said}: {LATER}")
            return read(response, f"{where} answers for {package}"), response.headers.get(
                "Content-Type", ""
            )
    except requests.RequestException as error:
        reason = type(error).__name__
        raise LabError(f"{where} cannot be asked for {package} ({reason}): {LATER}") from error


def read(response: requests.Response, answers: str) -> bytes:
    """What the index answers, of limited size and time; `answers` begins a message on it."""
    content, until = bytearray(), time.monotonic() + INDEX_ANSWER_SECONDS
    for part in response.iter_content(1 << 16):
        content += part
        if len(content) > MOST_INDEX_BYTES:
            most = f"{MOST_INDEX_BYTES // MIB} MiB"
            raise LabError(f"{answers} more than {most}, which are all that is read: {OTHER_INDEX}")
        if time.monotonic() > until:
            raise LabError(f"{answers} longer than {INDEX_ANSWER_SECONDS:.0f} s: {LATER}")
    return bytes(content)


def from_json(content: bytes) -> Iterator[IndexFile]:
    document = json.loads(content)
    files = document.get("files") if isinstance(document, dict) else None
    for each in (files if isinstance(files, list) else [])[:MOST_INDEX_FILES]:
        if isinstance(each, dict):
            yield from checked(each)


def checked(file: Mapping[str, Any]) -> Iterator[IndexFile]:
    """A file, where its name is one; every other field only where it has the right shape."""
    name = file.get("filename")
    if not isinstance(name, str) or not FILE_NAME.fullmatch(name):
        return
    yanked = file.get("yanked")
    date = DATE.match(words(file.get("upload-time")) or "")
    yield IndexFile(
        name=name,
        date=date[0] if date else None,
        requires_python=words(file.get("requires-python")),
        yanked=(words(yanked) or "") if yanked not in (None, False) else None,
    )


def words(value: object) -> str | None:
    """A text on one line of bounded length."""
    return (
        clipped(printable(value).replace("\n", " "), MOST_WORDS) if isinstance(value, str) else None
    )


class Links(HTMLParser):
    """The links of a page of a simple index."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag != "a" or len(self.files) >= MOST_INDEX_FILES:
            return
        with contextlib.suppress(ValueError):  # it is not an address
            self.add(urlsplit(values.get("href") or "").path, values)

    def add(self, path: str, values: Mapping[str, str | None]) -> None:
        self.files.append(
            {
                "filename": unquote(path.rpartition("/")[2]),
                "requires-python": values.get("data-requires-python"),
                "yanked": values["data-yanked"] or "" if "data-yanked" in values else False,
            }
        )


def from_html(content: bytes) -> Iterator[IndexFile]:
    links = Links()
    # What Python's parser cannot make sense of, it asserts, or finds no number; what came before
    # it counts.
    with contextlib.suppress(AssertionError, ValueError):
        links.feed(content[:MOST_HTML_BYTES].decode("utf-8", "replace"))
    for each in links.files:
        yield from checked(each)
