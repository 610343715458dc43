"""`lab keys`: every key of lab.toml, its default, an example, and what it means."""

import argparse

from lab.app.spec_table import keys_markdown, keys_text
from lab.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--markdown", action="store_true", help="the table of docs/lab-toml.md")


def run(arguments: argparse.Namespace) -> ExitCode:
    print(keys_markdown() if arguments.markdown else keys_text(), end="")
    return ExitCode.DECIDED
