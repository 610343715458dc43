"""Which C function asked malloc for what is left: by memray's frames, without memray."""

from pathlib import Path

from support.app_programs import answer_with


def test_the_innermost_function_of_the_extension_is_named_and_no_frame_of_the_interpreter() -> None:
    program = """
    import native
    class Record:
        def __init__(self, *frames): self.frames = frames
        def hybrid_stack_trace(self, _): return self.frames
    call = ("cfunction_call", "Objects/methodobject.c", 463)
    here, unknown = ("work", "/srv/app.py", 7), ("<unknown>", "<unknown>", 0)
    print(json.dumps([native.symbol_of(Record(*frames)) for frames in (
        [unknown, ("grow", "<unknown>", 0), ("encode", "<unknown>", 0), call, here],
        [unknown, unknown, call, here],
        [here],
        [],
    )]))
    """
    assert answer_with(program) == ["grow", None, None, None]


def test_a_function_is_looked_for_in_the_libraries_that_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "one.so").write_bytes(b"\x7fELF\0other\0")
    (tmp_path / "two.so").write_bytes(b"\x7fELF\0grow\0grow_more\0")
    (tmp_path / "empty.so").touch()
    program = f"""
    import native
    files = [{str(tmp_path)!r} + "/" + name for name in ("empty.so", "gone.so", "one.so", "two.so")]
    native.loaded_libraries = lambda: files
    print(json.dumps(native.libraries_with(["grow", "more", "grow_more"])))
    """
    two = str(tmp_path / "two.so")
    assert answer_with(program) == {"grow": two, "grow_more": two}
