import hashlib
from pathlib import Path

import pytest
from lab.measure.host import (
    factor_of,
    free_memory_bytes,
    host_info,
    lock_hashes,
    total_memory_bytes,
)


def test_free_memory_is_a_part_of_all_memory() -> None:
    assert 0 < free_memory_bytes() <= total_memory_bytes()


def test_the_host_says_what_it_is() -> None:
    host = host_info()

    assert host.cpus >= 1
    assert host.memory_bytes == total_memory_bytes()
    assert host.kernel
    assert host.cpu_model


def test_every_lock_file_has_its_hash(tmp_path: Path) -> None:
    (tmp_path / "thread.txt").write_bytes(b"flask==1.1.4")
    (tmp_path / "thread.in").write_bytes(b"flask")

    assert lock_hashes(tmp_path) == {"thread": hashlib.sha256(b"flask==1.1.4").hexdigest()}


@pytest.mark.parametrize(("load", "times"), [(0.1, 1), (2.0, 1), (4.0, 2), (99.0, 4)])
def test_a_server_has_longer_to_start_where_others_use_the_machine(
    load: float, times: float
) -> None:
    assert factor_of(load, 2) == times
