"""lab.toml: what it may say, and what is said of the rest."""

import os
import re
from pathlib import Path

import pytest
from lab.app import spec_file as toml
from lab.app.request_keys import KIND, ONLY_HTTP, REQUEST_KEYS
from lab.app.requests import MANY, opening
from lab.app.spec import AppSpec, RequestProtocol, RequestSpec, Upload
from lab.app.spec_file import describe, read_spec
from lab.app.spec_keys import APP_KEYS
from lab.errors import ExitCode, UsageError
from lab.load.websocket import Conversation
from lab.records.variant import Connection

COMMAND = 'command = "python app.py"\n'


def app(tmp_path: Path, text: str) -> AppSpec:
    (tmp_path / "lab.toml").write_text(text, encoding="utf-8")
    return read_spec(tmp_path)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        app(tmp_path, text)
    assert caught.value.exit_code == ExitCode.USAGE
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(tmp_path), "APP")


def test_a_command_alone_is_enough(tmp_path: Path) -> None:
    spec = app(tmp_path, COMMAND)

    assert (spec.command, spec.python, spec.count) == ("python app.py", "3.12", 4000)
    assert spec.requests == (RequestSpec(),)


def test_every_key_of_the_table_is_read(tmp_path: Path) -> None:
    for name in ("photo.jpg", "order.json", "Dockerfile", ".env"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "compose.yaml").write_text("services: {web: {image: x}}", encoding="utf-8")
    without = {"image", "dockerfile"}
    (tmp_path / "access.log").write_text(LOG, encoding="utf-8")
    lines = [f"{key.name} = {key.example}" for key in APP_KEYS if key.name not in without]
    kinds = [[key for key in REQUEST_KEYS if key.name not in others] for others in BODIES]
    for keys in kinds:
        lines += ["[[requests]]", *(f"{key.name} = {key.example}" for key in keys)]
    keys = [key for key in REQUEST_KEYS if key not in (*ONLY_HTTP, KIND)]
    lines += ["[[requests]]", 'kind = "websocket"', *(f"{k.name} = {k.example}" for k in keys)]

    spec = app(tmp_path, "\n".join(lines))

    assert spec.requirements == ("aiohttp==3.10.10",)
    assert [request.weight for request in spec.requests] == [1000, 1, 1, 1, 1]
    assert spec.requests[3].multipart[1] == Upload("file", file=(tmp_path / "photo.jpg").resolve())


