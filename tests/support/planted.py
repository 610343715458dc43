"""A run of a user app in which everything private is planted, and the machine that it is of."""

import json
import shutil
from pathlib import Path

import pytest
from lab.app.spec_file import read_spec
from lab.commands.app_runs.source import keep_source
from lab.store.run_folder import RunFolder
from support.quoted_runs import DOCKER_RUN, TRY_RUN, copy_raw

USER, HOST = "plantedperson", "planted-laptop"
SECRETS = {
    "PLANTED_API_KEY": "planted-value-of-a-key",
    "DATABASE_PASSWORD": 'pl"anted\\word',
    "SESSION_TOKEN": "planted-token-1234",
}
IN_DOTENV = "planted-in-dotenv"
NOWHERE = (USER, HOST, "planted-value", "anted\\\\word", "anted\\word", "planted-token", IN_DOTENV)
"""Texts of which a bundle holds none; of a file that stays out neither name nor content counts."""
LOG = (
    f"{USER}@{HOST} starts with PLANTED_API_KEY={SECRETS['PLANTED_API_KEY']}",
    f'  File "/home/{USER}/work/shop/app.py", line 3, in load',
    f"RuntimeError: cannot open /home/{USER}/work/shop/{USER}.db with {IN_DOTENV}",
    f"settings: {SECRETS!r}",
)


def planted_run(work: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """The run below a folder, kept with its app, on a machine of that user."""
    home = work / "home" / USER
    app = home / "work" / "shop"
    write_app(app)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr("getpass.getuser", lambda: USER)
    monkeypatch.setattr("socket.gethostname", lambda: f"{HOST}.lan")
    monkeypatch.setattr("lab.commands.sharing.bundle_lock.indexed_hashes", lambda pins, python: {})
    folder = copy_raw(TRY_RUN, work / "results")
    plant(folder, app)
    keep_source(read_spec(app), folder)
    return folder


def write_app(app: Path) -> None:
    texts = {
        "app.py": f"# by {USER} on {HOST}\nPATH = '/home/{USER}/work'\nimport ujson\n",
        "lab.toml": (
            'python = "3.8"\nrequirements = ["ujson==5.3.0"]\ncommand = "python app.py"\n'
            'env_file = ".env"\nbundle.exclude = ["data"]\n'
            f'environment = {{ SESSION_TOKEN = "{SECRETS["SESSION_TOKEN"]}" }}\n'
        ),
        ".env": f"SIGNING_KEY={IN_DOTENV}\nDEBUG=1\n",
        ".git/config": USER,
        "tls/server.pem": "planted-value of a key",
        "venv2/pyvenv.cfg": USER,
        "data/customers.csv": "planted-value",
        f"static/{USER}.txt": "hello",
    }
    for name, text in texts.items():
        path = app / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (app / "photo.bin").write_bytes(b"\xff\xfe" + USER.encode())
    (app / "link").symlink_to("/etc/passwd")


def plant(folder: RunFolder, app: Path) -> None:
    """Into the command, and into the log and the reason of the trial's end."""
    experiment = json.loads((folder.path / "experiment.json").read_text(encoding="utf-8"))
    experiment["command"] = f"make try APP={app} HOST_CPUS=4"
    (folder.path / "experiment.json").write_text(json.dumps(experiment), encoding="utf-8")
    for path in folder.raw_files():
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for line in lines:
            if line["record"] == "end":
                line["log_tail"], line["reason"] = LOG, LOG[2]
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


TWO = ("py37-flask", "py310-fastapi-sync")


def two_variants(results: Path) -> RunFolder:
    """A run of a suite with two of its variants, which is read fast."""
    folder = copy_raw(DOCKER_RUN, results)
    experiment = json.loads((folder.path / "experiment.json").read_text(encoding="utf-8"))
    experiment["variants"] = list(TWO)
    (folder.path / "experiment.json").write_text(json.dumps(experiment), encoding="utf-8")
    for path in (folder.path / "samples").iterdir():
        if path.name not in TWO:
            shutil.rmtree(path)
    return folder
