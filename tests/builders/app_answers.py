"""What `make try` answers of an app, and its whole run."""

from dataclasses import replace

from builders.factories import summary, variant_summary
from lab.records.app_answer import AppAnswer, AppCause, AppChange, AppLine
from lab.records.interventions import Cause
from lab.records.judgement import Certainty, Verdict
from lab.records.summary import Summary
from lab.units import MIB


def app_answer() -> AppAnswer:
    """The answer on an app that leaks, with a change that tells and a line that holds it."""
    return AppAnswer(
        app="shop",
        variant="own-shop",
        verdict=Verdict.LEAK,
        reason="grew by 40 MiB",
        requests=4000,
        causes=(AppCause(Cause.LIVE_OBJECTS, Certainty.PROVEN, "+1 block", "by app.py:7"),),
        no_cause=None,
        helps="let go of what the named lines keep",
        changes=(AppChange("MALLOC_ARENA_MAX=1", True, 39.0 * MIB, 1.0 * MIB, 0.97, 4000),),
        lines=(AppLine("app.py:7", 40 * MIB, 4000),),
        types={"builtins.dict": 4000},
        held_by=("app.CACHE (dict, 0 → 4,000 entries)",),
        control_requests=4000,
    )


def own_summary() -> Summary:
    """A run of `make try`."""
    variants = (variant_summary("own-shop", Verdict.LEAK, growth=40 * MIB),)
    return replace(summary(variants, suite="try"), own=app_answer())
