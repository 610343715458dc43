"""What the lab costs, on its page and in the README, is what the benches wrote."""

import json
from collections.abc import Iterable
from statistics import median
from typing import Any

from support.documents import PAGES, range_text, rows
from support.quoted_runs import RUNS

README = PAGES["README"]
BENCHES = [json.loads((RUNS / name).read_bytes()) for name in ("bench.json", "bench-slower.json")]
"""What `make bench` wrote on two machines, in the order of their columns."""


def range_of(values: Iterable[float], digits: int = 0) -> str:
    return range_text([f"{value:.{digits}f}" for value in values])


def cost_column(bench: Any) -> list[str]:
    """What `make bench` wrote on one machine, as the first table of the page says it."""

    def each(name: str, digits: int = 0) -> str:
        return range_of((run[name] for run in bench["core"]), digits)

    reports = " / ".join(f"{seconds:.1f}" for seconds in bench["report_seconds"].values())
    return [
        f"{bench['hello']['keep-alive']['ratio']:.2f}",
        f"{bench['hello']['close']['ratio']:.2f}",
        each("lab_to_servers_cpu", 3),
        each("reported_peak_to_kernel_peak", 2),
        f"{reports} s",
        each("measuring_to_floor", 2),
        f"{each('measuring_seconds')} s measuring, {each('wall_seconds')} s in all",
    ]


def cpu_column(bench: Any) -> list[str]:
    """Seconds of CPU on one machine, as the second table of the page says them."""
    runs = bench["core"]
    parts = ("driver", "dockerd", "containerd", "haproxy")
    return [
        range_of(run["servers_cpu_seconds"] for run in runs),
        *(range_of((run["lab_cpu_seconds"][part] for run in runs), 1) for part in parts),
    ]


def test_the_cost_is_what_the_bench_wrote() -> None:
    costs = rows(PAGES["cost"], "| measured side by side")
    seconds = rows(PAGES["cost"], "| | one | a slower one |")

    assert [len(bench["core"]) for bench in BENCHES] == [3, 3]
    for column, bench in enumerate(BENCHES, start=1):
        assert [row[column] for row in costs] == cost_column(bench)
        assert [row[column] for row in seconds] == cpu_column(bench)
        assert bench["date"][:10] in PAGES["cost"]


def test_the_cost_that_the_readme_quotes_is_of_both_machines() -> None:
    runs = [run for bench in BENCHES for run in bench["core"]]
    quoted = range_of((run["lab_to_servers_cpu"] for run in runs), 3)

    assert f"{quoted} of the servers' CPU" in README


def test_the_times_of_answers_are_what_their_bench_wrote() -> None:
    answers = json.loads((RUNS / "bench-answers.json").read_bytes())["answers"]
    ways = [answers["now"], answers["sequential"]]
    slow = [sorted(a["seconds"] for n, a in way.items() if n.startswith("slow-")) for way in ways]
    fast = [
        sorted(a["seconds"] for n, a in way.items() if not n.startswith("slow-")) for way in ways
    ]
    equal = [n for n, a in ways[0].items() if a["verdict"] == ways[1][n]["verdict"]]
    cells = [row[:3] for row in rows(PAGES["cost"], "| seconds")]

    assert [(len(each), len(late)) for each, late in zip(fast, slow, strict=True)] == [(30, 3)] * 2
    assert cells[0][1:] == [
        f"{median(each):.0f} / {each[28]:.0f} / {each[-1]:.0f}" for each in fast
    ]
    assert cells[1][1:] == [f"{each[0]:.0f} / {each[-1]:.0f}" for each in slow]
    assert f"equal in {len(equal)} of {len(ways[0])} apps" in " ".join(PAGES["cost"].split())
