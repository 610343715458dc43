"""A results folder made to harm, rebuilt: one line, and nothing outside of the folder changes."""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders import raw
from lab import __main__ as commands
from lab.commands.rebuild import rebuild
from lab.errors import ExitCode
from lab.measure.resume import find_unfinished
from lab.store.comparison import keep_comparison
from lab.store.run_folder import RunFolder
from support.hostile_results import HOSTILE, NAME, PROGRAM, VARIANT, linked, sparse
from support.quoted_runs import DOCKER_RUN, TRY_RUN, copy_raw

SECONDS = 20
"""After which a rebuild counts as hanging; each takes well under one."""


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    def late(*_: object) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of the one who rebuilds: files of value, and `results/` with the stranger's run."""
    monkeypatch.delenv("RUN", raising=False)
    results = tmp_path / "results"
    monkeypatch.setenv("RESULTS", str(results))
    (tmp_path / "program").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "program").chmod(0o755)
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "experiment.json").write_text("{}", encoding="utf-8")
    folder = RunFolder.create(results, NAME)
    folder.write_experiment(raw.experiment(VARIANT))
    written = raw.trial()
    writer = folder.trial_writer(VARIANT, 1)
    for record in (written.start, *written.samples, *written.blocks, *written.troughs):
        writer.write(record)
    writer.close()
    return tmp_path


def listing(home: Path) -> dict[str, tuple[int, str]]:
    """Mode and hash of everything but what lies in the run's own folder."""
    files = {}
    own = home / "results" / NAME
    for folder, _, names in os.walk(home):
        if own in (Path(folder), *Path(folder).parents):
            continue
        for name in names:
            path = Path(folder) / name
            content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
            mode = path.lstat().st_mode
            files[str(path)] = (mode, hashlib.sha256(content).hexdigest())
    return files


def report(run: str = NAME) -> int:
    return commands.main(["report", f"--run={run}"])


def run_folder(home: Path) -> Path:
    return home / "results" / NAME


def id_of(case: object) -> str | None:
    return case[:30].replace("/", "-") if isinstance(case, str) else None


@pytest.mark.parametrize(("name", "plant", "said"), HOSTILE, ids=id_of)
def test_it_is_refused_with_one_line_and_nothing_is_written(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    plant: Callable[[Path], None],
    said: str,
) -> None:
    plant(run_folder(home) / name)
    before, inside = listing(home), sorted(os.listdir(run_folder(home)))

    assert report() == ExitCode.INCOMPLETE
    error = capsys.readouterr().err
    assert said in error
    assert name.rpartition("/")[2] in error
    assert (error.count("\n"), len(error) < 500) == (1, True)
    assert listing(home) == before
    assert sorted(os.listdir(run_folder(home))) == inside


def test_a_hard_link_is_replaced_and_not_written_through(home: Path) -> None:
    for name in ("report.md", "summary.json", "curves.svg", ".report.md.partial"):
        os.link(home / "program", run_folder(home) / name)
    before = listing(home)

    assert report() == ExitCode.DECIDED
    assert listing(home) == before
    assert "#!/bin/sh" not in (run_folder(home) / "report.md").read_text(encoding="utf-8")


BAD_RUNS = ["..", ".", "../private", "evil/../../private", "evil/", "./evil", "", "/", ".evil"]
BAD_RUNS += ["evil\n", "\x1b]52;c;eA==\x07", "a\x00b", "\udcff", "x" * 300, "-evil", "*", "program"]


@pytest.mark.parametrize("run", BAD_RUNS)
def test_a_run_that_is_no_name_in_results_is_usage(
    home: Path, capsys: pytest.CaptureFixture[str], run: str
) -> None:
    before, inside = listing(home), sorted(os.listdir(run_folder(home)))
    (home / "experiment.json").write_text("{}", encoding="utf-8")
    (home / "results" / "experiment.json").write_text("{}", encoding="utf-8")

    assert report(run) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert error.startswith("lab: RUN=")
    assert error[:-1].isprintable()
    for name in ("experiment.json", "results/experiment.json"):
        (home / name).unlink()
    assert listing(home) == before
    assert sorted(os.listdir(run_folder(home))) == inside


