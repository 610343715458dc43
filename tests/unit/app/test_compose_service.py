"""The app's own Compose file: what is taken from it, and what of a stranger's is refused."""

import json
from pathlib import Path

import pytest
from lab.app.compose_service import read_composed
from lab.app.compose_text import interpolated, parsed
from lab.app.container import secret_volumes
from lab.app.services import environment
from lab.app.spec_file import describe
from lab.commands.app_runs.input import with_command
from lab.errors import UsageError
from lab.records.app_services import ServiceKind

WHOLE = """
services:
  web:
    build: {context: back, target: run, args: {MODE: "${MODE:-fast}"}}
    command: ["serve", "a b"]
    ports: ["127.0.0.1:8080:5000/tcp"]
    env_file: [shop.env]
    environment: [DATABASE_URL=postgres://shop:$PASSWORD@db/visits, EMPTY]
    secrets: [key]
    volumes: ["/:/host"]
    network_mode: host
    depends_on: {queue: {condition: service_started}}
  queue:
    image: rabbitmq:3-management
    depends_on: [db]
  db:
    image: docker.io/library/postgres:16-alpine
    environment: {POSTGRES_USER: shop, POSTGRES_DB: "${NAME-visits}"}
  admin: {image: dpage/pgadmin4}
secrets: {key: {file: keys/key.txt}, out: {file: ../../key}}
"""
NEEDS_SOLR = "services: {web: {build: back, depends_on: [s]}, s: {image: solr"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "back").mkdir(parents=True)
    (folder / "keys").mkdir()
    (folder / "back" / "Dockerfile").write_text("FROM x\n")
    (folder / "keys" / "key.txt").write_text("k")
    (folder / "shop.env").write_text("LEVEL=info\nDATABASE_URL=none\n")
    (folder / ".env").write_text("PASSWORD=secret\n")
    (folder / "compose.yaml").write_text(WHOLE)
    return folder


def test_a_service_and_the_servers_that_it_needs_are_read(app: Path) -> None:
    composed = read_composed(app / "compose.yaml", app, None)

    assert composed.build is not None
    assert (composed.build.context, composed.build.target) == (app / "back", "run")
    assert composed.build.args == {"MODE": "fast"}
    assert (composed.command, composed.port) == ("serve 'a b'", 5000)
    assert composed.environment == {
        "LEVEL": "info",
        "DATABASE_URL": "postgres://shop:secret@db/visits",
    }
    assert composed.secrets == {"key": app / "keys" / "key.txt"}
    assert composed.companions == ()
    db, queue = composed.servers
    assert (queue.kind, queue.hosts) == (ServiceKind.RABBITMQ, ("queue",))
    assert (db.users, db.databases, db.hosts) == (("shop",), ("visits",), ("db",))


