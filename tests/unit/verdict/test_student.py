"""The quantile of Student's t against values that scipy gave."""

import pytest
from lab.verdict.student import CONFIDENCE, central_probability, quantile

# sqrt(n * (1 - x) / x), x = scipy.special.betaincinv(n / 2, 0.5, 0.05), of scipy 1.15.3; its
# stdtrit is off by up to 4e-11, as n = 1 and n = 2 show, which have a formula.
RECORDED = {
    1: 12.706204736174705,
    2: 4.302652729749464,
    3: 3.182446305283709,
    4: 2.776445105197794,
    5: 2.5705818356363155,
    6: 2.44691185114497,
    7: 2.3646242515927844,
    8: 2.306004135204166,
    9: 2.262157162798206,
    10: 2.228138851986275,
    15: 2.1314495455597764,
    16: 2.119905299221254,
    30: 2.0422724563012378,
    31: 2.0395134463964086,
    32: 2.0369333434601016,
    46: 2.01289559891943,
    95: 1.9852510035054973,
    100: 1.983971518523551,
    997: 1.9623462360894501,
    998: 1.9623438462163438,
    10000: 1.9602012398905324,
}


@pytest.mark.parametrize(("degrees", "recorded"), RECORDED.items())
def test_quantiles_are_those_that_scipy_gave(degrees: int, recorded: float) -> None:
    assert quantile(degrees) == pytest.approx(recorded, rel=1e-12)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 33, 100, 998])
def test_the_confidence_lies_between_the_quantiles(degrees: int) -> None:
    assert central_probability(quantile(degrees), degrees) == pytest.approx(CONFIDENCE, abs=1e-14)


def test_quantiles_fall_towards_the_normal_distributions() -> None:
    quantiles = [quantile(degrees) for degrees in range(1, 60)]

    assert quantiles == sorted(quantiles, reverse=True)
    assert quantile(10_000) == pytest.approx(1.96, abs=0.001)


def test_two_points_have_no_interval() -> None:
    with pytest.raises(ValueError, match="0 degrees"):
        quantile(0)
