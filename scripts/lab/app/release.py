"""An app's environment with one package in its newest release, or on a newer Python."""

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lab.app.environment import NO_LINKS, complete, needs, prepare_app
from lab.app.spec import AppSpec
from lab.engines.process.environments import Installed, signals_interrupt
from lab.engines.process.interpreters import find_interpreter
from lab.engines.process.uv import Uv, failure_line
from lab.errors import LabError
from lab.files import read_bytes
from lab.records.interventions import Release
from lab.text.packages import canonical

REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?[^;#]*(;[^#]*)?")
NEEDS = re.compile(r"Requires-Dist:\s*([A-Za-z0-9][\w.-]*)[^;]*===?[^;]*")
"""A header of METADATA by which a distribution needs another in an exact version."""
MOST_METADATA_BYTES = 4_000_000
MOST_DEPENDENTS = 2
RELEASE_INSTALL_SECONDS = 180.0
NEWER_PYTHONS = ("3.14", "3.13", "3.12", "3.11", "3.10", "3.9")
PYTHON = "Python"


@dataclass(frozen=True, slots=True)
class NewerEnvironment:
    """An environment that differs in one release."""

    installed: Installed
    release: Release


class NoRelease(LabError):
    """There is no other release to try; the message says why."""


def installed_versions(python: Path) -> dict[str, str]:
    """The version of each distribution from an index in an environment, by its canonical name."""
    versions = {}
    for folder in python.parents[1].glob("lib/python*/site-packages/*.dist-info"):
        name, _, version = folder.name.removesuffix(".dist-info").partition("-")
        if not (folder / "direct_url.json").exists():
            versions[canonical(name)] = version
    return versions


def joined_lines(text: str) -> Iterator[str]:
    """The lines of a requirements file, with those that go on in the next line as one."""
    yield from re.sub(r"\\\n\s*", " ", text).splitlines()


def unpinned(text: str, package: str) -> str:
    """Requirements that allow any release of one package: its lines without versions and hashes."""
    return "".join(f"{free_line(line, package)}\n" for line in joined_lines(text))


def free_line(line: str, package: str) -> str:
    match = REQUIREMENT.match(line)
    if match is None or canonical(match[1]) != canonical(package):
        return line
    marker = re.sub(r"\s--\S.*", "", match[3] or "")
    return f"{match[1]}{match[2] or ''} {marker}".rstrip()


def dependents(python: Path, name: str) -> list[str]:
    """The distributions of an environment that need one in an exact version."""
    names = []
    for folder in python.parents[1].glob("lib/python*/site-packages/*.dist-info"):
        for line in metadata_lines(folder / "METADATA"):
            match = NEEDS.match(line)
            if match and canonical(match[1]) == name:
                names.append(folder.name.partition("-")[0])
    return sorted(set(names))


def metadata_lines(file: Path) -> list[str]:
    try:
        return read_bytes(file, MOST_METADATA_BYTES).decode(errors="replace").splitlines()
    except LabError:
        return []


def newest_release(
    description: AppSpec, package: str, installed: Installed, uv: Uv, work: Path
) -> NewerEnvironment:
    """The environment of `newest_of`, or where another package fixes the version, of that one.

    Args:
        uv: which is ended.

    Raises:
        NoRelease: neither can be installed, or the app has both already.
    """
    with signals_interrupt():
        try:
            return newest_of(description, package, installed, uv, work / "itself")
        except NoRelease as error:
            for other in dependents(installed.python, canonical(package))[:MOST_DEPENDENTS]:
                with contextlib.suppress(NoRelease):
                    return newest_of(description, other, installed, uv, work / other)
            raise error
        finally:
            uv.end()


def not_had(package: str, reason: str) -> str:
    """Why there is no newest release to try: it cannot be installed."""
    return f"the newest release of {package} cannot be had: {reason}"


def is_newest(package: str, installed: str | None) -> str:
    """Why there is no newest release to try: the app has it already."""
    name = f"{package} {installed}" if installed else package
    return f"{name} is the newest release that installs beside the rest"


def newest_of(
    description: AppSpec, package: str, installed: Installed, uv: Uv, work: Path
) -> NewerEnvironment:
    """The app's environment with the newest release of a package that installs beside the rest.

    Args:
        installed: the environment that the app has; the other releases are kept where they can be.
        uv: which keeps its cache below the folder of the environments.
        work: a folder that is not there; it gets the new environment.

    Raises:
        NoRelease: it cannot be installed, or the app has it already.
        CancelledError: uv was ended meanwhile.
    """
    work.parent.mkdir(parents=True, exist_ok=True)
    before = installed_versions(installed.python)
    name = canonical(package)
    failed = attempt(description, name, before, uv, NewEnvironment(installed.python, work))
    if failed:
        raise NoRelease(not_had(package, failure_line(failed)))
    newest, was = installed_versions(work / "bin" / "python3").get(name), before.get(name)
    if newest is None or was is None or newest == was:
        raise NoRelease(is_newest(package, was))
    reference = f"{installed.reference}, with {package} {newest}"
    made = Installed(work / "bin" / "python3", reference)
    completed(description, made)
    return NewerEnvironment(made, Release(package, was, newest))


def completed(description: AppSpec, made: Installed) -> None:
    """Run what completes the app's environment in the new one, too.

    Raises:
        NoRelease: it fails there.
    """
    try:
        complete(description, made, lambda _: None)
    except LabError as error:
        raise NoRelease(str(error)) from error


@dataclass(frozen=True, slots=True)
class NewEnvironment:
    """A new environment: the Python that it stands on, and its folder."""

    interpreter: Path
    folder: Path


def attempt(
    description: AppSpec, name: str, before: dict[str, str], uv: Uv, made: NewEnvironment
) -> str:
    """uv's output when it fails; empty when the environment is there."""
    python = made.folder / "bin" / "python3"
    own = NO_LINKS if description.install is not None else ()
    install = ("pip", "install", "--compile-bytecode", *own, "--python", python)
    same = [f"{other}=={version}" for other, version in before.items() if other != name]
    failed = uv.run("venv", "--no-project", "--python", made.interpreter, made.folder)
    if not failed and same:
        failed = uv.run(*install, "--no-deps", *same, timeout_seconds=RELEASE_INSTALL_SECONDS)
    if failed:
        return failed
    with needs(description) as wanted:
        for file in wanted[1::2]:
            path = Path(file)
            path.write_text(unpinned(path.read_text(encoding="utf-8"), name), encoding="utf-8")
        newest: Sequence[str | Path] = ("--upgrade-package", name, name, *wanted)
        return uv.run(*install, *newest, timeout_seconds=RELEASE_INSTALL_SECONDS)


def newer_python(description: AppSpec, root: Path, say: Callable[[str], None]) -> NewerEnvironment:
    """The app's environment on the newest Python of this machine on which its packages install.

    Raises:
        NoRelease: there is none.
    """
    minor = int(description.python.partition(".")[2])
    for version in NEWER_PYTHONS:
        if int(version.partition(".")[2]) <= minor or find_interpreter(version) is None:
            continue
        try:
            installed = prepare_app(replace(description, python=version), root, say)
        except LabError:
            continue
        return NewerEnvironment(installed, Release(PYTHON, description.python, version))
    raise NoRelease(
        f"this machine has no newer Python than {description.python} that takes its packages"
    )
