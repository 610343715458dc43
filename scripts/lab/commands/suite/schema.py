"""`lab schema`: the JSON Schema of a document, generated from the records."""

import argparse

from lab.errors import ExitCode
from lab.records.schema import DOCUMENTS, schema_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=DOCUMENTS, help="the document, without .json")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the schema; a test compares it with the published file."""
    print(schema_text(arguments.name), end="")
    return ExitCode.DECIDED