LOG = '- - - [] "GET /a HTTP/1.1" 200 1\n'
SAID = {"say", "listen"}
BODIES = (
    {"body_file", "multipart", *SAID},
    {"body", "multipart", *SAID},
    {"body", "body_file", *SAID},
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('say = ["x"]', 'it is a key of kind = "websocket"'),
        ('kind = "websocket"\nbody = "x"', 'it is a key of kind = "http"'),
        ('kind = "websocket"\nmethod = "POST"', 'it is a key of kind = "http"'),
        ('kind = "websocket"\nlisten = -1', "a whole number from 0 to 100000"),
        ('kind = "websocket"\nsay = "x"', "a list of texts"),
    ],
)
def test_each_kind_of_request_has_keys_of_its_own(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        app(tmp_path, f"{COMMAND}[[requests]]\n{text}\n")


def test_a_websocket_listens_for_a_message_for_each_text(tmp_path: Path) -> None:
    text = 'kind = "websocket"\npath = "/ws"\nsay = ["a", "b"]\n'
    for more, listen in (("", 2), ("listen = 0", 0), ("read_seconds = 1", MANY)):
        (request,) = app(tmp_path, f"{COMMAND}[[requests]]\n{text}{more}\n").requests
        opened = opening(request)
        assert opened.conversation == Conversation(("a", "b"), listen)
        assert opened.ok_statuses == (101,)


def test_requests_are_read_whole(tmp_path: Path) -> None:
    text = COMMAND + (
        '[[requests]]\nmethod = "post"\npath = "/a/{n}"\nheaders = { X-N = "{n}", Count = 3 }\n'
        'body = "b{n}"\nexpect = 405\nweight = 3\nconnection = "keep-alive"\n'
        '[[requests]]\nkind = "tcp"\n'
    )

    first, second = app(tmp_path, text).requests

    assert first == RequestSpec(
        method="POST",
        path="/a/{n}",
        headers={"X-N": "{n}", "Count": "3"},
        body="b{n}",
        expect=(405,),
        weight=3,
        connection=Connection.KEEP_ALIVE,
    )
    assert second.kind is RequestProtocol.TCP


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('comand = "x"', "APP/lab.toml: the key comand is unknown: did you mean command?"),
        (COMMAND + "[[requests]]\npth = '/'", "the key requests[1].pth is unknown: did you mean"),
        (COMMAND + "zzz = 1", "the key zzz is unknown: the keys are python, requirements"),
        (COMMAND + "workers = 0", "workers = 0 cannot be used: allowed is a whole number from 1"),
        (COMMAND + "workers = true", "workers = True cannot be used"),
        (COMMAND + "count = 4", "count = 4 cannot be used: allowed is a whole number from 8"),
        (COMMAND + 'python = "2.7"', "python = '2.7' cannot be used: allowed is one of 3.7, 3.8"),
        (COMMAND + "python = 3.12", "python = 3.12 cannot be used"),
        (COMMAND + 'memory = "1"', "memory = '1' cannot be used: allowed is a size from 64m"),
        (COMMAND + 'health = "up"', "health = 'up' cannot be used: allowed is a path that begins"),
        (COMMAND + "probes = 0", "probes = 0 cannot be used: allowed is true or false"),
        (COMMAND + 'requirements = "no.txt"', "requirements = 'no.txt' cannot be used"),
        (COMMAND + 'requirements = "../lab.toml"', "requirements = '../lab.toml' cannot be used"),
        (COMMAND + 'requirements = ["-i x"]', "requirements = ['-i x'] cannot be used"),
        (
            COMMAND + 'requirements = ["requirements.txt"]',
            "requirements = ['requirements.txt'] cannot be used: allowed is a list of packages, "
            'in which a file stands as "-r requirements.txt"',
        ),
        (COMMAND + 'environment = { PORT = "1" }', "environment = {'PORT': '1'} cannot be used"),
        (COMMAND + "requests = 3", "requests = 3 cannot be used: allowed is tables"),
        (COMMAND + "[[requests]]\nexpect = 99", "requests[1].expect = 99 cannot be used"),
        (COMMAND + '[[requests]]\nmethod = "A B"', "requests[1].method = 'A B' cannot be used"),
        (COMMAND + '[[requests]]\npath = "x"', "requests[1].path = 'x' cannot be used"),
        (COMMAND + '[[requests]]\nheaders = { Connection = "x" }', "other than connection"),
        (COMMAND + '[[requests]]\nbody = "a"\nbody_file = "b"', "and body is given already"),
        (COMMAND + '[[requests]]\nkind = "tcp"\npath = "/"', "kind and weight alone"),
        (COMMAND + 'image = "a"\ndockerfile = "lab.toml"', "image or dockerfile, not both"),
        ('image = "a"\nrequirements = ["b"]', "the image brings its own packages"),
        ('python = "3.12"', "APP/lab.toml: command is missing"),
        ("command = ", "APP/lab.toml is not TOML: Invalid value (at end of document)"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_a_missing_folder_and_a_missing_file_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gone is not there"):
        read_spec(tmp_path / "gone")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file is a file"):
        read_spec(tmp_path / "file")
    with pytest.raises(UsageError, match=r"holds no lab\.toml: `make init APP="):
        read_spec(tmp_path)


def test_a_dockerfile_of_the_folder_is_used_unless_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")

    assert app(tmp_path, "").dockerfile == (tmp_path / "Dockerfile").resolve()
    assert app(tmp_path, COMMAND + 'python = "3.9"').dockerfile is None
    assert app(tmp_path, 'image = "shop"').dockerfile is None


def test_names_become_parts_of_a_services_name() -> None:
    assert [toml.slug(name) for name in ("My Shop_2", "---", "ÄÖ")] == ["my-shop-2", "app", "app"]


def test_describing_needs_no_file(tmp_path: Path) -> None:
    found = describe({"command": "serve"}, tmp_path / "lab.toml")

    assert re.fullmatch(r"[a-z0-9-]+", found.name)


def test_a_flag_among_the_variables_is_told_how_to_write_it(tmp_path: Path) -> None:
    said = refused(tmp_path, 'command = "a"\nenvironment = { DEBUG = true }\n')
    assert said.endswith(': quote it, DEBUG = "true"')


def test_a_pipe_or_a_device_is_no_description(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lab.toml")

    with pytest.raises(UsageError) as refused_pipe:
        read_spec(tmp_path)
    said = "lab.toml cannot be read: it is a named pipe, a regular file is expected"
    assert str(refused_pipe.value) == f"{tmp_path}/{said}"

    (tmp_path / "lab.toml").unlink()
    (tmp_path / "lab.toml").symlink_to("/dev/zero")
    with pytest.raises(UsageError, match="leads out of its folder"):
        read_spec(tmp_path)


def test_a_description_is_bounded_in_size_and_in_depth(tmp_path: Path) -> None:
    assert "nested too deeply" in refused(tmp_path, f"command = {'[' * 100_000}")
    with (tmp_path / "lab.toml").open("wb") as file:
        file.truncate(8 << 30)

    with pytest.raises(UsageError, match="at most 1,048,576 are read"):
        read_spec(tmp_path)


def test_a_dockerfile_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").symlink_to("/etc/passwd")

    assert "Dockerfile leads out of its folder" in refused(tmp_path, COMMAND)


def test_a_folder_may_be_reached_by_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "lab.toml").write_text(COMMAND, encoding="utf-8")
    (tmp_path / "link").symlink_to("real")

    assert read_spec(tmp_path / "link").command == "python app.py"


@pytest.mark.parametrize(
    "mark", ["\\v", "\\f", "\\u001c", "\\u0085", "\\u2028", "\\u2029", "\\r", "\\n"]
)
def test_a_requirement_is_one_line_to_pip(tmp_path: Path, mark: str) -> None:
    text = COMMAND + f'requirements = ["flask{mark}--index-url https://evil.example"]\n'

    assert "requirements = " in refused(tmp_path, text.replace("\\v", "\\u000b"))


@pytest.mark.parametrize("text", ['bundle.exclude = ["data"]\n', '[bundle]\nexclude = ["data"]\n'])
def test_what_a_bundle_leaves_out_is_read(tmp_path: Path, text: str) -> None:
    assert app(tmp_path, COMMAND + text).bundle_exclude == ("data",)
    assert app(tmp_path, COMMAND).bundle_exclude == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bundle = 1\n", "bundle = 1 cannot be used: allowed is a table"),
        ("bundle.exclud = []\n", "the key bundle.exclud is unknown: did you mean exclude?"),
        ('bundle.exclude = "data"\n', "bundle.exclude = 'data' cannot be used"),
    ],
)
def test_what_it_cannot_leave_out_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, COMMAND + text)


def test_what_is_described_says_more_of_one_kind_of_the_traffic(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(LOG * 3 + LOG.replace("GET /a", "POST /b/7"), "utf-8")
    mixed = 'traffic = "access.log"\n[[requests]]\nmethod = "POST"\npath = "/b/{n}"\nbody = "x"\n'
    read, written = app(tmp_path, COMMAND + mixed).requests
    assert (read.path, read.weight) == ("/a", 750)
    assert (written.path, written.body, written.weight) == ("/b/{n}", "x", 250)


def test_traffic_that_is_none_is_refused_with_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text("hello\n", encoding="utf-8")
    said = refused(tmp_path, f'{COMMAND}traffic = "access.log"\n')
    assert "traffic = 'access.log' cannot be used: " in said
    assert "; left out: 1 " in said
    assert "none has that name" in refused(tmp_path, f'{COMMAND}traffic = "other.log"\n')
