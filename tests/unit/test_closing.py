import io

import factories
from lab.closing import closing_table
from lab.summary import Summary
from rich.console import Console

HOSTILE = "failed: [/bin/sh -c pip] and [red]more[/red] [/]"


def shown(summary: Summary) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(closing_table(summary))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.strip() for line in console.file.getvalue().splitlines())


def test_a_row_for_each_variant_and_the_answer() -> None:
    text = shown(factories.core_summary())

    assert sum(line.startswith("py3") for line in text.splitlines()) == 12
    assert text.splitlines()[-1] == (
        "Of 12 variants, 8 grew to a ceiling and stopped and 4 stayed flat."
    )


def test_a_row_has_verdict_memory_prediction_and_requests() -> None:
    text = shown(factories.core_summary())
    (row,) = [line for line in text.splitlines() if line.startswith("py37-fastapi-sync")]

    assert " ".join(row.split()) == ("py37-fastapi-sync bounded 24.0 3,015 2,991 3,052 1,000/1,000")


def test_what_was_not_measured_is_a_dash() -> None:
    text = shown(factories.summary([factories.unmeasured()]))
    (row,) = [line for line in text.splitlines() if line.startswith("py37-flask")]

    assert row.split() == ["py37-flask", "inconclusive", *["\N{EN DASH}"] * 4, "0/0"]


def test_a_missing_variant_stands_with_its_reason_whatever_is_in_it() -> None:
    missing = (factories.missing("py38-flask", HOSTILE),)
    text = shown(factories.summary([factories.variant_summary()], missing=missing))

    assert "py38-flask" in text
    assert "never ran" in text
    assert "[/bin/sh -c" in " ".join(text.split())


def test_nothing_measured_does_not_sound_like_a_pass() -> None:
    assert "Nothing was measured" in shown(factories.summary([]))
