"""`summary.json` follows its published schema, which is generated from the records."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from builders import app_answers, factories
from builders.made import claims_summary
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from lab.errors import ExitCode
from lab.records.codec import ShapeError, decode
from lab.records.judgement import Interval, Verdict
from lab.records.numbers import Count
from lab.records.schema import DOCUMENTS, record_schema, schema_text
from lab.records.summary import Summary
from lab.report.render import summary_json
from support.paths import ROOT

PUBLISHED = ROOT / "scripts/lab/records/summary.schema.json"
SCHEMA = json.loads(PUBLISHED.read_text("utf-8"))


def _properties(node: Any) -> list[dict[str, Any]]:
    """Every property of every object in the schema."""
    if isinstance(node, list):
        return [found for each in node for found in _properties(each)]
    if not isinstance(node, dict):
        return []
    own = list(node["properties"].values()) if "properties" in node else []
    return own + [found for each in node.values() for found in _properties(each)]


def test_the_schema_itself_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "summary",
    [
        factories.core_summary(),
        factories.summary(),
        factories.summary(
            [factories.unmeasured()],
            missing=(factories.missing(),),
            partial=True,
            exit_code=ExitCode.INCOMPLETE,
        ),
        claims_summary(),
        app_answers.own_summary(),
    ],
    ids=["core", "empty", "unmeasured", "claims", "own"],
)
def test_a_summary_fits_the_schema(summary: Summary) -> None:
    Draft202012Validator(SCHEMA).validate(json.loads(summary_json(summary)))


def test_a_field_that_is_not_in_the_contract_is_refused() -> None:
    written = json.loads(summary_json(factories.core_summary()))
    written["variants"][0]["memory_bytes"]["surprise"] = 1

    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(written)


def test_every_property_is_described() -> None:
    assert [each for each in _properties(SCHEMA) if not each.get("description")] == []


def test_the_published_schema_is_the_one_that_the_records_give() -> None:
    for name in DOCUMENTS:
        file = PUBLISHED.with_name(f"{name}.schema.json")
        renew = f"PYTHONPATH=scripts python3 -m lab schema {name} > {file.relative_to(ROOT)}"
        assert file.read_text("utf-8") == schema_text(name), f"renew it: {renew}"


@dataclass(frozen=True)
class EveryField:
    """Each kind of field."""

    count: Count | None
    """A count;
    None: not known."""
    numbers: Mapping[str, int | float | bool | None]
    """By name."""
    verdicts: tuple[Verdict, ...]
    """In order."""
    interval: Interval | None
    """Around it."""


def test_a_schema_has_the_types_and_docstrings_of_the_fields() -> None:
    assert record_schema(EveryField)["properties"] == {
        "count": {
            "description": "A count; null: not known.",
            "type": ["integer", "null"],
            "minimum": 0,
        },
        "numbers": {
            "description": "By name.",
            "type": "object",
            "additionalProperties": {"type": ["number", "boolean", "null"]},
        },
        "verdicts": {
            "description": "In order.",
            "type": "array",
            "items": {"$ref": "#/$defs/Verdict"},
        },
        "interval": {
            "description": "Around it.",
            "anyOf": [{"$ref": "#/$defs/Interval"}, {"type": "null"}],
        },
    }


@dataclass(frozen=True)
class Undescribed:
    """A field without a docstring."""

    described: int
    """This one."""
    bare: int


def test_a_field_without_a_docstring_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Undescribed has fields without a docstring: \['bare'\]"):
        record_schema(Undescribed)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("run", "exit_code"), 4),
        (("run", "host", "cpus"), -1),
        (("variants", 0, "verdict"), "happy"),
        (("variants", 0, "axes", "python"), None),
        (("variants", 0, "trials", 0, "end"), "happy"),
        (("variants", 0, "requests", "failures"), {"reset": -1}),
    ],
    ids=str,
)
def test_the_schema_and_the_codec_refuse_the_same(path: tuple[Any, ...], value: Any) -> None:
    written = json.loads(summary_json(factories.core_summary()))
    part = written
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value

    assert not Draft202012Validator(SCHEMA).is_valid(written)
    with pytest.raises(ShapeError):
        decode(Summary, written)


def test_the_json_is_stable_and_ends_with_a_newline() -> None:
    variant = factories.variant_summary()
    turned = replace(variant, versions=dict(reversed(variant.versions.items())))

    first = summary_json(factories.summary([variant]))

    assert first == summary_json(factories.summary([turned]))
    assert first.endswith("}\n")


def test_a_summary_with_claims_comes_back_as_it_was() -> None:
    summary = claims_summary()

    assert decode(Summary, json.loads(summary_json(summary))) == summary
