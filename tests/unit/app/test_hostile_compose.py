"""A Compose file that asks for the machine: refused in one line, or nothing of it is given."""

import json
from pathlib import Path

import pytest
from lab.app.compose_records import ComposeService
from lab.app.compose_service import read_composed
from lab.app.container_companions import companions
from lab.app.container_limits import bare
from lab.app.spec_file import describe
from lab.errors import UsageError
from support.time_limit import time_limit

FILE = """
services:
  web: {{build: ., command: python app.py, ports: ["8000:8000"], depends_on: [worker]}}
  worker: {{image: "worker:1", command: work, {asked}}}
secrets: {{outside: {{file: ../private}}, system: {{file: /etc/passwd}}}}
volumes: {{disk: {{driver: local, driver_opts: {{type: none, o: bind, device: /}}}}}}
networks: {{default: {{driver: host, external: true}}}}
"""
GIVEN = {*bare(), "image", "command", "environment", "tmpfs", "volumes", "user", "healthcheck"}
NOTHING_OF_IT = (
    *("network_mode: host", "network_mode: 'container:x'", "network_mode: 'service:gate'"),
    *("uts: host", "cgroup: host", "cgroup_parent: /", "security_opt: ['seccomp:unconfined']"),
    *("user: root", "user: '0:0'", "user: '1:0'", "sysctls: {kernel.msgmax: 1}"),
    *("ulimits: {nproc: -1}", "group_add: [docker]", "gpus: all", "mem_limit: 999g"),
    *("deploy: {replicas: 1000, resources: {limits: {memory: 999g}}}", "scale: 1000"),
    *("runtime: evil", "extra_hosts: ['x:host-gateway']", "dns: 192.0.2.1", "links: ['gate:x']"),
    *("external_links: [y]", "volumes_from: ['container:x']", "container_name: gate"),
    *("labels: {com.docker.compose.project: x, memlab.project: x}", "hostname: gate"),
    *("device_cgroup_rules: ['a *:* rwm']", "logging: {driver: fluentd}", "pids_limit: -1"),
    *("oom_kill_disable: true", "shm_size: 999g", "storage_opt: {size: 999G}", "restart: always"),
    *("post_start: [{command: x, privileged: true}]", "provider: {type: evil}", "read_only: false"),
    *("develop: {watch: [{path: /, action: sync, target: /}]}", "use_api_socket: true"),
    *("credential_spec: {file: x}", "volumes: ['disk:/disk']", "volumes: ['~:/x']", "cap_drop: []"),
    *("profiles: [x]", "init: true", "tty: true", "isolation: x", "blkio_config: {weight: 10}"),
    *(
        "annotations: {a: b}",
        "stop_signal: 'KILL; x'",
        "configs: [outside]",
        "expose: ['99999999']",
    ),
)
REFUSED = (
    *("privileged: true", "privileged: 'true'", "privileged: 1", "cap_add: [SYS_ADMIN]"),
    *("cap_add: {a: b}", "devices: ['/dev/sda:/dev/sda']", "pid: host", "ipc: host"),
    *("userns_mode: host", "volumes: ['/:/host']", "volumes: ['/etc:/etc:ro']"),
    *("volumes: ['../private:/x']", "volumes: ['/var/run/docker.sock:/s']", "volumes: [abc]"),
    *("volumes: [{type: bind, source: /etc, target: /x}]", "volumes: [5]", "volumes: ['./x:']"),
    *("env_file: ../private", "env_file: /etc/passwd", "env_file: [{path: ../private}]"),
    *("secrets: [outside]", "secrets: [system]", "extends: {file: /etc/passwd, service: x}"),
    *("build: ..", "build: /etc", "build: 'https://192.0.2.1/x.git'"),
    *(
        "build: {context: ., dockerfile: ../private}",
        "build: {context: ., dockerfile: /etc/passwd}",
    ),
    *("image: --privileged", "image: '$(touch ran)'", 'image: "a\\nb"', "image: 'a b'"),
    *("image: '${HOME}'", "image: ';x'", "image: -a", "image: '../x'"),
)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (tmp_path / "private").write_text("PRIVATE=text\n")
    (folder / "Dockerfile").write_text("FROM python:3.12\n")
    return folder


def worker(app: Path, asked: str) -> dict[str, object]:
    """What Compose is told of the service that asks."""
    (app / "compose.yaml").write_text(FILE.format(asked=asked))
    keys = {"compose": "compose.yaml", "service": "web"}
    (made,) = companions(describe(keys, app / "lab.toml"), "own-shop", Path("/work")).values()
    return made


@pytest.mark.parametrize("asked", NOTHING_OF_IT)
def test_what_it_asks_of_the_machine_is_not_given(app: Path, asked: str) -> None:
    made = worker(app, asked)

    assert set(made) <= GIVEN
    limits = {key: value for key, value in bare().items() if key != "user"}
    assert {key: made[key] for key in limits} == limits
    assert not str(made["user"]).startswith(("0", "root"))
    assert made["volumes"] == []
    assert "PRIVATE" not in json.dumps(made)


