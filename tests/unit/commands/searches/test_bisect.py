"""A bisection's settings, its loop and what a point is made of, without any process."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil, log2
from pathlib import Path

import pytest
from lab.app.installed_packages import Distribution, closure, distributions, with_point
from lab.app.spec import AppSpec
from lab.bisect.answer import Subject, answer_from, answer_of
from lab.bisect.plan import Progress
from lab.commands.searches import bisect_driver
from lab.commands.searches.bisect import SearchFacts, close, measured_points, opening
from lab.commands.searches.bisect_driver import BisectBench, PointDriver, PointOutcome, wheels_only
from lab.commands.searches.bisect_loop import BisectLoop, PointSlots
from lab.commands.searches.bisect_points import Listed, current_version, listed_as
from lab.errors import UsageError, VariantError
from lab.records.bisection import (
    Bisection,
    Ends,
    MeasuredPoints,
    Point,
    PointKind,
    PointMeasurement,
    PointState,
)
from lab.settings import parse_settings
from lab.settings.bisect_settings import bisect_settings
from lab.store.json_file import read_record
from rich.console import Console

INSTALLED = {
    name: Distribution(name, version, requires, is_local)
    for name, version, requires, is_local in [
        ("orders", "1.4", ("multi-part",), False),
        ("multi-part", "0.9", ("idna",), False),
        ("idna", "3.4", (), False),
        ("http", "2.0", ("idna",), False),
        ("shop", "0.1", ("orders",), True),
    ]
}


def keeps(size: float) -> PointMeasurement:
    return PointMeasurement(300, size + 50, 2.0, {"app.py:7": size})


@pytest.fixture
def spec(tmp_path: Path) -> AppSpec:
    (tmp_path / "app.py").write_text("", encoding="utf-8")
    return AppSpec(
        tmp_path / "lab.toml", "shop", requirements=("orders>=1",), command="python app.py"
    )


@pytest.fixture
def bench(spec: AppSpec, tmp_path: Path) -> BisectBench:
    return BisectBench(
        *(spec, parse_settings({}), {}, tmp_path, PointKind.RELEASE, "orders", None, INSTALLED)
    )


@pytest.mark.parametrize(
    ("given", "kind", "package"),
    [
        ({"PACKAGE": "ujson"}, PointKind.RELEASE, "ujson"),
        ({"PYTHON": "3.7..3.14"}, PointKind.PYTHON, "Python"),
        ({"PACKAGE": "a", "GIT": "/x", "GOOD": "v1"}, PointKind.COMMIT, "a"),
    ],
)
def test_the_settings_say_what_is_bisected(
    given: dict[str, str], kind: PointKind, package: str
) -> None:
    chosen = bisect_settings(given)

    assert (chosen.kind, chosen.package) == (kind, package)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs PACKAGE="),
        ({"PYTHON": "3.7..3.9", "PACKAGE": "a"}, "leave PACKAGE and GIT out"),
        ({"PYTHON": "3.7"}, "allowed is a range"),
        ({"PACKAGE": "a", "GIT": "/x"}, "GIT= needs GOOD="),
        ({"PACKAGE": "a b"}, "PACKAGE='a b' cannot be used"),
    ],
)
def test_settings_that_do_not_are_one_line(given: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        bisect_settings(given)


def test_a_package_that_the_app_has_not_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(
        UsageError, match="PACKAGE=flask is not one of the app's packages: http, idna"
    ):
        current_version("flask", INSTALLED)


def test_every_other_package_is_held_and_local_ones_are_left_to_their_line(spec: AppSpec) -> None:
    held = with_point(spec, INSTALLED, "orders==1.2", {"orders"})

    assert held.requirements == ("http==2.0", "idna==3.4", "multi-part==0.9", "orders==1.2")
    assert held.requirements_file is None


def test_urls_and_where_to_look_are_kept_and_hashes_are_not(spec: AppSpec) -> None:
    (spec.folder / "requirements.txt").write_text(
        "--extra-index-url https://mirror.example/simple\nidna==3.4 --hash=sha256:00\n"
        "own @ https://x.example/own-1.0.whl --hash=sha256:00\n"
        "Orders @ https://x.example/orders-1.4.zip\n",
        encoding="utf-8",
    )
    given = replace(spec, requirements=("-r requirements.txt",))

    lines = with_point(given, {}, "orders==1.2", {"orders"}).requirements

    assert lines == (
        "--extra-index-url https://mirror.example/simple",
        "own @ https://x.example/own-1.0.whl",
        "orders==1.2",
    )


def test_what_a_package_requires_moves_with_it_where_it_must() -> None:
    assert closure("Orders", INSTALLED) == {"orders", "multi-part", "idna"}


def test_the_distributions_of_an_environment(tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "python3.8" / "site-packages" / "Multi_Part-0.9.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: Multi_Part\nVersion: 0.9\nRequires-Dist: idna (>=2) ; x\n\n",
        encoding="utf-8",
    )
    (folder.parent / "broken-1.dist-info").mkdir()

    packages = distributions(tmp_path / "bin" / "python3")

    assert packages == {"multi-part": Distribution("Multi_Part", "0.9", ("idna",), False)}


def test_a_build_is_forbidden_where_there_is_a_wheel(bench: BisectBench) -> None:
    assert wheels_only(bench, Point("1.2")) == ("--only-binary orders",)
    assert wheels_only(bench, Point("1.2", has_wheel=False)) == ()


def test_a_run_is_kept_and_a_second_bisection_measures_nothing(
    bench: BisectBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def measured(_: PointDriver, point: Point) -> PointMeasurement:
        asked.append(point.label)
        if point.label == "1.0":
            raise VariantError("it cannot be\nbuilt")
        if point.label == "0.9":
            raise VariantError("connection reset by the index")
        if point.label == "0.8":
            raise VariantError("no process of the app reports its memory")
        return keeps(900)

    monkeypatch.setattr(PointDriver, "measured", measured)
    monkeypatch.setattr(bisect_driver, "probes_content", lambda _: "")

    for _ in range(2):
        driver = PointDriver(bench, print)
        outcomes = [
            asyncio.run(driver.outcome(Point(label), run))
            for label, run in [("1.2", 0), ("1.2", 1), ("1.0", 0), ("0.9", 0), ("0.8", 0)]
        ]
        assert [measurement is None for measurement, _ in outcomes] == [*[False] * 2, *[True] * 3]
        assert outcomes[2][1] == "it cannot be built"
    assert driver.earlier_runs == 2
    assert asked == ["1.2", "1.2", "1.0", *["0.9", "0.9", "0.8", "0.8"] * 2]


class KnownPoints(PointDriver):
    """Points whose outcome is known."""

    def __init__(self, leaks: Sequence[int]) -> None:
        self.leaks, self.most, self.now, self.ended = set(leaks), 0, 0, False

    async def outcome(self, point: Point, run: int) -> PointOutcome:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        minor = int(point.label.partition(".")[2])
        if minor == 6:
            return None, "it cannot be built"
        return keeps(900 * (minor in self.leaks)), None

    def end(self) -> None:
        self.ended = True


@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_the_loop_ends_with_both_changes(lanes: int) -> None:
    points = tuple(Point(f"1.{minor}") for minor in range(30))
    driver, said = KnownPoints(range(9, 22)), []
    loop = BisectLoop(
        Progress(points, Ends(15, 0, 29)), driver, PointSlots(lanes, True), said.append
    )

    asyncio.run(loop.run())

    states = {each: loop.progress.state(each) for each in (8, 9, 21, 22)}
    good, bad = PointState.GOOD, PointState.BAD
    assert states == {8: good, 9: bad, 21: bad, 22: good}
    assert (driver.most, driver.ended) == (lanes, True)
    assert said[0].startswith("1.15: ")


def test_the_answer_is_what_the_record_of_all_that_was_measured_gives(tmp_path: Path) -> None:
    points = tuple(Point(f"1.{minor}") for minor in range(30))
    loop = BisectLoop(
        *(Progress(points, Ends(15, 0, 29)), KnownPoints(range(9, 22)), PointSlots(2, False)),
        lambda _: None,
    )
    asyncio.run(loop.run())
    subject = Subject("shop", "orders", PointKind.RELEASE, ("Left out: pre-releases, 3.",))
    facts = SearchFacts(datetime(2026, 11, 27, tzinfo=UTC), 75.0, 0)

    close(measured_points(subject, loop.progress, facts), tmp_path, Console(quiet=True))

    (folder,) = tmp_path.iterdir()
    kept = read_record(folder / "points.json", MeasuredPoints)
    answer = answer_of(subject, loop.progress, 75.0)
    assert answer_from(kept) == answer == read_record(folder / "bisect.json", Bisection)
    assert [(change.before, change.after) for change in answer.changes] == [
        ("1.8", "1.9"),
        ("1.21", "1.22"),
    ]
    assert {"1.8", "1.22"} <= kept.runs.keys()
    assert kept.started_at == "2026-11-27T00:00:00+00:00"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (PointKind.RELEASE, "3 releases of orders; the ends first: 1.1, 1.0 and 1.2"),
        (PointKind.PYTHON, "3 Pythons; the ends first: 1.1, 1.0 and 1.2"),
    ],
)
def test_the_first_line_names_the_ends(kind: PointKind, said: str) -> None:
    points = (Point("1.0"), Point("1.1"), Point("1.2"))

    search = Listed(Subject("shop", "orders", kind), Progress(points, Ends(1, 0, 2)))

    assert opening(search) == said


@pytest.mark.parametrize("seed", range(6))
def test_both_searches_side_by_side_take_no_more_points_than_two_binary_ones(seed: int) -> None:
    """On idle cores a search measured what it might need: orjson's 118 releases took 17 points."""
    draw = random.Random(seed)
    count = draw.randint(8, 200)
    first, bad, mended = sorted(draw.sample(range(1, count), 3))
    points = tuple(Point(f"2.{1000 + index}") for index in range(count))
    driver = KnownPoints(range(1000 + first, 1000 + mended))
    ends = Ends(bad, 0, count - 1)
    loop = BisectLoop(Progress(points, ends), driver, PointSlots(2, False), lambda _: None)

    asyncio.run(loop.run())

    measured = set(loop.progress.measured)
    for span in loop.progress.spans():
        assert len(measured & set(span.order)) <= ceil(log2(len(span.order))) + 2
    assert {first - 1, first, mended - 1, mended} <= measured
    assert driver.most == 2


def test_points_that_cannot_be_measured_are_known_before() -> None:
    points = (Point("1.0"), Point("1.1", fault="it needs Python >=3.9"), Point("1.2"))
    chosen = bisect_settings({"PACKAGE": "orders"})
    spec = AppSpec(Path("lab.toml"), "shop")

    listed = listed_as(chosen, spec, Progress(points, Ends(2, 0, None)), ())

    assert listed.progress.unknown == {1: "it needs Python >=3.9"}
    assert listed.subject == Subject("shop", "orders", PointKind.RELEASE)
