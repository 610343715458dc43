import hashlib
from pathlib import Path

from lab.measure.host import free_memory_bytes, host_info, lock_hashes, total_memory_bytes


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
