"""What an app's Compose file says to be a secret: variables by their names, and files."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from lab.app.compose_records import Companion
from lab.app.spec import AppSpec
from lab.app.spec_file import read_spec
from lab.commands.sharing.bundle_app import Kept, write_down
from lab.share.archive import ArchiveEntry
from lab.share.manifest import LeftOut
from lab.share.redaction import REDACTED, SECRET_NAME

YAML_SUFFIXES = (".yaml", ".yml")
IN_CONTAINER = "/run/secrets/"
LEADS_TO_FILE = "_FILE"
"""Ends the name of a variable that holds no secret but the name of a file with one."""
MOST_SECRET_LINE = 2000


@dataclass(frozen=True, slots=True)
class StatedSecrets:
    """What stands in an app's files and is a secret by its own words."""

    variables: Mapping[str, tuple[str, ...]]
    """The values of each variable whose name looks secret."""
    files: tuple[str, ...]
    """Names of files in the app's folder."""
    contents: tuple[str, ...]
    """What those files hold, without spaces around."""

    def telling_values(self) -> Mapping[str, str]:
        """Values that are secret wherever they stand, by names that look secret.

        One that is a plain word, such as `postgres`, is a part of other texts, too.
        """
        values = (*(each for more in self.variables.values() for each in more), *self.contents)
        return {f"secret {at}": each for at, each in enumerate(values) if is_made_up(each)}


NO_SECRETS = StatedSecrets({}, (), ())


def is_made_up(value: str) -> bool:
    has_digit, has_letter = any(map(str.isdigit, value)), any(map(str.isalpha, value))
    return has_digit and has_letter


def stated_secrets(kept: Kept) -> StatedSecrets:
    """What the description of a kept app, and the Compose file that it names, say to be secret.

    Raises:
        LabError: the description cannot be used.
    """
    source, files = kept
    with tempfile.TemporaryDirectory(prefix="memlab-bundle-") as name:
        work = Path(name).resolve()
        write_down(files, work)
        spec = read_spec(work / source.file)
        names = sorted({path.relative_to(work).as_posix() for path in secret_files(spec)})
    variables: dict[str, tuple[str, ...]] = {}
    for environment in environments(spec):
        for variable, value in environment.items():
            if is_secret(variable) and value.strip():
                variables[variable] = (*variables.get(variable, ()), value.strip())
    there = tuple(each for each in names if each in files)
    contents = (files[each].content.decode("utf-8", "replace").strip() for each in there)
    return StatedSecrets(variables, there, tuple(filter(None, contents)))


def is_secret(variable: str) -> bool:
    return bool(SECRET_NAME.search(variable)) and not variable.upper().endswith(LEADS_TO_FILE)


def environments(spec: AppSpec) -> Iterator[Mapping[str, str]]:
    yield spec.environment
    stated: tuple[AppSpec | Companion, ...] = (spec, *spec.companions)
    for each in stated:
        yield each.environment
        if each.build is not None:
            yield each.build.args


def secret_files(spec: AppSpec) -> Iterator[Path]:
    yield from spec.secrets.values()
    for each in spec.companions:
        yield from (path for at, path in each.mounts.items() if at.startswith(IN_CONTAINER))


def without_secrets(kept: Kept, secrets: StatedSecrets) -> Kept:
    """The app with a word in the place of each: it reads the same names and the same files."""
    source, files = kept
    entries, left_out = dict(files), list(source.left_out)
    for name, entry in files.items():
        if name in secrets.files:
            entries[name] = ArchiveEntry(f"{REDACTED}\n".encode(), entry.is_program)
            left_out.append(LeftOut(name, "a secret of its Compose file; a word in its place"))
        elif PurePosixPath(name).suffix in YAML_SUFFIXES:
            text = entry.content.decode("utf-8", "surrogateescape")
            clean = without_values(text, secrets.variables).encode("utf-8", "surrogateescape")
            entries[name] = ArchiveEntry(clean, entry.is_program)
    return replace(source, left_out=tuple(left_out)), entries


def without_values(text: str, variables: Mapping[str, tuple[str, ...]]) -> str:
    """The text of a Compose file; a value goes where it stands behind its variable's name."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        for variable, values in variables.items():
            if variable in line and len(line) <= MOST_SECRET_LINE:
                for value in values:
                    line = with_value_replaced(line, variable, value)
        lines[at] = line
    return "\n".join(lines)


def with_value_replaced(line: str, variable: str, value: str) -> str:
    """The line with the value replaced where it is a whole word behind the variable's name."""
    either = "|".join(re.escape(each) for each in dict.fromkeys((value, value.replace("$", "$$"))))
    pattern = rf"(?<![\w$])({re.escape(variable)}(?!\w)[^\w]*[:=].*?)(?<!\w)(?:{either})(?!\w)"
    return re.sub(pattern, rf"\g<1>{REDACTED}", line, count=1)
