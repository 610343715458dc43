"""What `make try` ends with at the terminal."""

from rich.console import Console

from lab.app.services import base_name
from lab.app.spec import AppSpec
from lab.causes.diagnosis import Diagnosis
from lab.commands.terminal import shown_path
from lab.errors import ExitCode
from lab.report.app_answer import app_answer
from lab.report.terminal import answer_at_terminal
from lab.store.run_folder import RunFolder

CHECKED = "CHECK=1: it comes up and answers; nothing was measured"


def close(
    folder: RunFolder,
    diagnosis: Diagnosis,
    spec: AppSpec,
    console: Console,
    *,
    tells_where: bool = True,
) -> ExitCode:
    """The exit code of a diagnosis, which is printed with its answers.

    Args:
        tells_where: whether the run stays where it is now.
    """
    answer = app_answer(diagnosis, spec.name, base_name(spec))
    console.print(answer_at_terminal(answer))
    if tells_where:
        console.print(f"report: {shown_path(folder.path)}/answer.md, report.html", soft_wrap=True)
    return ExitCode(folder.read_summary().run.exit_code)