def test_a_description_takes_it_and_its_own_keys_come_first(app: Path) -> None:
    keys = {"compose": "compose.yaml", "service": "web"}
    spec = describe(keys, app / "lab.toml")
    own = describe(
        {**keys, "python": "3.12", "command": "x", "services": ["redis"], "port": 1},
        app / "lab.toml",
    )

    assert spec.dockerfile == app / "back" / "Dockerfile"
    assert [each.kind for each in spec.services] == ["postgres", "rabbitmq"]
    assert (spec.command, spec.port) == ("serve 'a b'", 5000)
    assert (own.dockerfile, own.command, own.port) == (None, "x", 1)
    assert [each.kind for each in own.services] == ["redis"]
    assert own.secrets == spec.secrets


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services: {web: {build: ../other}}", "leads out of"),
        ("services: {web: {build: .}}", "there is no"),
        ("services: {web: {build: back, env_file: /etc/passwd}}", "leads out of"),
        ("services: {web: {build: back, environment: {A: '${B:?say it}'}}}", "B must be set"),
        ("services: {web: {build: back, extends: {service: x}}}", "extends"),
        ("services: {a: {build: back}, b: {build: back}}", "service = one of a, b"),
        ("services: {web: {build: back, privileged: true}}", "web asks for privileged"),
        ("services: {web: {build: back, cap_add: [SYS_ADMIN]}}", "web asks for cap_add"),
        ("services: {web: {build: back, pid: host}}", "web asks for pid"),
        ("services: {web: {build: back, depends_on: [s]}, s: {}}", "s has neither image nor build"),
        (f"{NEEDS_SOLR}, devices: [/dev/sda]}}}}", "s asks for devices"),
        (f"{NEEDS_SOLR}, volumes: ['/var/run/docker.sock:/d']}}}}", "leads out of"),
        (f"{NEEDS_SOLR}, volumes: ['./keys:d']}}}}", "is not a path in a container"),
        (f"{NEEDS_SOLR}, command: 'x \"'}}}}", "is not a command"),
        ("services: []", "has no services"),
        ("a: &a [1]\nb: [*a", "compose.yaml"),
        (f"services: {'{a: ' * 2500}", "too many brackets"),
    ],
)
def test_what_cannot_be_used_is_one_line(app: Path, text: str, said: str) -> None:
    (app / "compose.yaml").write_text(text)
    with pytest.raises(UsageError, match=said) as refused:
        describe({"compose": "compose.yaml"}, app / "lab.toml")
    assert "\n" not in str(refused.value)


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(ValueError, match="too large"):
        parsed("\n".join(lines))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A-${A}-$$A", "a-a-$A"),
        ("${B:-x}${B-x}${E:-x}${E-x}", "xxx"),
        ("${A:+y}${B:+y}", "y"),
        ("$(id) ${B:-$(id)}", "$(id) $(id)"),
    ],
)
def test_variables_are_replaced_as_compose_does_it(text: str, value: str) -> None:
    assert interpolated(text, {"A": "a", "E": ""}) == value


def test_secrets_of_the_file_reach_the_app_by_name(app: Path) -> None:
    spec = describe({"compose": "compose.yaml"}, app / "lab.toml")
    told = environment(spec)["LAB_SECRETS"]
    assert told == "key=keys/key.txt"
    assert secret_volumes(told, Path("/w")) == ["/w/app/keys/key.txt:/run/secrets/key:ro"]


def test_what_it_needs_that_is_no_server_is_started_after_what_that_needs(app: Path) -> None:
    (app / "compose.yaml").write_text(
        """
services:
  web: {build: back, depends_on: {api: {condition: service_healthy}, mail: {}, seed: {
    condition: service_completed_successfully}}}
  api:
    build: back
    command: serve --on "a b"
    expose: [8000]
    user: "0"
    volumes: [./keys:/keys, data:/data, ./not-there:/empty, /own]
    healthcheck: {test: curl localhost}
    depends_on: [seed, cache]
  seed: {image: "seed:1", entrypoint: [], user: "70:70", depends_on: {api: {}}}
  mail: {image: mail, healthcheck: {test: [NONE]}, tmpfs: /mails:size=1m}
  cache: {image: redis}
"""
    )
    composed = read_composed(app / "compose.yaml", app, "web")

    assert [each.kind for each in composed.servers] == ["redis"]
    seed, api, mail = composed.companions
    assert (seed.name, api.name, mail.name) == ("seed", "api", "mail")
    assert api.build is not None
    assert (api.command, api.entrypoint, api.port) == (("serve", "--on", "a b"), None, 8000)
    assert (api.user, seed.user) == (None, "70:70")
    assert api.mounts == {"/keys": app / "keys"}
    assert api.in_memory == ("/data", "/empty", "/own")
    assert api.health == ("CMD-SHELL", "curl localhost")
    assert (seed.image, seed.entrypoint, mail.health) == ("seed:1", (), ())
    assert [each.ready_when for each in composed.companions] == ["ended", "healthy", "started"]
    assert mail.in_memory == ("/mails",)


def test_what_is_named_as_services_stands_in_the_place_of_all_that_it_needs(app: Path) -> None:
    (app / "compose.yaml").write_text(f"{NEEDS_SOLR}}}}}")
    keys = {"compose": "compose.yaml", "service": "web"}
    assert [e.name for e in describe(keys, app / "lab.toml").companions] == ["s"]
    assert describe({**keys, "services": ["redis"]}, app / "lab.toml").companions == ()


