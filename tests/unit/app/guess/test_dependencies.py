"""What must be installed, and on which Python, by what a project states."""

from typing import Any

import pytest
from lab.app.guess.folder import Folder
from lab.app.guess.guess import guess
from lab.app.guess.poetry import pip_version
from lab.app.guess.pythons import admitted_pythons

APP = {"main.py": "import flask, yaml, os, cv2\nfrom PIL import Image\nfrom . import x\n"}


def required(files: dict[str, str]) -> Any:
    return guess(Folder({**APP, **files})).value("requirements")


def python(files: dict[str, str]) -> Any:
    return guess(Folder({**APP, **files})).value("python")


def test_imports_are_named_as_their_distributions() -> None:
    assert required({}) == ["flask", "opencv-python-headless", "Pillow", "PyYAML"]


@pytest.mark.parametrize(
    ("step", "listed"),
    [
        ("RUN pip install ujson==5.3.0", ["ujson==5.3.0"]),
        (
            "RUN pip3 install --no-cache-dir 'flask>=2,<3' uvicorn[standard]",
            ["flask>=2,<3", "uvicorn[standard]"],
        ),
        ("RUN python -m venv .venv && .venv/bin/pip install -q redis", ["redis"]),
        ("RUN pip install -U pip setuptools wheel \\\n && pip install -i x aiohttp", ["aiohttp"]),
        ("RUN uv pip install --system httpx", ["httpx"]),
        ("RUN pip install . -r requirements.txt $MORE ./dist/shop.whl https://x.test/a.zip", []),
        ("RUN apt-get install -y libpq5 && echo pip install", []),
        ("RUN pip install 'open", []),
    ],
)
def test_what_a_dockerfile_installs_by_name_is_required(step: str, listed: list[str]) -> None:
    dockerfile = f"FROM python:3.11\n{step}\nCMD python main.py\n"
    imported = ["opencv-python-headless", "Pillow", "PyYAML"]
    pinned = [] if any(each.startswith("flask") for each in listed) else ["flask"]

    assert required({"Dockerfile": dockerfile}) == [*listed, *pinned, *imported]
    assert required({"Dockerfile": dockerfile, "requirements.txt": "flask==2.0\n"}) == (
        ["-r requirements.txt", *more]
        if (more := [each for each in listed if not each.startswith("flask")])
        else "requirements.txt"
    )


def test_an_import_that_may_fail_or_is_for_types_is_none() -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING: import boto3\n"
    text += "try: import ujson\nexcept ImportError: ujson = None\nimport flask\n"
    assert required({"main.py": text}) == ["flask"]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"requirements.txt": "flask\n"}, "requirements.txt"),
        ({"requirements/base.txt": "a\n", "requirements/dev.txt": "b\n"}, "requirements/base.txt"),
        (
            {"requirements.txt": "flask\n", "constraints.txt": "flask==3\n"},
            ["-r requirements.txt", "-c constraints.txt"],
        ),
        ({"pyproject.toml": '[project]\ndependencies = ["flask>=3"]\n'}, ["flask>=3"]),
        (
            {
                "pyproject.toml": '[project]\nname = "a"\ndependencies = ["flask"]\n'
                '[dependency-groups]\nprod = ["gunicorn"]\ndev = ["pytest"]\n'
            },
            ["flask", "gunicorn"],
        ),
        (
            {
                "pyproject.toml": "[tool.poetry.dependencies]\n"
                'python = "^3.9"\nflask = "^2.1.3"\n'
                'redis = { version = "~4.5", extras = ["hiredis"] }\nx = { path = "./lib" }\n'
                'y = { version = "*", optional = true }\n'
            },
            ["flask>=2.1.3,<3", "redis[hiredis]>=4.5,<4.6", "./lib"],
        ),
        ({"Pipfile": '[packages]\nflask = "==2.0"\nredis = "*"\n'}, ["flask==2.0", "redis"]),
        (
            {"setup.cfg": "[options]\ninstall_requires =\n    flask\n    redis>4\n"},
            ["flask", "redis>4"],
        ),
        ({"setup.py": "needs = ['flask']\nsetup(install_requires=needs)\n"}, ["flask"]),
        (
            {
                "pyproject.toml": '[project]\ndependencies = ["flask>=2"]\n',
                "uv.lock": '[[package]]\nname = "flask"\nversion = "2.3.3"\n'
                'dependencies = [{ name = "werkzeug" }]\n'
                '[[package]]\nname = "werkzeug"\nversion = "2.3.8"\n'
                '[[package]]\nname = "pytest"\nversion = "8.0"\n',
            },
            ["flask==2.3.3", "werkzeug==2.3.8"],
        ),
        (
            {
                "pyproject.toml": '[tool.poetry.dependencies]\nFlask = "^2"\n',
                "poetry.lock": '[[package]]\nname = "flask"\nversion = "2.3.3"\n'
                '[package.dependencies]\nWerkzeug = ">=2"\n'
                '[[package]]\nname = "werkzeug"\nversion = "2.3.8"\n',
            },
            ["flask==2.3.3", "werkzeug==2.3.8"],
        ),
    ],
)
def test_what_a_project_states_is_taken(files: dict[str, str], found: Any) -> None:
    assert required(files) == found


