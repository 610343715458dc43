"""Which tests run side by side with `--dist loadscope`, as `make test` has it."""

from xdist.scheduler import LoadScopeScheduling

REAL_TESTS = "tests/integration/"
IN_LOCAL_PROCESSES = ("test_process_runs.py", "test_own_apps.py")


class ScopeScheduling(LoadScopeScheduling):
    """One real test at a time on Docker, and one in local processes: each starts whole servers.

    The files of the other tests run beside them on the workers that are left.
    """

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """Tests of one scope run one after the other."""
    file = nodeid.partition("::")[0]
    if not file.startswith(REAL_TESTS):
        return file
    return "processes" if file.endswith(IN_LOCAL_PROCESSES) else "docker"
