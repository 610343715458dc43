"""Whose code a file is, and which C functions a line calls: read, never run."""

from pathlib import Path

from support.app_programs import answer_with

METADATA = """Metadata-Version: 2.1
Name: Fast-JSON
Version: 5.1.0
Home-page: https://example.org/home
Project-URL: Source, https://example.org/source
Project-URL: Bug Tracker, https://example.org/issues

Name: not-a-header
"""


def installed(site: Path, metadata: str = METADATA) -> None:
    (site / "fastjson").mkdir()
    (site / "fastjson/__init__.py").write_text("from math import floor\n")
    (site / "fastjson-5.1.0.dist-info").mkdir()
    (site / "fastjson-5.1.0.dist-info/METADATA").write_text(metadata)
    (site / "fastjson-5.1.0.dist-info/RECORD").write_text(
        "fastjson/__init__.py,sha256=x,24\nfastjson-5.1.0.dist-info/RECORD,,\n"
    )


def test_a_file_belongs_to_the_distribution_that_recorded_it(tmp_path: Path) -> None:
    installed(tmp_path)
    program = """
    import distributions, fastjson
    found = distributions.owners([fastjson.__file__, json.__file__, "", None])
    print(json.dumps([found.get(fastjson.__file__), found.get(json.__file__)]))
    """
    assert answer_with(program, tmp_path) == [
        {"name": "Fast-JSON", "version": "5.1.0", "tracker": "https://example.org/issues"},
        None,
    ]


