"""Whether what answers of a guess is enough to measure it by, or the next guess may serve more."""

from lab.app.guess.asking import TriedRequests
from lab.app.guess.failures import Failure
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guess
from lab.app.guess.tables_missing import may_make_tables
from lab.commands.checks.app_check import Running
from lab.commands.checks.texts import lacks_server, refusals


def shortfall(
    guess: Guess, folder: Folder, running: Running, asked: TriedRequests
) -> Failure | None:
    """Why the guess is not measured as it is; None where it is."""
    if not asked.kept or lacks_server(running, asked):
        return refusals(running, asked)
    if asked.failed:
        failure = refusals(running, asked)
        if may_make_tables(guess, failure, folder):
            return failure
    return None
