"""Which tests run side by side with `--dist loadscope`, as `make test` has it."""

from xdist.scheduler import LoadScopeScheduling

REAL_TESTS = "tests/integration/"
SHARING = frozenset({"test_bundles.py", "test_docker_engine.py", "test_gate.py"})
"""Files of real tests that share what one of them starts."""


class ScopeScheduling(LoadScopeScheduling):
    """Each real test by itself, as they start whole servers and wait for them; others by file.

    A worker that has ended one has its next, and is given one more that nobody has begun. The many
    short tests come last: with them all workers end together.
    """

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """Tests of one scope run one after the other."""
    file = nodeid.partition("::")[0]
    is_alone = is_real(nodeid) and file.removeprefix(REAL_TESTS) not in SHARING
    return nodeid if is_alone else file


def is_real(nodeid: str) -> bool:
    """Whether a test starts whole servers, and waits most of its time."""
    return nodeid.startswith(REAL_TESTS)


def turn_of(nodeid: str, fixtures: list[str]) -> int:
    """When a test is begun: first real ones that need no image, while images are built.

    Args:
        fixtures: the names of those that it uses.
    """
    if not is_real(nodeid):
        return 2
    return 1 if "engine" in fixtures else 0
