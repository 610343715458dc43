"""How to read a report: its words, each explained once."""

READING = (
    (
        "flat",
        "The troughs stay where the baseline was: nothing is kept that matters.",
    ),
    (
        "bounded",
        "Memory grew and then held still: it is kept for reuse, and more requests of this kind "
        "do not add to it.",
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
        "The baseline is read after warm-up, before the load. A trough is the reading at the end "
        "of the quiet after each block of load. Settled is the last trough. All are what "
        "`docker stats` prints: usage without inactive page cache; of local processes, PSS "
        "without the pages of files.",
    ),
    (
        "growth",
        "Settled minus baseline. Growth a request is the constant part of a leak, else "
        "the slope over the second half of the troughs, with its interval, against completed "
        "requests.",
    ),
    (
        "peak",
        "The kernel's own high-water mark. It counts page cache, which baseline and settled leave "
        "out, so it can stand above them by the size of files that were read.",
    ),
    (
        "predicted, ratio",
        "What was computed before any load; the measured result plays no part in it. The ratio is "
        "measured growth over predicted growth, shown where 1 MiB or more was predicted.",
    ),
    (
        "stand-in",
        "A base image made from Debian packages and an existing CPython build, used where no "
        "registry answered. It has the same minor version of Python, but not the official "
        "image's build options.",
    ),
    ("–", "Not measured. It never means zero."),  # noqa: RUF001
)
