import json
from dataclasses import fields, is_dataclass, replace
from typing import Any

import lab.records.summary
import pytest
from builders import factories
from builders.made import claims_summary
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from lab.records import app_answer, claims, judgement
from lab.records.codec import decode
from lab.report.render import summary_json
from support.paths import ROOT

SCHEMA = json.loads((ROOT / "scripts/lab/records/summary.schema.json").read_text("utf-8"))


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
            [factories.unmeasured()], missing=(factories.missing(),), partial=True, exit_code=3
        ),
        claims_summary(),
        factories.own_summary(),
    ],
    ids=["core", "empty", "unmeasured", "claims", "own"],
)
def test_a_summary_fits_the_schema(summary: lab.records.summary.Summary) -> None:
    Draft202012Validator(SCHEMA).validate(json.loads(summary_json(summary)))


def test_a_field_that_is_not_in_the_contract_is_refused() -> None:
    written = json.loads(summary_json(factories.core_summary()))
    written["variants"][0]["memory_bytes"]["surprise"] = 1

    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(written)


def test_every_property_is_described() -> None:
    assert [each for each in _properties(SCHEMA) if not each.get("description")] == []


def test_the_schema_names_each_field_of_the_records() -> None:
    modules = (app_answer, claims, judgement, lab.records.summary)
    records = [each for module in modules for each in vars(module).values() if is_dataclass(each)]
    text = json.dumps(SCHEMA)
    written = {field.name for each in records for field in fields(each)}
    assert [name for name in sorted(written) if f'"{name}"' not in text] == []


def test_the_json_is_stable_and_ends_with_a_newline() -> None:
    variant = factories.variant_summary()
    turned = replace(variant, versions=dict(reversed(variant.versions.items())))

    first = summary_json(factories.summary([variant]))

    assert first == summary_json(factories.summary([turned]))
    assert first.endswith("}\n")


def test_a_summary_with_claims_comes_back_as_it_was() -> None:
    summary = claims_summary()

    assert decode(lab.records.summary.Summary, json.loads(summary_json(summary))) == summary
