"""How large a run may be, so that it is read in seconds and with bounded memory.

What a stranger's folder holds beyond these is refused, so a run of the lab must not grow beyond
them: its plan is held to them before anything is measured, and its raw files while it goes on.
"""

from lab.units import MIB

MOST_VARIANTS = 300
"""Variants of a run; all of compose.yaml are 75, and each costs its share of a figure."""
MOST_RAW_FILES = 1_000
"""The most raw files of a run; each costs its share of the figure and of the verdict."""
MOST_RAW_BYTES = 40 * MIB
"""The most bytes of all raw files of a run; the 75 variants of the lab have 4 MiB."""
MOST_ASKED_BLOCKS = 1_000
"""The most blocks that may be asked for of a trial."""
MOST_BLOCKS = 3 * MOST_ASKED_BLOCKS
"""The most blocks of a trial, which goes on to three times the load that is asked for."""
MOST_WORKERS = 64
"""The most worker processes of a server."""

MOST_PLANNED_TRIALS = 600
"""The most planned trials of a run; the raw files left are for those that are repeated."""
MOST_WRITTEN_BYTES = 38 * MIB
"""Shared by the raw files that a run writes; what is left has room for the first and the last line
of each trial, which are written whatever its share is."""

RECORDS_SHARE = 0.75
"""The share of a raw file for blocks and troughs, by which is judged. The rest is for
samples, of which some are left out where there is not room for all."""

TRIAL_BYTES, BLOCK_BYTES, PROCESS_BYTES = 4_000, 1_500, 450
"""What a raw file has at least: of itself, for each block, and for each process in each block. In
the kept runs a block and its trough are 2,000 B with one worker, and its samples come on top."""


def expected_bytes(blocks: int, workers: int) -> int:
    """The least that the raw file of one trial will have."""
    return TRIAL_BYTES + (blocks + 2) * (BLOCK_BYTES + workers * PROCESS_BYTES)
