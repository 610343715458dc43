import time
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
from builders import factories, memory_curves
from lab.records.curve import MemoryCurve
from lab.report.curves import grid, render_svg
from lab.report.lines import MOST_DRAWN_POINTS, downsample
from lab.units import MIB

SVG = "{http://www.w3.org/2000/svg}"


def test_downsampling_keeps_the_extremes() -> None:
    values = np.sin(np.arange(5000) / 7.0)
    values[1234], values[4321] = 9.0, -9.0

    picked = downsample(values)

    assert len(picked) <= MOST_DRAWN_POINTS
    assert {1234, 4321} <= set(picked.tolist())


@pytest.mark.parametrize("count", [0, 1, 2, 240, 241, 1000])
def test_downsampling_stays_in_range_and_in_order(count: int) -> None:
    picked = downsample(np.arange(count, dtype=float)).tolist()

    assert picked == sorted(set(picked))
    assert all(0 <= index < count for index in picked)


def test_a_core_suite_is_a_matrix_of_pythons_and_arms() -> None:
    assert grid(factories.core_variants()) == tuple(
        (column, row) for row in range(4) for column in range(3)
    )


def test_other_names_flow() -> None:
    assert grid(factories.many_variants(5)) == ((0, 0), (1, 0), (2, 0), (0, 1), (1, 1))


def test_every_variant_has_a_panel_with_its_verdict_and_its_number() -> None:
    summary = factories.core_summary()
    root = ElementTree.fromstring(render_svg(summary, memory_curves.curves(summary.variants)))
    panels = [each for each in root.iter(f"{SVG}g") if "panel" in each.get("class", "").split()]
    titles = [panel.findtext(f"{SVG}title") for panel in panels]

    assert len(titles) == 12
    assert "py37-fastapi-sync: bounded, +2,991 MiB" in titles


def test_the_standalone_picture_has_its_own_dark_and_light() -> None:
    summary = factories.core_summary()

    assert "prefers-color-scheme: dark" in render_svg(summary, ())
    assert "<style>" not in render_svg(summary, (), standalone=False)


def test_a_gap_breaks_the_line() -> None:
    variant = factories.variant_summary()
    curve = memory_curves.curve(variant, points=100)
    seconds = tuple(time + (60 if index >= 50 else 0) for index, time in enumerate(curve.seconds))
    svg = render_svg(factories.summary([variant]), [replace(curve, seconds=seconds)])
    (line,) = [p for p in ElementTree.fromstring(svg).iter() if p.get("class") == "line"]

    assert line.get("d", "").count("M") == 2


def test_a_pause_of_the_lab_does_not_break_the_line() -> None:
    variant = factories.variant_summary()
    curve = memory_curves.curve(variant, points=100)
    seconds = tuple(time + (60 if index >= 50 else 0) for index, time in enumerate(curve.seconds))
    paused = replace(curve, seconds=seconds, watched_seconds=curve.seconds)
    svg = render_svg(factories.summary([variant]), [paused])
    (line,) = [p for p in ElementTree.fromstring(svg).iter() if p.get("class") == "line"]

    assert line.get("d", "").count("M") == 1


def test_a_prediction_far_above_the_scale_is_named() -> None:
    variant = factories.variant_summary(growth=MIB, predicted=5000 * MIB)

    svg = render_svg(factories.summary([variant]), memory_curves.curves([variant]))

    assert "predicted 5,024 MiB ↑" in svg


def test_nothing_measured_is_said() -> None:
    assert "nothing was measured" in render_svg(factories.summary(), ())


def test_hostile_names_are_escaped() -> None:
    variant = factories.variant_summary("</svg><script>\x00")
    svg = render_svg(factories.summary([variant]), ())

    assert "script" not in {
        each.tag.rpartition("}")[2] for each in ElementTree.fromstring(svg).iter()
    }


def test_two_hundred_variants_take_no_time() -> None:
    variants = factories.many_variants(200)
    (made,) = memory_curves.curves(variants[-1:], 1000)
    curves = [replace(made, variant=variant.name) for variant in variants]
    began = time.process_time()
    render_svg(factories.summary(variants), curves)
    assert time.process_time() - began < 2.0


def test_many_panels_have_each_a_scale_of_memory_of_their_own() -> None:
    few, many = factories.many_variants(24), factories.many_variants(25)

    assert render_svg(factories.summary(few), memory_curves.curves(few)).count('class="y"') < 8 * 6
    drawn = render_svg(factories.summary(many), memory_curves.curves(many))
    assert drawn.count('class="y"') >= 25 * 2
    assert "25 panels, each on its own scale." in drawn


def drawn_line(curve: MemoryCurve, **options: bool) -> ElementTree.Element:
    variant = factories.variant_summary(growth=100 * MIB)
    svg = render_svg(factories.summary([variant]), [curve], **options)
    return next(each for each in ElementTree.fromstring(svg).iter() if each.get("class") == "line")


def test_the_page_has_what_a_pointer_reads_and_the_picture_has_not() -> None:
    variant = factories.variant_summary(growth=100 * MIB)
    curve = replace(
        memory_curves.curve(variant),
        block_spans_seconds=((0.04, 18.0), (30.0, 48.0)),
        block_ok=(125, 120),
    )

    assert drawn_line(curve, standalone=False).get("data-blocks") == "0.0 18.0 125 30.0 48.0 120"
    assert drawn_line(curve).get("data-blocks") is None
    svg = render_svg(factories.summary([variant]), [curve], standalone=False)
    root = ElementTree.fromstring(svg)
    (panel,) = [each for each in root.iter() if each.get("data-top")]
    assert root.get("data-seconds") == "0.0 240.0"
    assert int(panel.get("data-top", "")) > 100 * MIB


def test_a_curve_without_counts_is_drawn_all_the_same() -> None:
    curve = replace(memory_curves.curve(factories.variant_summary()), block_ok=())

    assert drawn_line(curve, standalone=False).get("data-blocks") is None


def test_without_a_script_each_trough_says_what_it_is() -> None:
    variant = factories.variant_summary(growth=100 * MIB)
    svg = render_svg(
        factories.summary([variant]), memory_curves.curves([variant]), standalone=False
    )
    dots = [each for each in ElementTree.fromstring(svg).iter(f"{SVG}circle") if len(each)]
    titles = [dot.findtext(f"{SVG}title") for dot in dots]

    assert len(titles) == 9
    assert titles[0] == "Baseline: 24.0 MiB"
    assert titles[8] == "Trough after block 8: 124 MiB, 1,000 requests"
