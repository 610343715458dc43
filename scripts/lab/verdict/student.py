"""The quantile of Student's t that a 95 % interval needs, by degrees of freedom. Pure.

Those of short lines are written down as scipy tells them (a test compares): a run of the core suite
needs no other, and the import of scipy.special would be a twentieth of all the CPU it costs.
"""

CONFIDENCE = 0.95
# fmt: off
SHORT = (
    12.706204736432095, 4.302652729696142, 3.182446305284263, 2.7764451051977987,
    2.570581835636314, 2.4469118511449692, 2.3646242515927844, 2.306004135204166,
    2.2621571628540993, 2.2281388519649385, 2.200985160082949, 2.1788128296634177,
    2.1603686564610127, 2.1447866879169273, 2.131449545559323, 2.1199052992210112,
    2.1098155778331806, 2.10092204024096, 2.093024054408263, 2.0859634472658364,
    2.079613844727662, 2.0738730679040147, 2.0686576104190406, 2.0638985616280205,
    2.059538552753294, 2.055529438642871, 2.0518305164802833, 2.048407141795244,
    2.045229642132703, 2.0422724563012373,
)
# fmt: on
"""At 1, 2, ... degrees of freedom."""


def quantile(degrees: int) -> float:
    """How many standard errors half of the interval is.

    Raises:
        ValueError: fewer than one degree of freedom.
    """
    if degrees < 1:
        raise ValueError(f"no interval has {degrees} degrees of freedom")
    if degrees <= len(SHORT):
        return SHORT[degrees - 1]
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + CONFIDENCE) / 2))
