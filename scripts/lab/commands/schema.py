"""`lab schema`: the JSON Schema of summary.json, generated from the records."""

import argparse

from lab.errors import ExitCode
from lab.records.schema import schema_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no arguments."""


def run(_: argparse.Namespace) -> ExitCode:
    """Print the schema; a test compares it with the published file."""
    print(schema_text(), end="")
    return ExitCode.DECIDED