@pytest.mark.parametrize("asked", REFUSED)
def test_what_leads_out_or_asks_for_rights_is_one_line(app: Path, asked: str) -> None:
    with pytest.raises(UsageError) as refused:
        worker(app, asked)

    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400
    assert "PRIVATE" not in str(refused.value)


BUILT = "services:\n  web:\n    build: .\n"
ALIASED = "environment: {" + ", ".join(f"A{number}: *t" for number in range(9_000)) + "}\n"
LONG = "x" * 90_000
MERGED = "".join(
    f"x{each + 1}: &x{each + 1}\n  <<: [{', '.join([f'*x{each}'] * 300)}]\n" for each in range(3)
)
TOO_LARGE = {
    "aliases of a text": f'x: &t "{LONG}"\n{BUILT}    {ALIASED}',
    "aliases of a text with a variable": f'x: &t "$$ {LONG}"\n{BUILT}    {ALIASED}',
    "a command of aliases": f'x: &t "{LONG}"\n{BUILT}    command: [{", ".join(["*t"] * 9_000)}]\n',
    "a long variable again and again": f'{BUILT}    command: "{"$A" * 50_000}"\n',
    "a short variable again and again": f'{BUILT}    command: "{"$B " * 50_000}"\n',
    "many texts of one variable": f"{BUILT}    command: [{', '.join(['$B'] * 1_900)}]\n",
    "merges of merges": "x0: &x0 {a: 1, b: 2, c: 3}\n" + MERGED + BUILT,
    "an alias of itself": f"x: &x [*x]\n{BUILT}",
    "services that are themselves": "services: &s\n  web: *s\n",
}


@pytest.mark.parametrize("text", TOO_LARGE.values(), ids=TOO_LARGE)
def test_what_multiplies_is_refused_before_it_is_built(app: Path, text: str) -> None:
    (app / ".env").write_text(f"A={'x' * 500_000}\nB={'y' * 1_000}\n")
    with time_limit(10), pytest.raises(UsageError, match=r"too large|more than 100,000 char"):
        composed_of(app, text)


ODD = ("5", "true", "1.5", "2020-01-01", "!!binary aGk=", "!!set {a}")


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("key", ["depends_on", "env_file", "links", "secrets"])
def test_a_value_of_another_kind_is_one_line(app: Path, key: str, value: str) -> None:
    with pytest.raises(UsageError, match=rf"web.{key} is .* a list.* is expected$"):
        composed_of(app, f"{BUILT}    {key}: {value}\n")


@pytest.mark.parametrize("value", [*ODD, "[a]", "text"])
def test_secrets_that_are_no_table_are_one_line(app: Path, value: str) -> None:
    with pytest.raises(UsageError, match=r"secrets is .*: a table is expected$"):
        composed_of(app, f"secrets: {value}\n{BUILT}    secrets: [a]\n")


@pytest.mark.parametrize(
    "text",
    [
        'build: "\\0"',
        'build: "a\\nb"',
        'build: {dockerfile: "a\\nb\\e[31m"}',
        'command: "${A:?one\\ntwo}"',
        "command: !!bool x",
        "command: !!int ''",
        "command: !!timestamp x",
        "command: 0001-01-01 00:00:00 +23:00",
    ],
)
def test_a_text_with_signs_or_the_tag_of_another_is_one_line(app: Path, text: str) -> None:
    build = "" if text.startswith("build") else "    build: .\n"
    with pytest.raises(UsageError) as refused:
        composed_of(app, f"services:\n  web:\n{build}    {text}\n    links: 5\n")
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 600


def composed_of(app: Path, text: str) -> ComposeService:
    (app / "compose.yaml").write_text(text)
    return read_composed(app / "compose.yaml", app, "web")


@pytest.mark.parametrize(
    "text",
    [
        'environment: {A: "x\\0y"}',
        'environment: ["A=x\\0y"]',
        'command: "x\\0y"',
        'command: ["x", "\\0"]',
        'working_dir: "/x\\0y"',
        'volumes: ["./a\\0b:/x"]',
        'environment: {A: "${B:-x\\0}"}',
        "env_file: zero.env",
        "env_file: [zero.env]",
        "environment: {A: $ZERO}",
    ],
)
def test_a_zero_byte_is_one_line_and_reaches_no_program(app: Path, text: str) -> None:
    (app / "zero.env").write_bytes(b"A=x\0y\n")
    if "$ZERO" in text:
        (app / ".env").write_bytes(b"ZERO=x\0y\n")
    with pytest.raises(UsageError, match="zero byte") as refused:
        composed_of(app, f"services:\n  web:\n    build: .\n    {text}\n")
    assert str(refused.value).isprintable()
