"""claims.toml to records, with the rules of each statement."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lab.claims.quantities import QUANTITIES
from lab.claims.records import PUBLISHED, ClaimBook, ClaimRecord, OutcomeRule, TopicRecord
from lab.claims.rules import ClaimRule, RuleError, parse
from lab.claims_file import CLAIMS_FILE, read_claims_file
from lab.records.judgement import Outcome


@cache
def read_claims(path: Path = CLAIMS_FILE) -> ClaimBook:
    """The statements and questions of the file.

    Raises:
        RuleError: a record of it cannot be used.
    """
    document = read_claims_file(path)
    bounds = parsed(document["bounds"], {})
    claims = tuple(claim_record(item, bounds) for item in document["claims"])
    if wrong := [fault for record in claims for fault in faults(record)]:
        raise RuleError(f"{path.name}: {wrong[0]}")
    topics = tuple(
        TopicRecord(item["question"], dict(item["positions"])) for item in document["topics"]
    )
    return ClaimBook(claims, topics)


def parsed(texts: Mapping[str, object], earlier: Mapping[str, ClaimRule]) -> dict[str, ClaimRule]:
    """Terms in their order; a later one may name an earlier one."""
    rules = dict(earlier)
    for name, text in texts.items():
        rules[name] = parse(str(text), rules)
    return rules


def claim_record(item: Mapping[str, Any], bounds: Mapping[str, ClaimRule]) -> ClaimRecord:
    terms = parsed(item.get("terms", {}), bounds)
    return ClaimRecord(
        id=item["id"],
        statement=item["statement"],
        roles=item["variants"],
        beside=item.get("beside", {}),
        differs=item["differs"],
        measured=item["measured"],
        condition=item["condition"],
        outcomes=tuple(
            OutcomeRule(outcome, parse(item[word]["when"], terms), item[word]["because"])
            for outcome in Outcome
            if (word := outcome.value) in item
        ),
        opposite=item["opposite"],
        published=item.get("published", {}),
    )


def faults(record: ClaimRecord) -> list[str]:
    """The faults of a record: an unknown role, quantity or published number."""
    variants = {**record.roles, **record.beside}
    problems = []
    for role, name in record.reads:
        if role not in variants:
            problems.append(f"{record.id}: {role!r} is not a role")
        elif name.startswith(PUBLISHED):
            if name.removeprefix(PUBLISHED) not in record.published.get(role, {}):
                problems.append(f"{record.id}: {role}.{name} is not published")
        elif name not in QUANTITIES:
            problems.append(f"{record.id}: {name!r} is not a quantity")
    ruled = {role for each in record.outcomes for role, _ in each.rule.reads}
    if beside := ruled & record.beside.keys():
        problems.append(f"{record.id}: a rule reads {min(beside)}, which is only shown as evidence")
    return problems
