from pathlib import PurePosixPath

import pytest
from lab.share.contents import why_left_out
from lab.share.manifest import LeftOut
from lab.share.source import choose


@pytest.mark.parametrize(
    "name",
    [
        *(".env", ".env.local", "prod.env", "deploy/.envrc", ".git/config", "a/.hg/x", "x.pem"),
        *("tls/server.KEY", "id_rsa", "id_ed25519.pub", ".venv/bin/python", "venv/x", ".netrc"),
        *("node_modules/a/b.js", "__pycache__/a.pyc", "a.pyc", ".pytest_cache/x", ".ssh/config"),
        *(".aws/credentials", "credentials.json", "secrets.yaml", "service-account-1.json"),
    ],
)
def test_what_nobody_else_should_have_stays_out(name: str) -> None:
    assert why_left_out(PurePosixPath(name), ())


@pytest.mark.parametrize(
    "name", ["app.py", ".env.example", "env.py", "keys.py", "environment/a.py", "docs/secret.md.j2"]
)
def test_the_rest_goes_in(name: str) -> None:
    assert (why_left_out(PurePosixPath(name), ()) is None) == (name != "docs/secret.md.j2")


@pytest.mark.parametrize(
    ("name", "goes_in"),
    [("data/a.csv", False), ("x/data/a.csv", False), ("a.sqlite3", False), ("database.py", True)],
)
def test_what_bundle_exclude_names_stays_out(name: str, goes_in: bool) -> None:
    assert (why_left_out(PurePosixPath(name), ("data/", "*.sqlite3")) is None) == goes_in


def test_a_virtual_environment_stays_out_whatever_its_name() -> None:
    names = [PurePosixPath(n) for n in ("app.py", "my-env/pyvenv.cfg", "my-env/lib/x.py")]

    choice = choose(names, ())

    assert choice.chosen == (PurePosixPath("app.py"),)
    assert choice.left_out == (LeftOut("my-env/", "a virtual environment"),)


def test_a_folder_that_stays_out_is_named_once() -> None:
    names = [PurePosixPath(n) for n in (".git/a", ".git/b/c", "app.py")]

    assert choose(names, ()).left_out == (LeftOut(".git/", "history"),)
