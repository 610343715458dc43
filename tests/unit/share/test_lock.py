import pytest
from lab.share.lock import hashes_of, lock_of, pins_of

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
COMPILED = f"""\
flask==2.2.5 \\
    --hash={TWO} \\
    --hash={ONE}
typing-extensions==4.7.1 \\
    --hash={ONE}
"""


def test_every_package_has_the_hashes_of_the_index_in_a_fixed_order() -> None:
    pins = pins_of({"typing_extensions": "4.7.1", "Flask": "2.2.5", "pip": "23"})

    lock = lock_of(pins, hashes_of(COMPILED), "3.8.18")

    assert lock.text.splitlines()[1:] == [
        f"Flask==2.2.5 --hash={ONE} --hash={TWO}",
        f"typing_extensions==4.7.1 --hash={ONE}",
    ]
    assert lock.said == "2 packages, each with the hashes that the index has."


def test_what_the_index_has_not_stands_in_a_comment() -> None:
    lock = lock_of({"Flask": "2.2.5", "shop": "1.0"}, hashes_of(COMPILED), "3.8.18")

    assert lock.text.splitlines()[2] == "# not on the index: shop==1.0"
    assert lock.said == "2 packages with hashes, except those that the index does not have: shop."


def test_without_an_index_there_are_versions_alone() -> None:
    lock = lock_of({"Flask": "2.2.5"}, {}, "3.8.18")

    assert lock.text.splitlines()[1:] == ["Flask==2.2.5"]
    assert lock.said == "1 package with versions alone, as no index answered."


@pytest.mark.parametrize(
    "packages", [{"a b": "1"}, {"a": "1 --hash=x"}, {"-r": "1"}, {"a": "1\nb"}, {"": "1"}]
)
def test_a_name_that_is_none_is_no_line(packages: dict[str, str]) -> None:
    assert pins_of(packages) == {}


@pytest.mark.parametrize(
    "python", ["3.8\n--index-url http://x", "3.8\u2028evil", "3.8\r-r x", "x" * 999]
)
def test_a_strangers_python_adds_no_line(python: str) -> None:
    text = lock_of({"flask": "2.0"}, {}, python).text

    assert [line for line in text.splitlines() if not line.startswith(("#", "flask=="))] == []
    assert len(text) < 200
