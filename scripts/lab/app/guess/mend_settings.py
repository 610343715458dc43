"""The next guess with the project's settings for development in the place of another set."""

import re
from collections.abc import Iterator

from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guess, Guessed

CHOOSES = re.compile(r"(?:\w*_)?(?:ENV|ENVIRONMENT|CONFIG\w*|SETTINGS\w*|MODE|STAGE)")
"""Variables that choose one set of settings of several."""
SERVED = re.compile(r"production|prod|docker|heroku|staging", re.IGNORECASE)
DEVELOPED = ("development", "develop", "dev", "local")
DEBUG_FLAG = re.compile(r"get_debug_flag|['\"]FLASK_(?:DEBUG|ENV)['\"]")
NOTE = "settings for development"
KINDS = (
    FailureKind.DIED,
    FailureKind.PREPARE,
    FailureKind.NEVER_READY,
    FailureKind.REFUSED,
    FailureKind.ABSENT,
)


def for_development(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The set of settings that needs no host of the project's own; once."""
    if failure.kind not in KINDS or any(NOTE in note for note in guess.notes):
        return
    environment = guess.value("environment") or {}
    changed = {
        name: other
        for name, value in environment.items()
        if CHOOSES.fullmatch(name) and (other := development_value(str(value), folder))
    }
    if not changed and any(DEBUG_FLAG.search(module.text) for module in folder.modules):
        changed = {"FLASK_DEBUG": "1", "FLASK_ENV": "development"}
    if any(environment.get(name) != value for name, value in changed.items()):
        why = f"{NOTE} ({', '.join(changed)}): with the others it does not serve"
        yield guess.having(Guessed("environment", {**environment, **changed}, why)).noting(why)


def development_value(value: str, folder: Folder) -> str | None:
    """The value that chooses the settings for development, where the project has such a set."""
    match = SERVED.search(value)
    if match is None:
        return None
    for word in DEVELOPED:
        cased = word.capitalize() if match[0][0].isupper() else word
        whole = value[: match.start()] + cased + value[match.end() :]
        if is_known(re.split(r"[.:]", whole), folder):
            return whole
    return None


def is_known(parts: list[str], folder: Folder) -> bool:
    """Whether the last of a dotted name's parts is a file, a name or a text of the project's."""
    name = parts[-1]
    if any(path.endswith(f"/{name}.py") or path == f"{name}.py" for path in folder.files):
        return True
    quoted = re.compile(rf"class {re.escape(name)}\b|['\"]{re.escape(name)}['\"]")
    return any(quoted.search(module.text) for module in folder.modules)
