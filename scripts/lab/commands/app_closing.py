"""What `make try` ends with at the terminal."""

import os

from rich.console import Console
from rich.text import Text

from lab.app.services import base_name
from lab.app.spec import AppSpec
from lab.causes.diagnosis import Diagnosis
from lab.errors import ExitCode
from lab.report.app_answer import app_answer, cause_lines, change_table, traced_text, verdict_line
from lab.store.run_folder import RunFolder


def close(folder: RunFolder, diagnosis: Diagnosis, spec: AppSpec, console: Console) -> ExitCode:
    """Print the answers; what they are worth as an exit code."""
    answer = app_answer(diagnosis, spec.name, base_name(spec))
    console.print(Text(verdict_line(answer), style="bold"))
    for line in cause_lines(answer):
        console.print(Text(f"cause: {line}"))
    console.print(Text(f"what helps: {answer.helps}", style="bold"))
    for line in (*change_table(answer), *traced_text(answer)):
        console.print(Text(line))
    console.print(f"report: {os.path.relpath(folder.path)}/answer.md, report.html", soft_wrap=True)
    return ExitCode(folder.read_summary().run.exit_code)
