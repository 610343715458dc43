"""What helps by whose code holds the memory, and what its newest release did."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import raw
from lab.app.interventions import release_change, server_change
from lab.causes.advice import help_line, is_worth_it
from lab.causes.diagnosis import Diagnosis, diagnosis_of
from lab.causes.findings import CauseFinding
from lab.causes.holder_advice import advice_for_holder
from lab.causes.holders import HolderFinding, sentences
from lab.causes.interventions import InterventionResult, intervention_result, needs_control
from lab.causes.releases import asks_for_release, asks_for_server
from lab.records.holders import CalledFunction, CodeKind, Holder, Owner, Package
from lab.records.interventions import Cause, Intervention, InterventionPlan, Release
from lab.records.judgement import Certainty, Verdict
from lab.records.observations import TracedLine
from lab.verdict.verdict import judge_trial

UJSON = Package("ujson", "5.3.0", "https://example.org/issues")
CLIENT = Package("client", "1.0", None)
CHANGE = release_change(Release("ujson", "5.3.0", "5.12.1"))
DICT = Holder("app.SEEN", "dict", 0, 6000, 12 << 20, "Row", None)
UNHELD = HolderFinding(called=CalledFunction("ujson.dumps", UJSON), package=UJSON, requests=6000)


def held(
    kind: CodeKind, module: str, package: Package | None = None, *, in_app: bool = False
) -> HolderFinding:
    owner = Owner(kind, module, package, in_app)
    return HolderFinding(holders=(replace(DICT, owner=owner),), package=UJSON, requests=6000)


APPS = held(CodeKind.APP, "app", in_app=True)
PACKAGES = held(CodeKind.PACKAGE, "client.jar", CLIENT)
PACKAGES_IN_APP = held(CodeKind.PACKAGE, "client.jar", CLIENT, in_app=True)
LIBRARYS = held(CodeKind.LIBRARY, "threading")


@pytest.mark.parametrize(
    ("holder", "advice"),
    [
        (APPS, "limit app.SEEN, let its entries expire, or use fewer different keys"),
        (
            replace(APPS, holders=(replace(APPS.holders[0], kind="list"),)),
            "limit app.SEEN, or drop its entries once they are used",
        ),
        (
            replace(APPS, holders=(replace(APPS.holders[0], kind="deque"),)),
            "give app.SEEN a maxlen, or drop its entries once they are used",
        ),
        (
            PACKAGES,
            "move client 1.0 to a release that does not leak, or report it to its maintainers",
        ),
        (
            PACKAGES_IN_APP,
            "give app.SEEN fewer different entries or a shorter life: its code is client 1.0's",
        ),
        (LIBRARYS, "join the threads that are started, or give them a pool (app.py:7)"),
        (
            held(CodeKind.LIBRARY, "copyreg"),
            "look for what the app calls of copyreg with each request (app.py:7)",
        ),
        (
            UNHELD,
            "move ujson 5.3.0 to a release that does not leak, or report it at "
            "https://example.org/issues",
        ),
    ],
)
def test_the_advice_is_by_whose_code_it_is(holder: HolderFinding, advice: str) -> None:
    assert advice_for_holder(holder, "app.py:7") == advice


def test_what_is_not_the_apps_is_told_with_its_owner() -> None:
    assert next(sentences(PACKAGES)).endswith("about 12.0 MiB, in client 1.0.")
    assert next(sentences(LIBRARYS)).endswith("in threading of the standard library.")
    assert next(sentences(APPS)).endswith("about 12.0 MiB.")


def diagnosis(holder: HolderFinding, result: InterventionResult | None = None) -> Diagnosis:
    judged = replace(judge_trial(raw.trial()), verdict=Verdict.LEAK)
    found = CauseFinding(Cause.LIVE_OBJECTS, Certainty.PROVEN, "", "")
    outcomes = (result,) if result else ()
    line = TracedLine(1, 1, ("/srv/app.py:7",))
    return Diagnosis(judged, 6000, 12 << 20, (found,), outcomes, (line,), (), holder=holder)


def ended(verdict: Verdict) -> InterventionResult:
    gained_bytes = 12 << 20 if verdict is Verdict.LEAK else 0
    return InterventionResult(
        CHANGE, gained_bytes, (12 << 20) - gained_bytes, rate=1.0, verdict=verdict
    )


@pytest.mark.parametrize(
    ("holder", "verdict", "said"),
    [
        (UNHELD, Verdict.FLAT, "ujson>=5.12.1 (measured: flat)"),
        (PACKAGES_IN_APP, Verdict.BOUNDED, "ujson>=5.12.1 (measured: bounded)"),
        (
            UNHELD,
            Verdict.LEAK,
            "ujson still leaks in the newest release, 5.12.1: report it at "
            "https://example.org/issues",
        ),
        (
            UNHELD,
            Verdict.INCONCLUSIVE,
            "move ujson 5.3.0 to a release that does not leak, or report it at "
            "https://example.org/issues; whether ujson 5.12.1, the newest release, leaks is open "
            "(it gained 12.0 MiB less)",
        ),
        (
            PACKAGES_IN_APP,
            Verdict.LEAK,
            "give app.SEEN fewer different entries or a shorter life: its code is client 1.0's; "
            "it grows with the newest release, ujson 5.12.1, too",
        ),
    ],
)
def test_the_help_is_what_the_newest_release_did(
    holder: HolderFinding, verdict: Verdict, said: str
) -> None:
    assert help_line(diagnosis(holder, ended(verdict))) == said


def test_a_release_that_takes_most_of_it_away_is_not_called_the_same_leak() -> None:
    result = InterventionResult(CHANGE, 1 << 20, 11 << 20, rate=1.0, verdict=Verdict.LEAK)

    assert help_line(diagnosis(UNHELD, result)) == (
        "ujson>=5.12.1 takes away 11.0 MiB of 12.0 MiB, and what is left still grows"
    )


def test_a_release_that_ends_it_comes_before_what_hides_it() -> None:
    arena = Intervention("one-arena", "MALLOC_ARENA_MAX=1", (Cause.FRAGMENTATION,))
    hidden = InterventionResult(arena, 0.0, 12 << 20, rate=1.0, verdict=Verdict.LEAK)
    diagnosed = diagnosis(UNHELD, ended(Verdict.FLAT))
    first = replace(diagnosed.findings[0], cause=Cause.FRAGMENTATION)
    both = replace(
        diagnosed, findings=(first, *diagnosed.findings), outcomes=(hidden, *diagnosed.outcomes)
    )

    assert help_line(both) == "ujson>=5.12.1 (measured: flat)"


def test_a_newer_python_that_ends_it_is_told_with_what_the_app_may_do() -> None:
    newer = release_change(Release("Python", "3.8", "3.13"))
    diagnosed = diagnosis(LIBRARYS, replace(ended(Verdict.FLAT), change=newer))

    assert help_line(diagnosed) == (
        "Python>=3.13 (measured: flat), or join the threads that are started, or give them a pool"
        " (/srv/app.py:7)"
    )


def test_without_another_release_nothing_is_lost() -> None:
    changed = replace(diagnosis(PACKAGES), no_release="no index answers")

    assert help_line(changed) == (
        "move client 1.0 to a release that does not leak, or report it to its maintainers "
        "(no index answers)"
    )


@pytest.mark.parametrize(
    ("holder", "asks"),
    [(APPS, False), (PACKAGES, True), (UNHELD, True), (LIBRARYS, True), (HolderFinding(), False)],
)
def test_a_release_is_asked_for_what_a_package_or_the_library_holds(
    holder: HolderFinding, asks: bool
) -> None:
    assert asks_for_release(diagnosis(holder)) is asks


def test_a_release_that_does_not_serve_the_app_is_told() -> None:
    plan = InterventionPlan("shop", "own-shop", "own-shop-control", (), (CHANGE,))
    died = replace(raw.trial(), end=None)
    found = diagnosis_of(plan, {"own-shop": (raw.trial(),), plan.variant(CHANGE): (died,)})

    assert found.no_release == "with ujson 5.12.1, the newest, the app does not serve its load"


def test_a_change_of_release_names_both(tmp_path: Path) -> None:
    assert CHANGE.line == "ujson 5.12.1 in place of 5.3.0"


def test_a_cache_that_filled_is_told_with_its_size_and_its_limit() -> None:
    judged = replace(judge_trial(raw.trial()), verdict=Verdict.BOUNDED)
    full = replace(DICT, path="app.page", kind="lru_cache", entries_after=1500, limit=1500)
    changed = replace(diagnosis(HolderFinding(holders=(full,), requests=6000)), judged=judged)
    half = replace(changed, holder=HolderFinding(holders=(replace(full, limit=9000),)))
    package = replace(changed, holder=PACKAGES)

    assert help_line(changed) == (
        "nothing needs to change: app.page holds 1,500 entries, its limit; a lower one saves memory"
    )
    assert help_line(half).endswith("holds 9,000 entries at most, 1,500 entries in the traced run")
    assert help_line(package).startswith("nothing needs to change: app.SEEN, in client 1.0 holds")


@pytest.mark.parametrize(
    ("saved_mib", "rate", "is_named"),
    [(5.9, 0.75, False), (5.9, 1.0, True), (5.9, 0.97, True), (40, 0.75, True), (5.9, None, True)],
)
def test_a_cure_is_weighed_against_the_requests_a_second_that_it_costs(
    saved_mib: float, rate: float | None, is_named: bool
) -> None:
    arena = Intervention("one-arena", "MALLOC_ARENA_MAX=1", (Cause.THREAD_ARENAS,))
    result = InterventionResult(arena, 1 << 20, saved_mib * 2**20, rate=rate)

    assert is_worth_it(result) is is_named


def test_another_release_alone_has_no_control_run() -> None:
    arena = Intervention("one-arena", "MALLOC_ARENA_MAX=1", (Cause.THREAD_ARENAS,))
    assert not needs_control([CHANGE])
    assert needs_control([arena, CHANGE])


@pytest.mark.parametrize(
    ("package", "asks"), [("uvicorn", True), ("HttpTools", True), ("ujson", False)]
)
def test_another_server_is_asked_for_what_a_server_holds(package: str, asks: bool) -> None:
    servers = held(CodeKind.PACKAGE, package, Package(package, "1.0", None))

    assert asks_for_server(diagnosis(servers)) is asks
    assert not asks_for_server(diagnosis(APPS))


def test_another_server_has_no_control_run_and_is_a_cure() -> None:
    server = server_change("hypercorn in place of uvicorn", "python -m hypercorn app:app")
    result = InterventionResult(server, 0.0, 12 << 20, rate=0.99, verdict=Verdict.FLAT)

    assert not needs_control([server])
    assert help_line(diagnosis(PACKAGES, result)) == (
        "hypercorn in place of uvicorn (12.0 MiB less in 6,000 requests, 99% of the requests a"
        " second)"
    )


def test_what_is_loaded_before_the_fork_is_compared_by_all_that_the_processes_hold() -> None:
    preload = Intervention("preload", "gunicorn --preload", (), lowers_level=True)
    apart, shared = raw.trial((200 << 20,) * 9), raw.trial((120 << 20,) * 9)
    result = intervention_result(apart, preload, shared)

    assert result is not None
    assert (result.gained_bytes, result.saved_bytes) == (-80 << 20, 80 << 20)
    bounded = diagnosis(APPS, replace(result, rate=1.0))
    judged = replace(bounded.judged, verdict=Verdict.BOUNDED)
    assert help_line(replace(bounded, judged=judged)) == (
        "nothing needs to change: app.SEEN holds 6,000 entries and has stopped growing; in addition"
        " gunicorn --preload (80.0 MiB less of all processes together, 100% of the requests a"
        " second)"
    )


def test_where_the_verdict_is_open_no_package_is_said_to_leak() -> None:
    whole = diagnosis(UNHELD)
    judged = replace(whole.judged, verdict=Verdict.INCONCLUSIVE)
    said = help_line(replace(whole, judged=judged))
    assert said == "send the load that the verdict's reason names: whether anything leaks is open"