def test_a_library_is_known_by_its_real_path_too(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    installed(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    program = f"""
    import distributions
    file = {str(tmp_path / "real/fastjson/__init__.py")!r}
    print(json.dumps(distributions.owners([file])[file]["name"]))
    """
    assert answer_with(program, tmp_path / "link") == "Fast-JSON"


def test_a_tracker_that_is_no_link_is_none(tmp_path: Path) -> None:
    installed(tmp_path, "Name: x\nProject-URL: Issues, javascript:alert(1)\n")
    program = """
    import distributions, fastjson
    print(json.dumps(distributions.owners([fastjson.__file__])[fastjson.__file__]))
    """
    assert answer_with(program, tmp_path) == {"name": "x", "version": "", "tracker": None}


def test_a_line_names_the_c_functions_that_it_calls(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(
        "import zlib\nfrom binascii import hexlify as h\n\ndef f(x):\n"
        "    y = zlib.compress(x)\n    return h(y)\n\ndef g(x):\n    return len(x), print(x)\n"
    )
    program = """
    import callees, served
    functions = callees.functions_of({served.__file__})[served.__file__]
    print(json.dumps([callees.callees(functions, line) for line in (5, 6, 9)]))
    """
    assert answer_with(program, tmp_path) == [
        [["zlib.compress", "zlib"]],
        [["binascii.hexlify", "binascii"]],
        [],
    ]


def test_a_class_of_an_extension_is_called_and_one_of_python_is_not(tmp_path: Path) -> None:
    """pydantic_core.SchemaValidator is made while its module is loaded, as Python's classes are."""
    (tmp_path / "served.py").write_text(
        "import array, collections, zlib\nclass Own: pass\ndef f(x):\n"
        "    return array.array('b', x)\ndef g(x):\n"
        "    return Own(), collections.UserDict(x), zlib.error, ValueError()\n"
    )
    program = """
    import callees, served
    functions = callees.functions_of({served.__file__})[served.__file__]
    print(json.dumps([callees.callees(functions, line) for line in (4, 6)]))
    """
    assert answer_with(program, tmp_path) == [[["array.array", "array"]], []]


def test_a_line_that_calls_no_package_has_what_its_function_calls(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(
        "import zlib\ndef f(x):\n    y = zlib.compress(x)\n"
        "    return sum(each for each in y)\ndef g(x):\n    return zlib.crc32(x)\n"
    )
    program = """
    import callees, distributions, lines, served
    package = dict(name="z", version="1", tracker=None)
    distributions.owners = lambda files: {callees.file_of("zlib"): package}
    found = [lines.owned([{}], [[(served.__file__, line)]]) for line in (4, 6)]
    print(json.dumps([[each["function"] for each in line["calls"]] for (line,) in found]))
    """
    assert answer_with(program, tmp_path) == [["zlib.compress"], ["zlib.crc32"]]


def test_a_line_that_an_extension_called_has_that_extension(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(
        "import zlib\ndef offset(x):\n    return len(x)\ndef f(x):\n    return zlib.compress(x)\n"
    )
    program = """
    import callees, distributions, lines, served
    package = dict(name="z", version="1", tracker=None)
    distributions.owners = lambda files: {callees.file_of("zlib"): package}
    (line,) = lines.owned([{}], [[(served.__file__, 3), (served.__file__, 5)]])
    print(json.dumps([each["function"] for each in line["calls"]]))
    """
    assert answer_with(program, tmp_path) == ["zlib.compress"]


def test_nothing_of_the_app_runs_for_it(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(
        "class Lazy:\n    def __getattr__(self, name): raise SystemExit(9)\n"
        "LAZY = Lazy()\ndef f():\n    return LAZY.dumps(1)\n"
    )
    program = """
    import callees, served
    functions = callees.functions_of({served.__file__})[served.__file__]
    print(json.dumps(callees.callees(functions, 5)))
    """
    assert answer_with(program, tmp_path) == []


def test_a_container_belongs_to_the_nearest_code_around_it(tmp_path: Path) -> None:
    (tmp_path / "site-packages").mkdir()
    installed(tmp_path / "site-packages")
    (tmp_path / "site-packages/fastjson/__init__.py").write_text(
        "SEEN = {}\nclass Jar:\n    def __init__(self): self.items = {}\nclass Rows(dict): pass\n"
    )
    (tmp_path / "app.py").write_text(
        "import fastjson, logging\nOWN, JAR, ROWS = {}, fastjson.Jar(), fastjson.Rows()\n"
        "class Session:\n    def __init__(self): self.events = []\n"
        "fastjson.ONE = Session()\nLOG = logging.getLogger('x')\n"
    )
    program = f"""
    sys.path[:0] = [{str(tmp_path)!r}, {str(tmp_path / "site-packages")!r}]
    import logging, app, fastjson, owners, reach
    def found():
        held = dict(own=app.OWN, jar=app.JAR.items, rows=app.ROWS, seen=fastjson.SEEN,
                    log=app.LOG.handlers, one=fastjson.ONE.events, library=logging.root.handlers)
        for each in held.values():
            each.append([1]) if type(each) is list else each.update(x=[1])
        met = reach.search(reach.module_roots())
        return {{name: owners.owner_of(met.path(each)) for name, each in held.items()}}
    print(json.dumps(found()))
    """
    found = answer_with(program, tmp_path)
    package = {"name": "Fast-JSON", "version": "5.1.0", "tracker": "https://example.org/issues"}

    def owner(kind: str, module: str, in_app: bool, package: object = None) -> dict[str, object]:
        return {"kind": kind, "module": module, "package": package, "is_in_app": in_app}

    assert found == {
        "own": owner("app", "app", True),
        "rows": owner("app", "app", True),
        "log": owner("app", "app", True),
        "one": owner("app", "app", False),
        "jar": owner("package", "fastjson", True, package),
        "seen": owner("package", "fastjson", False, package),
        "library": owner("standard library", "logging", False),
    }


def test_a_method_of_c_is_known_where_one_package_alone_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(
        "def f(loop, seen):\n    seen.get(1)\n    return loop.decompress(b'', 1)\n"
    )
    program = """
    import bz2, callees, served, zlib
    functions = callees.functions_of({served.__file__})[served.__file__]
    callees.file_of = lambda name: "/x/site-packages/_bz2.so" if name == "_bz2" else None
    print(json.dumps([callees.methods_at(functions, line) for line in (2, 3)]))
    """
    assert answer_with(program, tmp_path) == [
        [],
        [["_bz2.BZ2Decompressor.decompress", "_bz2"]],
    ]
