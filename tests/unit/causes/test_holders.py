"""Who is named for a growth, and in which words."""

from dataclasses import replace

from lab.causes.holder_advice import advice_for_holder
from lab.causes.holders import holder_of, sentences, who_holds
from lab.causes.traces import line_name, merged_lines
from lab.records.holders import CalledFunction, Holder, HolderSearch, ObjectGrowth, Package
from lab.records.observations import AllocationTrace, TracedLine
from lab.share.issue_facts import NO_HOLDER

UJSON = Package("ujson", "5.1.0", "https://example.org/issues")
SESSIONS = Holder("app.SESSIONS", "dict", 1000, 7000, 12 << 20, "Session", None)
LINE = TracedLine(
    12 << 20, 6000, ("/srv/app.py:11",), calls=(CalledFunction("ujson.dumps", UJSON),)
)
SEARCH = HolderSearch((SESSIONS,), (), (), None)
TRACE = AllocationTrace("tracemalloc", 6000, 12 << 20, (LINE,), {}, SEARCH)


def said(trace: AllocationTrace) -> list[str]:
    holders = who_holds(trace)
    assert holders is not None
    return list(sentences(holders))


def test_a_container_is_named_as_code_with_its_entries_and_their_pace() -> None:
    assert said(TRACE) == [
        "app.SESSIONS (dict, 1,000 → 7,000 entries, +1.00 a request) → Session, about 12.0 MiB."
    ]


def test_a_container_that_holds_too_little_is_not_named() -> None:
    small = replace(SESSIONS, held_bytes=1 << 20)

    assert not any("SESSIONS" in line for line in said(with_search(holders=(small,))))


def test_many_containers_below_one_object_are_named_by_it() -> None:
    lists = tuple(
        Holder(f"app.shared._events['e{index}']", "list", 0, 6000, 1 << 20, "function", None)
        for index in range(10)
    )
    elsewhere = Holder("app.OTHER", "list", 0, 100, 1000, "int", None)

    assert said(with_search(holders=(*lists, elsewhere))) == [
        "app.shared._events (10 containers below it, 0 → 60,000 entries, +10.00 a request) → "
        "function, about 10.0 MiB."
    ]


def test_a_cache_says_its_limit() -> None:
    cache = Holder("app.page", "lru_cache", 0, 1500, 29 << 20, "bytes", 1500)

    assert "limit 1,500) → bytes" in said(with_search(holders=(cache,)))[0]


def test_a_lost_reference_names_the_type_the_function_and_its_package() -> None:
    lost = with_search(holders=(), lost=(ObjectGrowth("app.Row", 6000),))

    assert said(lost) == [
        "Nothing in Python refers to 6,000 objects of type app.Row: an extension took a "
        "reference and did not give it back (ujson.dumps of ujson 5.1.0)."
    ]
    holders = who_holds(lost)
    assert holders is not None
    assert holders.package == UJSON


def test_a_few_lost_objects_are_no_lost_reference() -> None:
    few = with_search(holders=(), lost=(ObjectGrowth("app.Row", 100),))

    assert not any("Nothing in Python" in line for line in said(few))


def test_a_chain_is_told_by_its_newest_object() -> None:
    chain = with_search(holders=(), examples=(ObjectGrowth("app.Link", 6000, "app.FIRST"),))

    assert said(chain) == [
        "6,000 more objects of type app.Link; the newest is reached by app.FIRST."
    ]


def test_a_few_objects_of_a_type_are_no_chain() -> None:
    """The line left 6,000 blocks: 300 tuples of the tracer's own are not what holds them."""
    line = replace(LINE, count=6000)
    few = with_search(holders=(), examples=(ObjectGrowth("builtins.tuple", 300, "app.X"),))

    assert not any("tuple" in text for text in said(replace(few, lines=(line,))))


def test_what_nobody_holds_names_the_function_that_the_line_calls() -> None:
    (sentence,) = said(with_search(holders=()))

    assert "ujson.dumps of ujson 5.1.0: an extension may have kept a reference." in sentence


def test_a_search_that_ended_early_says_so() -> None:
    assert said(with_search(limit="the search ended at 300,000 objects"))[-1] == (
        "More may hold it: the search ended at 300,000 objects."
    )


def test_a_sentence_that_names_no_holder_is_known_as_such_in_an_issue() -> None:
    nobody, limit = with_search(holders=()), "the search ended at 300,000 objects"
    lost = with_search(holders=(), lost=(ObjectGrowth("app.Row", 6000),))
    unsearched = holder_of((replace(TRACE, tracer="memray", search=None),), 2048.0)
    assert unsearched is not None

    for told in (*said(nobody), said(with_search(limit=limit))[-1], *said(lost)):
        assert told.startswith(NO_HOLDER)
    assert next(sentences(unsearched)).startswith(NO_HOLDER)
    assert not said(TRACE)[0].startswith(NO_HOLDER)


