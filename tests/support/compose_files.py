"""Compose files of few variants, as the whole of compose.yaml is long to read."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from lab.matrix.compose_file import read_services
from lab.matrix.variants import read_matrix
from lab.records.variant import Variant
from support.paths import ROOT


@cache
def compose_of(*names: str, suite: str = "core") -> str:
    """The services with these names as compose.yaml has them by default, in a suite of choice."""
    services = read_services(ROOT / "compose.yaml", {})
    chosen = {name: dict(services[name]) for name in names}
    for service in chosen.values():
        service["labels"] = {**service["labels"], "lab.suite": suite}
    return json.dumps({"services": chosen})


SERVICE = """
services:
  one:
    image: memlab-one
    command: ["serve", "--threads", "4"]
    mem_limit: 512m
    environment: {LAB_WORKLOAD: lists}
    labels:
      lab.python: "3.7"
      lab.stack: thread
      lab.framework: flask
      lab.server: gunicorn-gthread
      lab.endpoint: sync
      lab.workload: lists
      lab.suite: core
      lab.workers: ${WORKERS:-1}
      lab.host_cpus: ${HOST_CPUS:-16}
"""
"""A compose file with one variant."""


def matrix(
    tmp_path: Path, text: str = SERVICE, values: Mapping[str, str] | None = None
) -> tuple[Variant, ...]:
    path = tmp_path / "compose.yaml"
    path.write_text(text, encoding="utf-8")
    return read_matrix(path, values or {})
