"""The next guess after packages that cannot be installed, or run on no Python of the lab's."""

import re
from collections.abc import Iterator

from lab.app.guess.dependencies import lines_of
from lab.app.guess.distributions import distribution_of
from lab.app.guess.failures import Failure
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.locks import name_in, normal

BUILT_ELSEWHERE = {"psycopg2": "psycopg2-binary", "psycopg[c]": "psycopg[binary]"}
"""What needs a compiler and headers, and what is the same as a wheel."""
FAILED = re.compile(
    r"(?:[Ff]ailed to (?:download and )?build|[Ff]ailed building wheel for|solve) [`'\"]?([\w.-]+)"
)
NO_SUCH_RELEASE = re.compile(
    r"No matching distribution found for ([\w.-]+)==|there is no version of ([\w.-]+)=="
)
PIN = re.compile(r"(?<![=<>!~])==\s*([\w.]+?)(?:\.\*)?(?=\s|[;,#]|$)")
WITHIN = re.compile(r">=\s*([\w.]+)\s*,\s*<\s*[\d.]+(?=\s|[;#]|$)")
"""Releases from one on and below another."""
NAMED_APP = re.compile(r"['\"]([a-z_]\w*)(?:\.\w+)*['\"]")
"""What may be an app of `INSTALLED_APPS`."""
ON_NO_INDEX = "which no index has"
COLLECTED = re.compile(r"^[ \t]*Collecting ([\w.-]+)", re.MULTILINE)
"""What older releases of pip were at when they say no name of what cannot be built."""
CONTRADICT = re.compile(
    r"\b([A-Za-z][\w.-]*)(?:\[[\w,-]*\])?(?:==| )\d[\w.]*"
    r" depends on ([A-Za-z][\w.-]*)(?=[\[<>=!~ ])"
)
"""A pinned package and what it depends on, where no releases go together."""
UNKNOWN = re.compile(
    r"Because ([\w.-]+) was not found in the package registry"
    r"|No matching distribution found for ([\w.-]+)"
)


