"""The counter of sizes names each limit that is broken, where, and nothing else."""

from pathlib import Path

import pytest
import sizes


def module(folder: Path, text: str, name: str = "room/module.py") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def function(lines: int, parameters: str = "") -> str:
    return f"def long({parameters}):\n" + "    x = 1\n" * (lines - 1)


def test_what_is_within_the_limits_passes_and_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module(tmp_path, "x = 1\n" * 260 + function(40, "a, b, *, c, d=1, e, f"))
    module(tmp_path, "y = 2\n", "room/short.py")
    module(tmp_path, "", "room/__init__.py")

    assert sizes.main([tmp_path]) == 0
    told = capsys.readouterr()
    assert f"{tmp_path.name}/room" in told.out
    assert [line.split()[1:] for line in told.out.splitlines()[1:2]] == [
        ["2", "301", "module.py", "300"]
    ]
    assert "1 functions: 0 above 40 lines, 0 with more than 6 parameters" in told.out
    assert told.err == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = 1\n" * 301, ": 301 lines, at most 300: split it"),
        (function(41), ":1: long has 41 lines, at most 40: split it"),
        (
            function(2, "a, b, c, d, e, f, *rest"),
            ":1: long has 7 parameters, at most 6: give them a record",
        ),
        (
            "class A:\n    async def wide(self, a, b, c, d, e, f, g): ...\n",
            ":2: wide has 7 parameters, at most 6: give them a record",
        ),
    ],
    ids=["module", "function", "parameters", "method"],
)
def test_a_broken_limit_fails_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    path = module(tmp_path, text)

    assert sizes.main([tmp_path]) == 1
    assert capsys.readouterr().err == f"sizes: {path}{reason}\n"


@pytest.mark.parametrize(
    "before",
    ["if x:\n", "try:\n    pass\nexcept E:\n", "match x:\n  case 1:\n", "class A:\n  def b():\n"],
    ids=["branch", "handler", "case", "method"],
)
def test_a_function_is_found_wherever_it_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str
) -> None:
    module(tmp_path, before + "".join(f"    {line}\n" for line in function(41).splitlines()))

    assert sizes.main([tmp_path]) == 1
    assert "long has 41 lines" in capsys.readouterr().err


def test_of_the_scripts_their_own_files_are_one_room() -> None:
    (own,) = sizes.rooms(sizes.SCRIPTS).values()

    assert sizes.SCRIPTS / "sizes.py" in [each.path for each in own]
    assert {each.path.parent for each in own} == {sizes.SCRIPTS}


def test_the_tests_are_held_to_the_same_limits() -> None:
    assert {"lab", "scripts", "apps", "tests"} == {folder.name for folder in sizes.MEASURED}
