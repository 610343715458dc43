from lab.load.target import resolve


def test_a_name_is_resolved_to_an_address() -> None:
    assert resolve("127.0.0.1", 80) == "127.0.0.1"