def test_an_absolute_run_is_usage_even_inside_of_results(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(str(run_folder(home))) == ExitCode.USAGE
    assert report(str(home / "private")) == ExitCode.USAGE
    said = capsys.readouterr().err.splitlines()
    assert [line.startswith("lab: RUN='/") for line in said] == [True, True]


@pytest.mark.parametrize("target", ["../private", "evil", "/nowhere", "link"])
def test_a_run_that_is_a_symlink_is_usage(
    home: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    (home / "results" / "link").symlink_to(target)
    before = listing(home)

    assert report("link") == ExitCode.USAGE
    assert "RUN='link' is a symlink" in capsys.readouterr().err
    assert listing(home) == before


@pytest.mark.parametrize("target", ["../private", "..", "/etc", "./evil", "evil/samples", "latest"])
def test_latest_leads_to_a_name_in_results_alone(
    home: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    (home / "results" / "latest").symlink_to(target)
    before = listing(home)

    assert report("latest") == ExitCode.USAGE
    assert "latest" in capsys.readouterr().err
    assert listing(home) == before


def test_latest_that_is_a_symlink_to_a_symlink_is_usage(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "results" / "latest").symlink_to("link")
    (home / "results" / "link").symlink_to("../private")

    assert report("latest") == ExitCode.USAGE
    assert "is a symlink" in capsys.readouterr().err


def test_latest_may_be_a_folder_as_in_a_copy(home: Path) -> None:
    run_folder(home).rename(home / "results" / "latest")

    assert report("latest") == ExitCode.DECIDED


def packed(folder: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.add(folder, arcname=folder.name)
    return out.getvalue()


@pytest.mark.parametrize("run", [DOCKER_RUN, TRY_RUN])
def test_an_honest_run_sent_as_a_tar_is_rebuilt_to_the_byte(
    home: Path, tmp_path_factory: pytest.TempPathFactory, run: str
) -> None:
    sender = copy_raw(run, tmp_path_factory.mktemp("sender"))
    rebuild(sender)
    results, sent = home / "results", packed(sender.path)
    with tarfile.open(fileobj=io.BytesIO(sent)) as tar:
        tar.extractall(results, filter="data")
    before, names = listing(results / run), os.listdir(results / run)
    others = {key: value for key, value in listing(home).items() if f"/{run}/" not in key}

    assert report(run) == ExitCode.DECIDED
    assert listing(results / run) == before
    assert sorted(os.listdir(results / run)) == sorted(names)
    after = {key: value for key, value in listing(home).items() if f"/{run}/" not in key}
    assert after == others


POISON = '\x1b]52;c;eA==\x07<img src=x onerror=alert(1)>[/]](http://x)`"$(id)'


def made_to_harm(folder: Path) -> None:
    """A run's folder with everything at once that a sender may think of."""
    for number, (name, plant, _) in enumerate(HOSTILE):
        aside = Path(name)
        plant(folder / aside.with_name(f"{number}-{aside.name}"))
    for name in ("answer.md", ".report.md.partial", "latest", "issue.md"):
        linked(PROGRAM)(folder / name)
    (folder / "a\x1b[2J\nb").touch()


@pytest.mark.parametrize("harm", ["all", "poison", *range(len(HOSTILE))])
def test_a_tar_made_to_harm_changes_nothing_outside(
    home: Path, tmp_path_factory: pytest.TempPathFactory, harm: str | int
) -> None:
    sender = tmp_path_factory.mktemp("sender") / NAME
    shutil.move(run_folder(home), sender)
    if harm == "all":
        made_to_harm(sender)
    elif harm == "poison":
        text = (sender / "experiment.json").read_text()
        poisoned = text.replace(VARIANT, json.dumps(POISON)[1:-1])
        (sender / "experiment.json").write_text(poisoned)
    else:
        assert isinstance(harm, int)
        name, plant, _ = HOSTILE[harm]
        plant(sender / name)
    sent = sender.with_suffix(".tar")
    subprocess.run(["tar", "-S", "-cf", sent, "-C", sender.parent, NAME], check=True)
    subprocess.run(["tar", "-xf", sent, "-C", home / "results"], check=True)
    before = listing(home)

    code = report()

    refused = ExitCode.INCOMPLETE
    assert code == refused or (harm == "poison" and code != ExitCode.INTERNAL)
    assert listing(home) == before


def test_a_hostile_run_is_not_gone_on_with(home: Path) -> None:
    wanted = raw.experiment(VARIANT, suite="thread", elapsed_seconds=None)
    folder = RunFolder(run_folder(home))
    folder.write_experiment(wanted)
    unfinished = find_unfinished(home / "results", wanted)
    assert unfinished is not None
    unfinished.lock.release()
    (folder.path / "samples" / VARIANT / "2.jsonl").symlink_to("../../../../program")

    assert find_unfinished(home / "results", wanted) is None


def test_hostile_runs_beside_ones_own_do_no_harm(home: Path) -> None:
    results = home / "results"
    shutil.copytree(run_folder(home), results / "mine")
    for number, plant in enumerate((os.mkfifo, Path.mkdir, sparse, linked("/dev/zero"))):
        beside = results / f"beside-{number}"
        beside.mkdir()
        plant(beside / "experiment.json")
    (results / "outside").symlink_to("../private")
    mine = RunFolder(results / "mine")
    keep_comparison(mine)

    assert mine.read_comparison() is None
    assert report("mine") == ExitCode.DECIDED