def test_a_file_of_variables_that_is_not_there_is_left_out_and_told(app: Path) -> None:
    text = "services: {web: {build: back, env_file: [none.env, shop.env]}}"
    (app / "compose.yaml").write_text(text)

    composed = read_composed(app / "compose.yaml", app, None)

    assert composed.environment["LEVEL"] == "info"
    assert composed.left_out == ("env_file: there is no none.env, so its variables are not set",)


def test_services_at_the_top_are_read_as_well(app: Path) -> None:
    text = "db: {image: postgres}\nweb: {build: back, links: [db], command: serve}\n"
    (app / "compose.yaml").write_text(text)

    composed = read_composed(app / "compose.yaml", app, "web")

    assert (composed.command, [each.kind for each in composed.servers]) == ("serve", ["postgres"])
    (app / "compose.yaml").write_text(f"{text}volumes: {{data: }}\n")
    with pytest.raises(UsageError, match="it has no services"):
        read_composed(app / "compose.yaml", app, "web")


def test_what_no_service_is_given_is_told_by_its_service(app: Path) -> None:
    """Only keys that say something, of the measured service and of what it needs."""
    text = """
services:
  web: {build: back, network_mode: host, dns: [], depends_on: [mail]}
  mail: {image: mail, security_opt: [seccomp=unconfined], extra_hosts: ["a:host-gateway"]}
  other: {image: other, network_mode: host}
"""
    (app / "compose.yaml").write_text(text)

    assert read_composed(app / "compose.yaml", app, "web").left_out == (
        "web: network_mode left out: without it the service may behave differently",
        "mail: security_opt, extra_hosts left out: without it the service may behave differently",
    )


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("uvicorn main:app --reload --port 80", "uvicorn main:app --port 80"),
        ("[uvicorn, main:app, --reload]", "uvicorn main:app"),
        ("uvicorn main:app --reload-dir x", "uvicorn main:app --reload-dir x"),
    ],
)
def test_its_command_does_not_look_for_changed_files(app: Path, line: str, kept: str) -> None:
    (app / "compose.yaml").write_text(f"services: {{web: {{build: back, command: {line}}}}}")

    assert read_composed(app / "compose.yaml", app, None).command == kept


def test_a_command_comes_after_the_images_entry_point(app: Path) -> None:
    (app / "compose.yaml").write_text("services: {web: {build: back, command: serve}}")
    spec = describe({"compose": "compose.yaml"}, app / "lab.toml")
    own = describe({"compose": "compose.yaml", "command": "mine"}, app / "lab.toml")
    image = {"LAB_IMAGE_COMMAND": '[["/entry.sh", "a b"], ["other"]]'}

    assert with_command(spec, image).command == "/entry.sh 'a b' serve"
    assert with_command(spec, {"LAB_IMAGE_COMMAND": '[null, ["other"]]'}).command == "serve"
    assert with_command(with_command(spec, image), image).command == "/entry.sh 'a b' serve"
    assert with_command(own, image).command == "mine"


@pytest.mark.parametrize("ports", ["8000", '"80:80"', "{a: b}", "true"])
def test_ports_that_are_no_list_are_none(app: Path, ports: str) -> None:
    (app / "compose.yaml").write_text(f"services: {{web: {{build: back, ports: {ports}}}}}")

    assert read_composed(app / "compose.yaml", app, None).port is None


@pytest.mark.parametrize("name", ["a\nlab: outcome: agrees", "a\u2028b", "\x1b[2Ja", "x" * 5000])
def test_what_is_left_out_is_one_line_whatever_its_name(app: Path, name: str) -> None:
    services = {"web": {"image": "shop:1", "env_file": [name], "volumes": [f"/{name}:/x"]}}
    (app / "compose.yaml").write_text(json.dumps({"services": services}), encoding="utf-8")

    said = read_composed(app / "compose.yaml", app, "web").left_out
    assert said
    assert all(line.isprintable() and len(line) <= 500 for line in said)
