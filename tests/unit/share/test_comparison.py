import json
from dataclasses import replace

import pytest
from builders.app_answers import app_answer, own_summary
from builders.factories import summary, unmeasured, variant_summary
from lab.records.codec import json_text
from lab.records.judgement import Interval, Verdict
from lab.records.summary import VariantSummary
from lab.share.comparison import RunComparison, compare_runs, difference
from lab.share.comparison_text import comparison_markdown
from lab.share.differences import Difference
from lab.units import MIB


def growing(name: str, verdict: Verdict, rate: float, spread: float = 1.0) -> VariantSummary:
    interval = Interval(rate, rate - spread, rate + spread)
    return replace(
        variant_summary(name, verdict, growth=int(4000 * rate)), growth_bytes_per_request=interval
    )


def compared(before: VariantSummary, after: VariantSummary) -> RunComparison:
    return compare_runs(summary((before,)), summary((after,)))


def test_the_difference_of_two_growths_has_the_interval_of_both() -> None:
    interval = difference(Interval(100, 97, 103), Interval(10, 6, 14))

    assert interval == Interval(-90, -95, -85)


def test_an_interval_that_is_not_symmetrical_keeps_its_shape() -> None:
    interval = difference(Interval(0, 0, 3), Interval(10, 6, 10))

    assert interval == Interval(10, 5, 10)


def test_without_one_of_the_growths_there_is_no_difference() -> None:
    assert difference(None, Interval(1, 0, 2)) is None
    assert (
        compared(unmeasured("a"), growing("a", Verdict.FLAT, 1)).variants[0].surely_differs is False
    )


def test_changed_verdicts_come_first_then_what_surely_differs() -> None:
    before = summary(
        (
            growing("same", Verdict.FLAT, 1),
            growing("faster", Verdict.LEAK, 500),
            growing("mended", Verdict.LEAK, 900),
        )
    )
    after = summary(
        (
            growing("same", Verdict.FLAT, 1),
            growing("faster", Verdict.LEAK, 800),
            growing("mended", Verdict.FLAT, 1),
        )
    )

    names = [each.before.name for each in compare_runs(before, after).variants]

    assert names == ["mended", "faster", "same"]


def test_two_user_apps_of_two_names_are_one_thing() -> None:
    before = own_summary()
    other = replace(app_answer(), app="shop-mended", variant="own-shop-mended")
    after = replace(before, variants=(variant_summary("own-shop-mended", Verdict.FLAT),), own=other)

    (found,) = compare_runs(before, after).variants

    assert (found.before.name, found.after.name) == ("own-shop", "own-shop-mended")
    assert found.changes_verdict


@pytest.mark.parametrize("after_name", ["own-shop-control", "own-shop-beside"])
def test_the_control_run_of_an_older_run_is_that_of_a_newer_one(after_name: str) -> None:
    before, after = (
        replace(own_summary(), variants=(variant_summary(name, Verdict.LEAK),))
        for name in ("own-shop-beside", after_name)
    )

    comparison = compare_runs(before, after)

    (found,) = comparison.variants
    assert (found.before.name, found.after.name) == ("own-shop-beside", after_name)
    assert (comparison.only_before, comparison.only_after) == ((), ())


def test_versions_and_settings_that_differ_are_told_and_no_others() -> None:
    one = replace(variant_summary("a"), versions={"python": "3.12.1", "ujson": "5.1.0"})
    other = replace(variant_summary("a"), versions={"python": "3.12.1", "ujson": "5.3.0"})
    before, after = summary((one,)), summary((other,))
    changed = {**after.run.settings, "requests": 12, "seed": 99}
    after = replace(after, run=replace(after.run, settings=changed))

    comparison = compare_runs(before, after)

    assert comparison.variants[0].versions == (Difference("ujson", "5.1.0", "5.3.0"),)
    assert [each.what for each in comparison.differences] == ["setting requests"]


def test_locks_of_one_side_alone_and_the_names_of_a_bundles_images_are_no_difference() -> None:
    before = summary((variant_summary("a"),))
    base = replace(before.run.bases[0], image="memlab-x")
    run = replace(before.run, bases=(base,), lock_hashes={"thread": "1", "dev": "2"})
    other = replace(
        run, bases=(replace(base, image="memlab-bundle-x"),), lock_hashes={"thread": "3"}
    )

    comparison = compare_runs(replace(before, run=run), replace(before, run=other))

    assert [each.what for each in comparison.differences] == ["lock thread"]


def test_the_base_of_a_variant_that_one_side_did_not_measure_is_no_difference() -> None:
    """`make verify` leaves out the newest release, whose base stood there as not found."""
    before = summary((variant_summary("a"),))
    base = before.run.bases[0]
    newest = replace(base, image="memlab-a-newest-release")
    changed = replace(base, reference="another")
    run = replace(before.run, bases=(base, newest))

    for bases, named in (((base,), []), ((changed,), [f"base of {base.image}"])):
        after = replace(before, run=replace(run, bases=bases))
        found = compare_runs(replace(before, run=run), after).differences
        assert [each.what for each in found] == named


def test_what_one_run_has_alone_is_named() -> None:
    comparison = compare_runs(
        summary((variant_summary("a"), variant_summary("b"))),
        summary((variant_summary("b"), variant_summary("c"))),
    )

    assert (comparison.only_before, comparison.only_after) == (("a",), ("c",))
    assert "alone: `a`." in comparison_markdown(comparison)


def test_runs_without_a_common_variant_say_that_nothing_is_compared() -> None:
    comparison = compare_runs(summary((variant_summary("a"),)), summary((variant_summary("b"),)))

    assert "nothing is compared" in comparison_markdown(comparison)


def test_markdown_shows_the_change_with_its_interval() -> None:
    text = comparison_markdown(
        compared(growing("a", Verdict.LEAK, 73_000, 50), growing("a", Verdict.FLAT, 0.5, 1))
    )

    assert "**leak → flat**" in text
    assert text.splitlines()[2].startswith(
        "Of 1 common variant, 1 has another verdict, and growth a request surely differs in 1"
    )
    assert "\N{MINUS SIGN}71.3 KiB [\N{MINUS SIGN}71.3, \N{MINUS SIGN}71.2]" in text


def test_text_from_outside_stays_text() -> None:
    before = summary((replace(variant_summary("a"), versions={"x": "<b>|\n1"}),))
    after = summary((replace(variant_summary("a"), versions={"x": "2"}),))

    text = comparison_markdown(compare_runs(before, after))

    assert "<b>" not in text.replace("\\<b\\>", "")


def test_json_has_everything_and_the_same_bytes_each_time() -> None:
    found = compared(growing("a", Verdict.LEAK, 300), growing("a", Verdict.LEAK, 100))
    data = json.loads(json_text(found))

    assert data["variants"][0]["difference_bytes_per_request"]["estimate"] == -200
    assert json_text(found) == json_text(found)


@pytest.mark.parametrize("count", [60])
def test_a_large_comparison_is_cut_and_says_so(count: int) -> None:
    variants = tuple(growing(f"v{index}", Verdict.LEAK, 300 + MIB) for index in range(count))

    assert "| 20 more variants |" in comparison_markdown(
        compare_runs(summary(variants), summary(variants))
    )