@pytest.mark.parametrize(
    ("asked", "version"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("~1.2", ">=1.2,<1.3"),
        ("*", ""),
        ("1.4", "==1.4"),
        (">=1, <2", ">=1,<2"),
    ],
)
def test_poetrys_versions_are_told_in_pips(asked: str, version: str) -> None:
    assert pip_version(asked) == version


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({".python-version": "3.9.18\n"}, "3.9"),
        ({"runtime.txt": "python-3.10.4\n"}, "3.10"),
        ({"Dockerfile": "FROM --platform=x python:3.11-slim AS base\n"}, "3.11"),
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.8"\n'}, "3.12"),
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.8,<3.11"\n'}, "3.10"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "~3.9"\n'}, "3.9"),
        ({".python-version": "2.7\n"}, None),
        ({}, None),
    ],
)
def test_the_python_is_the_newest_that_is_admitted(files: dict[str, str], version: str) -> None:
    assert python(files) == version


@pytest.mark.parametrize(
    ("specifier", "first", "count"),
    [
        (">=3.8", "3.12", 7),
        ("==3.11.*", "3.11", 1),
        ("~=3.10", "3.12", 5),
        ("~=3.10.2", "3.10", 1),
        (">=3.9,!=3.12.*", "3.13", 5),
        (">=3.9,!=3.9.7", "3.12", 6),
        ("<3.12.0,>=3.10", "3.11", 2),
        ("^3.13", "3.13", 2),
        (">=3", "3.12", 8),
    ],
)
def test_specifiers(specifier: str, first: str, count: int) -> None:
    found = admitted_pythons(specifier)

    assert (found[0], len(found)) == (first, count)


def test_what_a_file_leaves_out_of_the_project_beside_it_is_added() -> None:
    project = '[project]\ndependencies = ["flask>=2", "pyyaml"]\n'
    files = {"requirements.txt": "Flask==3.0\n", "pyproject.toml": project}
    assert required(files) == ["-r requirements.txt", "pyyaml"]
    assert required({**files, "requirements.txt": "flask\nPyYAML\n"}) == "requirements.txt"


@pytest.mark.parametrize(
    ("pins", "version"),
    [
        ("Django==1.10.5\n", "3.7"),
        ("django==4.1.13\n", "3.11"),
        ("Django==4.2\n", None),
        ("aiohttp==3.8.6\nnumpy==1.21.0\n", "3.9"),
        ("psycopg2-binary>=2.8\n", None),
        ("Flask==1.1.2\nMarkupSafe==1.1.1\n", "3.9"),
        ("pathtools==0.1.2\n", "3.11"),
    ],
)
def test_the_python_is_one_that_the_pins_run_on(pins: str, version: str | None) -> None:
    assert python({"requirements.txt": pins}) == version


def test_a_range_of_pythons_is_narrowed_by_the_pins() -> None:
    files = {"requirements.txt": "aiohttp==3.8.6\n", "pyproject.toml": RANGE}
    assert python(files) == "3.11"
    assert python({**files, ".python-version": "3.13\n"}) == "3.13"


RANGE = '[project]\nrequires-python = ">=3.9"\n'


LOCKED = '{"default": {"flask": {"version": "==1.0.2"}, "jinja2": {"version": "==2.10"}}}'


@pytest.mark.parametrize(
    "files",
    [
        {"Pipfile": '[packages]\nflask = "*"\n', "Pipfile.lock": LOCKED},
        {"requirements.txt": "Flask\n", "Pipfile.lock": LOCKED},
    ],
)
def test_a_pipfiles_lock_gives_the_versions(files: dict[str, str]) -> None:
    assert required(files) == ["flask==1.0.2", "jinja2==2.10"]


def test_a_lock_that_leaves_out_a_repository_pins_the_others() -> None:
    names = "".join(f'p{n} = "*"\n' for n in range(4))
    locked = ", ".join(f'"p{n}": {{"version": "=={n}"}}' for n in range(4))
    pipfile = f'[packages]\n{names}yaml = {{git = "https://example.com/y.git"}}\n'
    lock = f'{{"default": {{{locked}, "yaml": {{"ref": "a"}}}}}}'
    needs = required({"Pipfile": pipfile, "Pipfile.lock": lock})
    assert needs == [*(f"p{n}=={n}" for n in range(4)), "yaml @ git+https://example.com/y.git"]


@pytest.mark.parametrize("lock", ["[]", "{", '{"default": [1]}', '{"default": {"flask": 1}}'])
def test_a_lock_that_is_none_changes_nothing(lock: str) -> None:
    assert required({"requirements.txt": "Flask\n", "Pipfile.lock": lock}) == "requirements.txt"
    assert required({"requirements.txt": "Flask==3\n", "Pipfile.lock": LOCKED}) == (
        "requirements.txt"
    )


def test_a_python_before_the_labs_oldest_is_its_oldest() -> None:
    assert python({"Dockerfile": "FROM python:3.6-alpine\n"}) == "3.7"


def test_a_lock_pins_what_an_extra_brings_of_a_package_that_needs_nothing_else() -> None:
    lock = """
[[package]]
name = "shop"
source = { virtual = "." }
dependencies = [{ name = "hasher", extra = ["fast"] }]
[[package]]
name = "hasher"
version = "1.0"
[package.optional-dependencies]
fast = [{ name = "fast-c" }]
[[package]]
name = "fast-c"
version = "2.0"
"""
    project = '[project]\nname = "shop"\ndependencies = ["hasher[fast]"]\n'
    needs = required({"pyproject.toml": project, "uv.lock": lock})
    assert needs == ["fast-c==2.0", "hasher==1.0"]
