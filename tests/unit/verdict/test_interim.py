"""What a trial says before its end."""

import pytest
from builders import raw
from lab.records.trial import Trial
from lab.verdict.interim import standing


def begun(*gained_kib: int) -> Trial:
    """Blocks of 125 requests, after each of which memory has gained so much; not yet at its end."""
    gained_mib = [gained / 1024 for gained in (0, *gained_kib)]
    return raw.grown_trial(gained_mib, lambda *_: None, end=None)


def test_the_first_blocks_say_nothing() -> None:
    assert standing(begun(100, 200, 300)) == "too early to say"


@pytest.mark.parametrize(
    ("gained_kib", "said"),
    [
        ((125, 250, 375, 500), "leans to leak"),
        ((10, 11, 10, 11), "leans to flat"),
        ((0, 500, 100, 600), "still open"),
    ],
)
def test_the_line_of_a_few_blocks_leans(gained_kib: tuple[int, ...], said: str) -> None:
    assert standing(begun(*gained_kib)).endswith(f" in 500 requests, {said}")


def test_from_eight_blocks_on_it_is_the_verdict() -> None:
    even = [12_500 * (block + 1) for block in range(12)]

    assert standing(begun(*even)) == (
        "+100 KiB a request (100 KiB to 100 KiB) in 1,500 requests, leans to leak"
    )
