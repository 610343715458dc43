"""The file of layers: written and read, and what is typed for an app."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from bench_bisections import json_text
from bench_layers import APPS, KeptLayers, layers, read_layers
from lab.app.spec_file import read_spec
from lab.records.codec import encode
from lab.records.experiment import EngineInfo, Experiment, HostInfo
from lab.records.judgement import Interval, Verdict
from lab.records.layers import Layer, LayerResult, LayersAnswer, Need
from lab.store.json_file import write_record

ANSWER = LayersAnswer(
    schema_version=1,
    app="shop",
    base=LayerResult(None, "the app as it is", Verdict.LEAK, "", Interval(3.0, 2.0, 4.0), 9),
    exchanges=(LayerResult(Layer.PYTHON, "3.9", Verdict.FLAT, "", None, 0, Need.NEEDED),),
    not_exchanged=(),
    said=("The leak is gone with 3.9.",),
    exit_code=0,
)
EXPERIMENT = Experiment(
    *("1.0", "own", "2026-11-27T16:00:00+00:00", 90.0, False, "make layers"),
    *(EngineInfo("process", "1", "v2"), HostInfo(2, 8 << 30, "5.10", "some CPU"), "0" * 40),
    *({}, {}, {}, (), ()),
)


def test_what_is_written_is_what_is_read() -> None:
    found = {"shop": KeptLayers("20261127-160000-layers-shop", "0" * 40, 4.5, ANSWER)}

    assert read_layers(json_text(encode(found), 3).encode()) == found


def test_the_answer_of_a_run_is_kept_with_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = []

    def make(line: list[str], **_: Any) -> None:
        typed.append(line)
        app = Path(line[3].removeprefix("APP="))
        assert read_spec(app).name == "aiohttp-middleware"
        run = tmp_path / "20261127-160000-layers-aiohttp-middleware"
        run.mkdir()
        write_record(run / "experiment.json", EXPERIMENT)
        write_record(run / "layers.json", ANSWER)
        (tmp_path / "latest").symlink_to(run.name)

    monkeypatch.setattr(subprocess, "run", make)

    kept = layers("aiohttp-middleware", tmp_path)

    assert kept is not None
    assert (kept.run, kept.commit, kept.answer) == (
        *("20261127-160000-layers-aiohttp-middleware", "0" * 40, ANSWER),
    )
    assert (typed[0][2], typed[0][4]) == ("layers", "ENGINE=process")


def test_a_run_without_an_answer_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: (tmp_path / "2026").mkdir())

    assert layers(next(iter(APPS)), tmp_path) is None
