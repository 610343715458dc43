"""Compose itself reads the lines of .env as the lab's own readers do."""

import subprocess
from pathlib import Path

import pytest
import yaml
from support.dotenv_lines import CASES, EVERY_LINE, NAMES

COMPOSE = "services:\n  any:\n    image: any\n    environment:\n"


def answers(words: list[str]) -> bool:
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("words", [["docker-compose"], ["docker", "compose"]], ids=" ".join)
def test_compose_reads_the_whole_table_so(tmp_path: Path, words: list[str]) -> None:
    if not answers([*words, "version"]):
        pytest.skip(f"{' '.join(words)} is not on this machine")
    (tmp_path / ".env").write_text(EVERY_LINE, encoding="utf-8", newline="")
    asked = "".join(f'      {name}: "<${{{name}:-}}>"\n' for name in NAMES)
    (tmp_path / "docker-compose.yml").write_text(f'version: "3"\n{COMPOSE}{asked}', "utf-8")

    completed = subprocess.run(
        [*words, "config"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    assert completed.returncode == 0, completed.stderr
    environment = yaml.safe_load(completed.stdout)["services"]["any"]["environment"]
    # What it prints could be read by it again, so each $ of a value stands twice.
    assert {name: value[1:-1].replace("$$", "$") for name, value in environment.items()} == dict(
        CASES
    )
