"""Which C function asked malloc for what is left: by memray's frames, without memray."""

import json
import subprocess
import sys
import textwrap
from typing import Any

from support.paths import ROOT


def run(program: str) -> Any:
    text = f"import json, sys\nsys.path.insert(0, {str(ROOT / 'apps')!r})\nimport native\n"
    ended = subprocess.run(
        [sys.executable, "-c", text + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return json.loads(ended.stdout)


def test_the_innermost_function_of_the_extension_is_named_and_no_frame_of_the_interpreter() -> None:
    program = """
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
    assert run(program) == ["grow", None, None, None]


def test_a_function_is_looked_for_in_the_libraries_that_are_loaded(tmp_path: Any) -> None:
    (tmp_path / "one.so").write_bytes(b"\x7fELF\0other\0")
    (tmp_path / "two.so").write_bytes(b"\x7fELF\0grow\0grow_more\0")
    (tmp_path / "empty.so").touch()
    program = f"""
    files = [{str(tmp_path)!r} + "/" + name for name in ("empty.so", "gone.so", "one.so", "two.so")]
    native.loaded_libraries = lambda: files
    print(json.dumps(native.libraries_with(["grow", "more", "grow_more"])))
    """
    two = str(tmp_path / "two.so")
    assert run(program) == {"grow": two, "grow_more": two}
