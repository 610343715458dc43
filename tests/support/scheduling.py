"""Which tests run side by side with `--dist loadscope`, as `make test` has it."""

from collections.abc import Mapping

from xdist.scheduler import LoadScopeScheduling

REAL_TESTS = "tests/integration/"
SCOPES: Mapping[str, str] = {
    "test_runs.py": "runs",
    "test_run_settings.py": "settings",
    "test_process_runs.py": "processes",
    "test_app_faults.py": "apps",
    "test_own_apps.py": "apps",
    "test_undescribed_apps.py": "apps",
    "test_app_services.py": "services",
    "test_run_faults.py": "run faults",
    "test_engine_faults.py": "engine faults",
    "test_image_faults.py": "image faults",
    "test_database.py": "database",
    "test_bundles.py": "bundles",
    "test_app_verdicts.py": "verdicts",
}
"""Real tests that run in line; the others, all on Docker, are a line of their own."""
OTHERS = "engine"


class ScopeScheduling(LoadScopeScheduling):
    """The real tests in twelve lines side by side: they start whole servers, and wait for them.

    The files of the other tests run beside them on the workers that are left.
    """

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """Tests of one scope run one after the other."""
    file = nodeid.partition("::")[0]
    if not file.startswith(REAL_TESTS):
        return file
    return SCOPES.get(file.removeprefix(REAL_TESTS), OTHERS)


def is_real(nodeid: str) -> bool:
    """Whether a test is begun before the others: it takes the longest, and waits most of it."""
    return nodeid.startswith(REAL_TESTS)
