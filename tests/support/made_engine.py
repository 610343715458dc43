"""An engine of local processes that starts none."""

from pathlib import Path

from builders import raw
from lab.engines.process.cgroups import V2, Cgroup
from lab.engines.process.cpus import CpuWay, ShownCpus
from lab.engines.process.engine import Means, ProcessEngine
from lab.engines.process.environments import Installed
from lab.engines.process.launch_plan import VariantSources

ONE = raw.variant("one")
COMPOSE = """
services:
  one:
    image: memlab-one-thread
    command: serve --bind ${LAB_HOST:-0.0.0.0}:${LAB_PORT:-8000} --tmp ${LAB_SHM:-/dev/shm}
    environment:
      LAB_WORKLOAD: lists
      HOST_CPUS: ${HOST_CPUS:-16}
      LAB_LIFECYCLE: ${LAB_LIFECYCLE:-compose}
"""


class FakeCgroups:
    """Groups that are plain folders, where a parent is given."""

    version = "none"
    refusal = "it is refused"
    parent: Path | None = None

    def make(self, name: str, limit_bytes: int) -> Cgroup | None:
        if self.parent is None:
            return None
        group = Cgroup(self.parent / name, V2)
        group.path.mkdir()
        return group


WITHOUT_CGROUPS = Means(cgroups=FakeCgroups)


def make_engine(
    folder: Path,
    shown: ShownCpus | None = None,
    shared_memory: Path = Path("/dev/shm"),
    means: Means = WITHOUT_CGROUPS,
    **values: str,
) -> ProcessEngine:
    (folder / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    installed = {ONE.image: Installed(folder / "env/bin/python3", "CPython 3.7.17 of a test")}
    file = folder / "compose.yaml"
    sources = VariantSources(file, values, folder, installed, shared_memory=shared_memory)
    return ProcessEngine(sources, shown or ShownCpus(CpuWay.AS_IT_IS), 16, means=means)
