"""Memory limits by cgroups: of a made-up tree of them, and of this machine's where it lets us."""

import os
import subprocess
from pathlib import Path

import pytest
from lab.engines.process.cgroups import (
    V1,
    V2,
    Cgroup,
    Cgroups,
    Make,
    make_group,
    own_paths,
    parents,
    read_number,
    set_limit,
)
from lab.units import MIB

OF_V1 = "9:name=systemd:/user\n4:memory:/user/me\n2:cpuacct,cpu:/both\n0::/\n"
OF_V2 = "0::/user.slice/session-1.scope\n"


def test_each_controller_has_its_path() -> None:
    assert own_paths(OF_V1) == {
        "name=systemd": "/user",
        "memory": "/user/me",
        "cpuacct": "/both",
        "cpu": "/both",
        "": "/",
    }


def test_the_only_line_of_v2_names_no_controller() -> None:
    assert own_paths(OF_V2) == {"": "/user.slice/session-1.scope"}


def test_a_path_may_hold_colons() -> None:
    assert own_paths("0::/a:b/c\n") == {"": "/a:b/c"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "cgroup"
    root.mkdir()
    return root


@pytest.fixture
def root_v2(root: Path) -> Path:
    (root / "cgroup.controllers").write_text("cpu memory\n")
    return root


def test_under_v1_the_nearest_parent_is_below_the_mount_of_memory(root: Path) -> None:
    memory = root / "memory"

    assert parents(root, own_paths(OF_V1)) == [(memory / "user/me", V1), (memory, V1)]


def test_under_v2_the_nearest_parent_is_ones_own_group(root_v2: Path) -> None:
    own = root_v2 / "user.slice/session-1.scope"

    assert parents(root_v2, own_paths(OF_V2)) == [(own, V2), (root_v2, V2)]


@pytest.mark.parametrize("text", ["0::/\n4:memory:/\n", ""])
def test_at_the_root_there_is_one_parent(root: Path, text: str) -> None:
    assert parents(root, own_paths(text)) == [(root / "memory", V1)]
    (root / "cgroup.controllers").touch()
    assert parents(root, own_paths(text)) == [(root, V2)]


def kernel(*allowed: Path) -> Make:
    """What makes groups below these parents alone, as a kernel would."""

    def make(path: Path, version: str, limit_bytes: int) -> Cgroup:
        if path.parent not in allowed:
            raise PermissionError(13, "Permission denied", str(path))
        path.mkdir()
        return Cgroup(path, version)

    return make


def own_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "self-cgroup"
    path.write_text(text)
    return path


@pytest.mark.usefixtures("root_v2")
def test_a_containers_path_is_the_hosts_and_its_mount_is_its_own(
    root: Path, tmp_path: Path
) -> None:
    own = own_file(tmp_path, "0::/docker/0123456789ab\n")  # no such folder below this mount
    cgroups = Cgroups(root, own, kernel(root))

    assert (cgroups.parent, cgroups.version) == (root, V2)


def test_the_nearest_parent_that_allows_it_is_used(root: Path, tmp_path: Path) -> None:
    near, far = root / "memory" / "user" / "me", root / "memory"
    near.mkdir(parents=True)
    own = own_file(tmp_path, OF_V1)
    second = Cgroups(root, own, kernel(far)).parent
    cgroups = Cgroups(root, own, kernel(far, near))

    assert (second, cgroups.parent, cgroups.version) == (far, near, V1)


@pytest.mark.usefixtures("root_v2")
def test_a_path_that_is_no_text_leads_to_its_folder(root: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_bytes(b"0::/caf\xc3\n")
    near = root / os.fsdecode(b"caf\xc3")
    near.mkdir()

    assert Cgroups(root, own, kernel(near)).parent == near


@pytest.mark.usefixtures("root_v2")
def test_what_was_tried_out_is_removed(root: Path, tmp_path: Path) -> None:
    Cgroups(root, own_file(tmp_path, "0::/\n"), kernel(root))

    assert [path.name for path in root.iterdir() if path.is_dir()] == []


@pytest.mark.usefixtures("root_v2")
def test_v2_is_asked_to_count_memory_below_the_parent(root: Path, tmp_path: Path) -> None:
    Cgroups(root, own_file(tmp_path, "0::/\n"), kernel())

    assert (root / "cgroup.subtree_control").read_text() == "+memory"


def test_where_nothing_is_allowed_it_is_said_why(root: Path, tmp_path: Path) -> None:
    cgroups = Cgroups(root, own_file(tmp_path, OF_V1), kernel())

    assert (cgroups.parent, cgroups.version) == (None, "none")
    assert cgroups.refusal == "no cgroup can be made: Permission denied"
    assert cgroups.make("one", MIB) is None


@pytest.mark.parametrize("text", [OF_V1, OF_V2])
def test_a_folder_that_is_no_cgroup_is_refused_and_left_as_it_was(
    root: Path, tmp_path: Path, text: str
) -> None:
    (root / "memory").mkdir()
    cgroups = Cgroups(root, own_file(tmp_path, text))

    assert (cgroups.parent, cgroups.version) == (None, "none")
    assert cgroups.refusal == "no cgroup can be made: No such file or directory"
    assert list(root.rglob("*")) == [root / "memory"]


def test_a_system_without_cgroups_is_refused(tmp_path: Path) -> None:
    cgroups = Cgroups(tmp_path, tmp_path / "no-such-file")

    assert (cgroups.version, cgroups.refusal) == ("none", "this system has no cgroups")
    assert cgroups.make("one", MIB) is None


def test_a_group_whose_limit_cannot_be_written_is_not_left_behind(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        make_group(root / "one", V2, MIB)

    assert not (root / "one").exists()


@pytest.mark.parametrize(
    ("text", "number"),
    [("1048576\n", MIB), ("0", 0), ("max\n", None), ("", None), (None, None)],
)
def test_a_number_is_read_where_there_is_one(
    tmp_path: Path, text: str | None, number: int | None
) -> None:
    if text is not None:
        (tmp_path / "memory.peak").write_text(text)

    assert read_number(tmp_path / "memory.peak") == number


@pytest.mark.parametrize(
    ("version", "name"), [(V1, "memory.max_usage_in_bytes"), (V2, "memory.peak")]
)
def test_the_peak_is_in_the_file_of_its_version(tmp_path: Path, version: str, name: str) -> None:
    before = Cgroup(tmp_path, version).peak_bytes()
    (tmp_path / name).write_text("4096\n")

    assert before is None
    assert Cgroup(tmp_path, version).peak_bytes() == 4096


@pytest.mark.parametrize("name", ["memory.swap.max", "memory.memsw.limit_in_bytes"])
def test_a_kernel_that_does_not_count_swap_has_no_limit_of_it(tmp_path: Path, name: str) -> None:
    set_limit(tmp_path / name, MIB)

    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["memory.max", "memory.limit_in_bytes"])
def test_a_kernel_without_a_limit_of_memory_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        set_limit(tmp_path / name, MIB)


@pytest.mark.parametrize("name", ["memory.max", "memory.swap.max"])
def test_a_limit_is_written_as_a_number(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    set_limit(tmp_path / name, 64 * MIB)

    assert (tmp_path / name).read_text() == "67108864"


def test_a_real_group_limits_and_counts_what_is_in_it() -> None:
    cgroups = Cgroups()
    if cgroups.parent is None:
        pytest.skip(f"NO REAL CGROUP IS TESTED on this machine: {cgroups.refusal}")
    group = cgroups.make(f"memlab-test-{os.getpid()}", 64 * MIB)
    assert group is not None
    try:
        limit = {V1: "memory.limit_in_bytes", V2: "memory.max"}[cgroups.version]
        enter = 'echo 0 > "$0/cgroup.procs" && exec head -c 20m /dev/zero | tail -c 20m'
        subprocess.run(
            ["sh", "-c", enter, str(group.path)], check=True, stdout=subprocess.DEVNULL, timeout=10
        )

        assert read_number(group.path / limit) == 64 * MIB
        assert group.path.parent == cgroups.parent
        peak = group.peak_bytes()
        assert peak is None or 20 * MIB < peak <= 64 * MIB
    finally:
        group.path.rmdir()
