from lab.load.target import resolve, site_of


def test_a_name_is_resolved_to_an_address() -> None:
    assert resolve("127.0.0.1", 80) == "127.0.0.1"


def test_a_container_is_asked_for_by_a_name_that_frameworks_allow() -> None:
    assert site_of("own-shop") == "localhost"
    assert site_of("127.0.0.1") == "127.0.0.1"
