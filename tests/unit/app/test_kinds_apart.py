"""Each kind of request alone."""

from pathlib import Path

from lab.app.kinds_apart import each_alone, kinds_apart
from lab.app.services import services
from lab.app.spec import AppSpec, RequestProtocol, RequestSpec

READ, WRITE = RequestSpec(path="/a", weight=3), RequestSpec(method="POST", path="/b")
SILENT = RequestSpec(kind=RequestProtocol.TCP)


def spec(*requests: RequestSpec, count: int = 4000) -> AppSpec:
    file = Path("/app/lab.toml")
    return AppSpec(file, "shop", command="serve", requests=requests, count=count)


def test_each_kind_has_a_run_of_its_own_with_part_of_the_load() -> None:
    alone = each_alone(spec(READ, SILENT, WRITE))
    assert [(each.suffix, each.kind, each.share) for each in alone] == [
        ("only-1", "GET /a", 0.6),
        ("only-3", "POST /b", 0.2),
    ]
    assert [each.description.requests for each in alone] == [(READ,), (WRITE,)]
    assert {each.description.count for each in alone} == {1000}
    assert {each.description.count for each in each_alone(spec(READ, WRITE, count=800))} == {400}


def test_a_single_kind_needs_no_run_alone() -> None:
    assert each_alone(spec(READ)) == ()
    assert "own-shop-only-1" not in services(spec(READ), (), None)


def test_the_kinds_with_the_largest_shares_are_run() -> None:
    many = [RequestSpec(path=f"/{n}", weight=n) for n in range(1, 9)]
    assert [each.kind for each in each_alone(spec(*many))] == [f"GET /{n}" for n in range(3, 9)]


def test_each_is_a_service_of_the_compose_file_with_a_fixed_load() -> None:
    made = services(spec(READ, WRITE), (), None)
    apart = kinds_apart(spec(READ, WRITE), "own-shop")

    assert len(apart) == 2
    for each in apart:
        assert made[each.variant]["labels"]["lab.exact"] == "yes"
        assert made[each.variant]["labels"]["lab.requests"] == "1000"
