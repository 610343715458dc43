"""`lab settings`: every setting, its default, what is allowed, what it means, and who uses it."""

import argparse

from lab.errors import ExitCode
from lab.settings.table import settings_markdown, settings_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--markdown", action="store_true", help="the table of docs/settings.md")


def run(arguments: argparse.Namespace) -> ExitCode:
    print(settings_markdown() if arguments.markdown else settings_text(), end="")
    return ExitCode.DECIDED
