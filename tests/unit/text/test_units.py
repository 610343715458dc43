import pytest
from lab.text.units import MIB, format_mib, format_rate


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0.0 MiB"),
        (int(0.4 * MIB), "0.4 MiB"),
        (16_000_000, "15.3 MiB"),
        (1220 * MIB, "1,220 MiB"),
        (-3 * MIB, "-3.0 MiB"),
        (-1, "0.0 MiB"),
    ],
)
def test_bytes_as_mib(size_bytes: int, text: str) -> None:
    assert format_mib(size_bytes) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [(0, "0 B"), (-12.4, "-12 B"), (2048, "2.0 KiB"), (0.26 * MIB, "0.26 MiB")],
)
def test_a_rate_in_the_unit_that_suits(rate: float, text: str) -> None:
    assert format_rate(rate) == text
