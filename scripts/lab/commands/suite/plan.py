"""`lab plan`: the variants of the suite, their images, limits and needs, a line each."""

import argparse

from lab.errors import ExitCode
from lab.matrix.load_plan import plan_loads
from lab.matrix.variants import read_matrix, select
from lab.paths import COMPOSE_FILE
from lab.settings import given_settings, parse_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the command takes settings alone."""


def run(_: argparse.Namespace) -> ExitCode:
    """Prints a line a variant for shell scripts: name, image, limit in bytes, services it needs."""
    given = given_settings()
    settings = parse_settings(given)
    variants = select(read_matrix(COMPOSE_FILE, given), settings)
    plan_loads(variants, settings)
    for variant in variants:
        print(variant.name, variant.image, variant.memory_limit_bytes, *variant.needs)
    return ExitCode.DECIDED
