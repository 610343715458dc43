"""The next guess with the arguments that a program asks for when it is started."""

import re
from collections.abc import Iterator

from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.guess_records import Guess, Guessed

ARGPARSE = re.compile(r"the following arguments are required: ([^\n]+)")
CLICK = re.compile(r"Missing (?:option|argument) '(--?[\w-]+|\w+)'", re.IGNORECASE)
OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
PORT = re.compile(r"(?i:-*([\w-]*[-_])?port)|-[pP]")
HOST = re.compile(r"(?i:-*((listen|bind)[-_])?(host|address|addr|ip|bind))|-H")
MEANT = ((PORT, "$PORT"), (HOST, "$HOST"))


def with_arguments(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The guess whose command has the port and the address, where it asks for nothing else."""
    asked = asked_arguments(failure.said)
    values = [value_of(name) for name in asked]
    if failure.kind is not FailureKind.DIED or not asked or None in values:
        return
    for key in ("command", "local_command"):
        line = guess.value(key)
        if not isinstance(line, str) or "$PORT" in line:
            continue
        names = [*asked, *(() if "$HOST" in values else offered_host(failure.said))]
        added = " ".join(argument(name) for name in names)
        why = f"it asks for {' and '.join(asked)}"
        changed = guess.without("port").having(Guessed(key, f"{line} {added}", why))
        yield changed.noting(f"{key} with {added}: {why}")
        return


def asked_arguments(said: str) -> list[str]:
    """The names of what it misses, as its parser of arguments says them."""
    if match := ARGPARSE.search(said):
        return [each.split("/")[0].strip() for each in match[1].split(",")]
    return list(dict.fromkeys(CLICK.findall(said)))


def value_of(name: str) -> str | None:
    return next((value for pattern, value in MEANT if pattern.fullmatch(name)), None)


def offered_host(said: str) -> list[str]:
    """The option for the address that its usage line offers."""
    return [name for name in dict.fromkeys(OPTION.findall(said)) if HOST.fullmatch(name)][:1]


def argument(name: str) -> str:
    value = value_of(name) or ""
    return f"{name} {value}" if name.startswith("-") else value
