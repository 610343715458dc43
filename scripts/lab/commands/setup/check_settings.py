"""`lab check-settings`: refuse a setting that cannot be used, before anything is built."""

import argparse

from lab.errors import ExitCode
from lab.settings import given_settings, parse_settings
from lab.store.layout import results_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the command takes settings alone."""


def run(_: argparse.Namespace) -> ExitCode:
    """Decided where every setting can be used.

    Raises:
        LabError: a setting, or a line of .env, cannot be used.
    """
    given = given_settings()
    parse_settings(given)
    results_folder(given)
    return ExitCode.DECIDED
