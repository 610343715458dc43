"""The next guess where an app imports the project that it lies in, which is not installed."""

from collections.abc import Iterator

from lab.app.guess.dependencies import with_added
from lab.app.guess.failures import Failure, missing_module
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guess
from lab.app.guess.paste import PROJECTS


def with_project_itself(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The guess that also installs the project at the top, which an example below it imports."""
    module = missing_module(failure.said)
    value = guess.value("requirements")
    is_there = isinstance(value, list) and "." in value
    line = str(guess.value("command") or guess.value("local_command"))
    is_below = line.startswith("cd ")
    if is_below and module in guess.local and folder.inside("", PROJECTS) and not is_there:
        why = f"the project itself, whose {module} a start asked for"
        yield guess.having(with_added(guess.key("requirements"), ["."], why)).noting(
            f"requirements and {why}"
        )
