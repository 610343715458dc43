"""What a rerun is worth as an exit code, and where its answer is written."""

from pathlib import Path

from rich.console import Console

from lab.commands.terminal import shown_path
from lab.errors import ExitCode
from lab.files import path_text, write_file
from lab.records.codec import json_text
from lab.share.agreement import Agreement, RunAgreement
from lab.share.agreement_text import agreement_markdown

EXIT_CODES = {
    Agreement.AGREES: ExitCode.DECIDED,
    Agreement.DIFFERS: ExitCode.FAILED,
    Agreement.UNDECIDED: ExitCode.UNDECIDED,
}


def conclude(agreement: RunAgreement, ran: str, results: Path, console: Console) -> ExitCode:
    """The exit code of an agreement, whose table is printed and written down."""
    text = agreement_markdown(agreement, ran)
    name = results / f"verify-{agreement.comparison.before}"
    write_file(results / f"{name.name}.md", text)
    write_file(results / f"{name.name}.json", json_text(agreement))
    console.print(text, soft_wrap=True)
    console.print(f"written: {path_text(shown_path(name))}.md and .json", soft_wrap=True)
    console.print(f"outcome: {agreement.outcome.value}")
    return EXIT_CODES[agreement.outcome]