def wheels(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The guess with wheels in the place of packages that would have to be built."""
    for name, wheel in BUILT_ELSEWHERE.items():
        if normal(name_in(name)) not in failure.said.lower():
            continue
        spelled = re.compile(rf"^\s*{re.escape(name)}(?=[=<>~!; ]|$)", re.IGNORECASE)
        key = guess.key("requirements")
        whole = whole_lines(folder, key)
        changed = [spelled.sub(wheel, line) for line in whole]
        if key is not None and changed != whole:
            why = f"{key.why}; {wheel} for {name}"
            yield guess.having(Guessed("requirements", changed, why)).noting(
                f"{wheel} in the place of {name}, which would have to be compiled"
            )
    yield from from_index(guess, failure, folder)
    yield from without_unused(guess, failure, folder)


def other_packages(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The guess with other packages than those that cannot be installed, or with other releases."""
    yield from without_unknown(guess, failure)
    yield from without_contradicting_pin(guess, failure, folder)
    yield from with_newer_release(guess, failure, folder)


def failed_builds(said: str) -> list[str]:
    """Normalized names of the packages that could not be built."""
    named = FAILED.findall(said)
    if not named and "subprocess-exited-with-error" in said:
        named = COLLECTED.findall(said.partition("subprocess-exited-with-error")[0])[-1:]
    return [normal(name) for name in dict.fromkeys(named)]


def with_newer_release(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The guess with a newer release in the place of a pinned one that cannot be built: most have
    wheels. First of the same major version, then of any.
    """
    key, absent = guess.key("requirements"), NO_SUCH_RELEASE.findall(failure.said)
    names = {*failed_builds(failure.said), *(normal(a or b) for a, b in absent)}
    whole = whole_lines(folder, key)
    changed = [looser(line) if name_in(line) in names else line for line in whole]
    if key is not None and changed != whole:
        pinned = ", ".join(a for a, b in zip(whole, changed, strict=True) if a != b)
        why = f"a newer release in the place of {pinned}, which cannot be built"
        yield guess.having(Guessed("requirements", changed, f"{key.why}; {why}")).noting(
            f"requirements: {why}"
        )


def looser(line: str) -> str:
    """A requirement that allows newer releases of its major version; one that does, of any."""
    if (pin := PIN.search(line)) is None:
        return WITHIN.sub(r">=\1", line, 1)
    major = re.match(r"[1-9]\d{0,3}(?=\.|$)", pin[1])
    below = f",<{int(major[0]) + 1}" if major else ""
    return f"{line[: pin.start()]}>={pin[1]}{below}{line[pin.end() :]}"


def without_contradicting_pin(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """Guesses without the pin of a package that another pinned one does not go with."""
    key = guess.key("requirements")
    whole = whole_lines(folder, key)
    for one, other in CONTRADICT.findall(" ".join(failure.said.split())):
        changed = [
            PIN.sub("", line, 1) if name_in(line) == normal(other) else line for line in whole
        ]
        if key is not None and changed != whole:
            why = f"without the pin of {other}, which the pinned {one} does not go with"
            yield guess.having(Guessed("requirements", changed, f"{key.why}; {why}")).noting(
                f"requirements {why}"
            )


def without_unknown(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The guess without a name that an import gave and that the index does not have."""
    key = guess.key("requirements")
    names = {normal(a or b) for a, b in UNKNOWN.findall(failure.said)}
    lines = key.value if key is not None and isinstance(key.value, list) else []
    kept = [line for line in lines if normal(line) not in names]
    if key is not None and kept != lines:
        why = f"without {', '.join(sorted(names))}, {ON_NO_INDEX}"
        yield guess.having(Guessed("requirements", kept, f"{key.why}; {why}")).noting(
            f"requirements {why}"
        )


REPINNED = (
    (r"django/contrib/admin/widgets\.py[\s\S]*SyntaxError", "django", "Django>=1.11.29,<2"),
)
"""What a pinned release cannot do on any Python of the lab's, and the nearest that can."""


def other_pins(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The guess with the nearest release that runs, in the place of a pinned one that does not."""
    key = guess.key("requirements")
    whole = whole_lines(folder, key)
    for pattern, name, nearest in REPINNED:
        changed = [nearest if name_in(line) == name else line for line in whole]
        if key is not None and changed != whole and re.search(pattern, failure.said):
            why = f"{nearest} in the place of its pin, which runs on no Python of the lab's"
            yield guess.having(Guessed("requirements", changed, f"{key.why}; {why}")).noting(why)


def whole_lines(folder: Folder, key: Guessed | None) -> list[str]:
    """What is asked for, with a file's lines in the place of its name."""
    lines = [f"-r {key.value}"] if key and isinstance(key.value, str) else key.value if key else []
    return [each for line in lines for each in lines_of_file(folder, line)]


def without_unused(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The guess without a package that cannot be built and that nothing imports, such as a server
    of the project's own."""
    key, imported = guess.key("requirements"), imports_of(folder)
    for name in failed_builds(failure.said):
        whole = whole_lines(folder, key)
        kept = [line for line in whole if name_in(line) != name]
        served = str(guess.value("command")) + str(guess.value("local_command"))
        if key is not None and kept != whole and not name_is_in(name, imported, served):
            why = f"without {name}, which cannot be built and which nothing imports"
            yield guess.having(Guessed("requirements", kept, f"{key.why}; {why}")).noting(
                f"requirements {why}"
            )


def name_is_in(name: str, imported: frozenset[str], served: str) -> bool:
    """Whether a distribution's name, or the rest behind `django-` or `flask-`, is used."""
    short = re.sub(r"^(django|flask|python)-", "", name)
    return bool({name, short} & imported) or name in served


def imports_of(folder: Folder) -> frozenset[str]:
    """Normalized names of the distributions that the project's files import, or name to Django."""
    names = {name for module in folder.modules for name in module.imports}
    for module in folder.modules:
        if "INSTALLED_APPS" in module.text:
            names |= set(NAMED_APP.findall(module.text))
    return frozenset(normal(each) for name in names for each in (distribution_of(name), name))


def from_index(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The guess with the index's releases in the place of repositories that cannot be reached."""
    key = guess.key("requirements")
    whole = whole_lines(folder, key)
    changed = [line.partition("@")[0].strip() if is_git(line) else line for line in whole]
    if key is not None and changed != whole and re.search(r"\bgit\b", failure.said):
        why = "the index's releases in the place of repositories that cannot be reached"
        yield guess.having(Guessed("requirements", changed, f"{key.why}; {why}")).noting(
            f"requirements: {why}"
        )


def is_git(line: str) -> bool:
    return bool(name_in(line)) and "@" in line and "git+" in line


def lines_of_file(folder: Folder, line: str) -> list[str]:
    """A file's lines, with those of the files that it names, in the place of its name; one with
    options of the installer stays as it is.
    """
    if not re.fullmatch(r"-r \S+", line):
        return [line]
    inside = [each.strip() for each in lines_of(folder, [line], "", set())]
    kept = [re.split(r"\s+#", each)[0] for each in inside if each and each[0] != "#"]
    plain = kept and not any(each.startswith("-") or "--hash" in each for each in kept)
    return list(dict.fromkeys(kept)) if plain else [line]