def test_a_trace_without_a_search_names_nobody() -> None:
    assert who_holds(replace(TRACE, search=None)) is None


def test_what_no_run_searched_for_is_not_told_as_held_by_nobody() -> None:
    """A probe that did not answer leaves memray's trace alone."""
    native = replace(TRACE, tracer="memray", search=None)

    holders = holder_of((native,), 2048.0)

    assert holders is not None
    assert not holders.is_unheld
    assert list(sentences(holders)) == [
        "Who holds it was not read, as no run searched Python's objects; "
        "ujson.dumps of ujson 5.1.0 asked for it."
    ]


def with_search(**changes: object) -> AllocationTrace:
    return replace(TRACE, search=replace(SEARCH, **changes))


def test_what_python_does_not_hold_at_all_is_unheld() -> None:
    nobody = who_holds(with_search(holders=()))
    somebody = who_holds(TRACE)
    early = who_holds(with_search(holders=(), limit="the search ended after 20 s"))

    assert nobody is not None
    assert nobody.is_unheld
    assert somebody is not None
    assert not somebody.is_unheld
    assert early is not None
    assert not early.is_unheld


def test_the_advice_for_a_container_is_about_that_container() -> None:
    holders = who_holds(TRACE)
    assert holders is not None

    assert advice_for_holder(holders).startswith("limit app.SESSIONS, ")


def test_the_advice_for_what_nobody_holds_names_the_package() -> None:
    holders = who_holds(with_search(holders=()))
    assert holders is not None

    advice = advice_for_holder(holders)
    assert advice.startswith("move ujson 5.1.0 ")
    assert advice.endswith(" https://example.org/issues")


PROTOBUF = Package("protobuf", "4.24.2", None)
TABLE = TracedLine(1 << 20, 1, ("/lib/python3.8/parser.py:9",))
ASKED = (CalledFunction("upb_util_HasUnsetRequired", PROTOBUF), CalledFunction("m.size", PROTOBUF))
NATIVE_LINE = TracedLine(600_000, 6000, ("/srv/app.py:11",), calls=ASKED)
MEMRAY = AllocationTrace("memray", 6000, 2 << 20, (TABLE, NATIVE_LINE), {})


def test_native_memory_names_the_function_that_asked_with_each_request() -> None:
    little = replace(with_search(holders=()), allocated_bytes=0, lines=())
    holder = holder_of([little, MEMRAY], growth_per_request=100.0)
    assert holder is not None

    assert holder.culprit == PROTOBUF
    assert list(sentences(holder)) == [
        "Nothing in Python holds it: upb_util_HasUnsetRequired of protobuf 4.24.2 asked for it, "
        "called by m.size."
    ]


def test_the_function_is_that_of_the_place_that_is_named_first() -> None:
    """pydantic builds validators by many ways of one line, and serializers by one way of another,
    which alone left more than each of those: the answer named that line and this function."""

    def called(function: str, line: str, led: str, size: int) -> TracedLine:
        return TracedLine(size, 6000, (line, led), calls=(CalledFunction(function, PROTOBUF),))

    lines = (
        called("core.Serializer", "/srv/types.py:209", "/srv/app.py:1", 600_000),
        called("core.Validator", "/srv/types.py:49", "/srv/app.py:2", 400_000),
        called("core.Validator", "/srv/types.py:49", "/srv/app.py:3", 500_000),
    )
    holder = holder_of([replace(MEMRAY, lines=lines)], growth_per_request=100.0)

    assert line_name(merged_lines(lines)[0]) == "/srv/types.py:49"
    assert holder is not None
    assert holder.called == CalledFunction("core.Validator", PROTOBUF)


def test_a_container_comes_before_who_asked_malloc() -> None:
    holder = holder_of([TRACE, MEMRAY], growth_per_request=100.0)

    assert holder == who_holds(TRACE)


def test_what_python_counts_and_does_not_hold_has_the_native_name_too() -> None:
    holder = holder_of([with_search(holders=()), MEMRAY], growth_per_request=100.0)
    assert holder is not None

    assert next(sentences(holder)).startswith("Nothing in Python holds it: upb_util_HasUnset")
    assert holder.culprit == UJSON


def test_a_native_trace_alone_names_the_package_of_the_line() -> None:
    stripped = replace(NATIVE_LINE, calls=(), package=PROTOBUF)
    holder = holder_of([replace(MEMRAY, lines=(stripped,))], growth_per_request=100.0)
    assert holder is not None

    assert holder.culprit == PROTOBUF
    assert holder_of([], growth_per_request=100.0) is None
