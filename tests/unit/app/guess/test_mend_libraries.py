"""Libraries of the system that are missing name Debian's packages of them."""

import pytest
from lab.app.guess.failures import Failure, FailureKind, cannot_import
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.history import telling_failure
from lab.app.guess.mend import mended
from lab.app.guess.system_libraries import MissingLibrary, missing_library, packages_of

NO_FILE = "cannot open shared object file: No such file or directory"
CAIRO = f"""Traceback (most recent call last):
  File "/usr/local/lib/python3.8/site-packages/cairocffi/__init__.py", line 50, in dlopen
    raise OSError(error_message)
OSError: no library called "cairo-2" was found
no library called "cairo" was found
cannot load library 'libcairo.so.2': libcairo.so.2: {NO_FILE}.
"""
GUESS = Guess(
    keys=(Guessed("requirements", ["flask==1"], "x"), Guessed("command", "python app.py", "y")),
    pythons=("3.10",),
)
APP = Folder({"app.py": "from flask import Flask\napp = Flask(__name__)\n"})


def better(
    said: str,
    guess: Guess = GUESS,
    kind: FailureKind = FailureKind.DIED,
    *,
    has_docker: bool = True,
) -> Guess | None:
    return mended(guess, Failure(kind, said), APP, has_docker=has_docker)


@pytest.mark.parametrize(
    ("said", "name", "packages"),
    [
        (CAIRO, "cairo-2", ("libcairo2",)),
        (f"ImportError: libGL.so.1: {NO_FILE}", "libGL.so.1", ("libgl1",)),
        (f"ImportError: libodd_x2.so.5: {NO_FILE}", "libodd_x2.so.5", ("libodd-x2-5",)),
        (f"OSError: libown.so: {NO_FILE}", "libown.so", ()),
        (
            f'File "x/weasyprint/text/ffi.py", line 4\nOSError: cannot load library'
            f" 'gobject-2.0-0': gobject-2.0-0: {NO_FILE}",
            "gobject-2.0-0",
            ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"),
        ),
        ("ImportError: failed to find libmagic.  Check", "libmagic", ("libmagic1",)),
        ("ImportError: Unable to find zbar shared library", "zbar", ("libzbar0",)),
        ("x.ImproperlyConfigured: Could not find the GDAL library (tried)", "GDAL", ("gdal-bin",)),
        ("OSError: PortAudio library not found", "PortAudio", ("libportaudio2",)),
        ("ImportError: no pq wrapper available.\nAttempts made:", "pq", ("libpq5",)),
    ],
)
def test_a_missing_library_is_known_by_debians_package(
    said: str, name: str, packages: tuple[str, ...]
) -> None:
    assert missing_library(said) == MissingLibrary(name, packages)


def test_a_library_that_is_warned_of_is_not_what_is_missing() -> None:
    warned = f"W: Could not load 'libcudart.so.11.0'; dlerror: libcudart.so.11.0: {NO_FILE}\n"

    assert missing_library(f"{warned}KeyError: 'SECRET_KEY'") is None
    assert missing_library(warned) is None


def test_one_package_serves_a_library_by_each_of_its_names() -> None:
    names = ("gobject-2.0-0", "gobject-2.0", "libgobject-2.0-0", "libgobject-2.0.so.0")

    assert {packages_of(name) for name in names} == {("libglib2.0-0",)}


def test_an_image_gets_the_package_once_and_loses_one_that_debian_lacks() -> None:
    with_cairo = better(CAIRO)
    assert with_cairo is not None
    assert with_cairo.value("system_packages") == ["libcairo2"]
    assert better(CAIRO, with_cairo) is None

    odd = better(f"ImportError: libodd.so.5: {NO_FILE}", with_cairo)
    assert odd is not None
    assert odd.value("system_packages") == ["libcairo2", "libodd5"]
    without = better("E: Unable to locate package libodd5", odd, FailureKind.INSTALL)
    assert without is not None
    assert without.value("system_packages") == ["libcairo2"]
    assert better(f"ImportError: libodd.so.5: {NO_FILE}", without) is None


def test_without_images_no_other_python_is_tried_for_it() -> None:
    failures = [Failure(FailureKind.NEVER_READY, CAIRO)]

    assert better(CAIRO, has_docker=False) is None
    assert telling_failure(APP, failures) is failures[0]


def test_a_package_that_needs_nothing_of_the_system_comes_first() -> None:
    listed = Guessed("requirements", ["opencv-python==4.9", "psycopg>=3"], "x")
    headless = better(f"ImportError: libGL.so.1: {NO_FILE}", GUESS.having(listed), has_docker=False)
    binary = better("ImportError: no pq wrapper available.", GUESS.having(listed))

    assert headless is not None
    assert headless.value("requirements") == ["opencv-python-headless==4.9", "psycopg>=3"]
    assert binary is not None
    assert binary.value("requirements") == ["opencv-python==4.9", "psycopg[binary]>=3"]


def test_a_build_gets_a_wheel_first_then_what_it_looked_for() -> None:
    pg = "Collecting psycopg2\nError: pg_config executable not found."
    listed = GUESS.having(Guessed("requirements", ["psycopg2"], "x"))
    wheel = better(pg, listed, FailureKind.INSTALL)
    of_another = better(pg, GUESS, FailureKind.INSTALL)
    local = better(pg, GUESS, FailureKind.INSTALL, has_docker=False)

    assert wheel is not None
    assert wheel.value("requirements") == ["psycopg2-binary"]
    assert wheel.value("system_packages") is None
    assert of_another is not None
    assert of_another.value("system_packages") == ["libpq-dev", "gcc", "g++", "libc6-dev"]
    assert local is not None
    assert local.value("python") == "3.10"


def test_a_compiler_comes_after_newer_releases() -> None:
    said = "error: command 'gcc' failed: No such file or directory\nFailed to build flask"
    newer = better(said, GUESS, FailureKind.INSTALL)
    assert newer is not None
    assert newer.value("requirements") == ["flask>=1,<2"]
    any_release = better(said, newer, FailureKind.INSTALL)
    assert any_release is not None
    compiled = better(said, any_release, FailureKind.INSTALL)

    assert compiled is not None
    assert compiled.value("system_packages") == ["gcc", "g++", "libc6-dev"]


def test_processes_that_each_lack_the_library_are_no_slow_start() -> None:
    assert cannot_import(f"{CAIRO}{CAIRO}")
    assert not cannot_import(CAIRO)
