"""Where the repository is, for every test."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
