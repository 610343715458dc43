"""How to read a report: its words, each explained once."""

READING = (
    (
        "flat",
        "The troughs stay near the baseline: growth is below what counts as growth.",
    ),
    (
        "bounded",
        "Memory grew and then stayed stable: it is retained for reuse, and more requests of this "
        "kind do not add to it.",
    ),
    (
        "leak",
        "Memory still grew with each block when the load ended: more requests mean more memory.",
    ),
    (
        "inconclusive",
        "The readings do not allow a verdict; the reason says what was in the way. "
        "It is neither good nor bad news.",
    ),
    (
        "baseline, trough, settled",
        "The load is sent in equal blocks, and a cooldown without load follows each of them. The "
        "baseline is memory after warm-up, before the first block. A trough is memory at the end "
        "of a cooldown, and settled is the last trough. All three are what `docker stats` prints: "
        "usage without inactive page cache; for local processes, PSS without the pages of files.",
    ),
    (
        "growth",
        "Settled minus baseline. Growth a request has its interval in brackets: for a leak it is "
        "the part that does not slow down, otherwise the slope over the second half of the "
        "troughs, against completed requests. The sentences on a verdict leave out page cache in "
        "active use, too, so their numbers can be smaller than those of the table.",
    ),
    (
        "peak",
        "The kernel's own high-water mark. It counts page cache, which baseline and settled leave "
        "out, so it can be higher than they are by the size of the files that were read.",
    ),
    (
        "predicted, ratio",
        "Predicted growth is computed before any load, so the measured result plays no part in "
        "it. The ratio is measured growth over predicted growth, where 1 MiB or more was "
        "predicted.",
    ),
    (
        "stand-in",
        "A base image made from Debian packages and an existing CPython build, used where no "
        "registry answered. Its Python has the same minor version as the official image, but not "
        "the same build options.",
    ),
    ("–", "Not measured. It never means zero."),  # noqa: RUF001
)
