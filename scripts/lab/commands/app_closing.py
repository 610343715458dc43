"""What `make try` ends with at the terminal."""

import os

from rich.console import Console

from lab.app.services import base_name
from lab.app.spec import AppSpec
from lab.causes.diagnosis import Diagnosis
from lab.errors import ExitCode
from lab.report.app_answer import app_answer
from lab.report.terminal import answer_at_terminal
from lab.store.run_folder import RunFolder


def close(folder: RunFolder, diagnosis: Diagnosis, spec: AppSpec, console: Console) -> ExitCode:
    """Print the answers; what they are worth as an exit code."""
    answer = app_answer(diagnosis, spec.name, base_name(spec))
    console.print(answer_at_terminal(answer))
    console.print(f"report: {os.path.relpath(folder.path)}/answer.md, report.html", soft_wrap=True)
    return ExitCode(folder.read_summary().run.exit_code)
