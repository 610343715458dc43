"""What failed beside the app as it is: told as it comes, and the verdict is told all the same."""

import contextlib
import traceback
from collections.abc import Iterator

from rich.console import Console

from lab.causes.interventions import FAILED
from lab.errors import LabError, VariantError
from lab.records.trial import EndKind, Trial
from lab.store.run_folder import RunFolder
from lab.text.phrases import printable
from lab.verdict.verdict import judge_trial


class ToldFailures:
    """Prints each failure once; may be called on threads."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.told: set[str] = set()

    def tell(self, what: str, error: Exception) -> None:
        """Say what failed and why; of a fault of the lab itself with its traceback."""
        line = f"{what} failed: {str(error) or type(error).__name__}"
        if not isinstance(error, LabError | OSError):
            where = "".join(traceback.format_exception(error)).rstrip()
            line = f"{where}\n{what} failed by a fault of the lab itself; the verdict stands"
        if line not in self.told:
            self.told.add(line)
            text = printable(line)
            self.console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)

    def tell_end(self, name: str, trial: Trial | None) -> None:
        """Say why a run ended before its end, where it failed; the answer says it of changes."""
        end = trial.end if trial is not None else None
        if end is not None and end.kind in FAILED:
            self.tell(name, VariantError(end.reason or end.kind.value))

    @contextlib.contextmanager
    def telling(self, what: str) -> Iterator[None]:
        """Whatever fails in the context is told, and ends nothing else."""
        try:
            yield
        except Exception as error:
            self.tell(what, error)


def tell_verdict(folder: RunFolder, name: str, console: Console) -> None:
    """Say the verdict of a variant's first trial, where that is complete and its answer is not.

    Whatever fails of that leads back to the error that is told instead.
    """
    with contextlib.suppress(Exception):
        trial = next(iter(folder.read_trials().get(name, ())), None)
        if trial is not None and trial.end is not None and trial.end.kind is EndKind.COMPLETE:
            judged = judge_trial(trial)
            text = printable(f"{name}: {judged.verdict.value}. {judged.reason}")
            console.print(text, style="bold", markup=False, highlight=False, soft_wrap=True)
