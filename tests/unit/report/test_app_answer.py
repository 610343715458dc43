"""To which project a growth is reported."""

import pytest
from lab.causes.holders import HolderFinding
from lab.records.holders import CodeKind, Holder, Owner, Package
from lab.report.app_answer import reported_package

ASKED, HOLDS = Package("orjson", "3.9.0", None), Package("uvicorn", "0.30.6", None)


def held_by(owner: Owner | None) -> HolderFinding:
    holder = Holder("x.HISTORY", "list", 0, 6000, 12 << 20, "dict", None, owner=owner)
    return HolderFinding(holders=(holder,), package=ASKED, requests=6000)


@pytest.mark.parametrize(
    ("finding", "package"),
    [
        (held_by(Owner(CodeKind.PACKAGE, "uvicorn.server", HOLDS, False)), HOLDS),
        (held_by(Owner(CodeKind.APP, "app", None, True)), None),
        (held_by(Owner(CodeKind.LIBRARY, "threading", None, False)), ASKED),
        (held_by(None), ASKED),
        (HolderFinding(package=ASKED), ASKED),
    ],
    ids=["a package holds it", "the app holds it", "the library", "no owner known", "no holder"],
)
def test_who_holds_it_comes_before_who_asked_for_it(
    finding: HolderFinding, package: Package | None
) -> None:
    assert reported_package(finding) == package
