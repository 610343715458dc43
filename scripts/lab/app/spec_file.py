"""lab.toml to a description; the only place that reads it."""

import re
import tomllib
from pathlib import Path
from typing import Any

from lab.app.env_file import parse_env
from lab.app.folder import check_folder
from lab.app.spec import FILE, PYTHON, AppSpec, RequestProtocol, RequestSpec, Upload
from lab.app.spec_keys import APP_KEYS, REQUEST_KEYS, REQUESTS, check_known, names
from lab.app.table_reader import Table
from lab.errors import UsageError
from lab.files import read_bytes
from lab.records.variant import Connection
from lab.settings import parse_size

PYTHONS = tuple(f"3.{minor}" for minor in range(7, 15))
SMALLEST_LIMIT_BYTES, LARGEST_LIMIT_BYTES = 64 << 20, 64 << 30
MAX_ENV_BYTES = 1 << 20
NAMES = r"[A-Za-z_][A-Za-z0-9_]*"
TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
"""What HTTP allows as a method or as the name of a header."""
LINE = r"[\x20-\x7e\t]*"
REQUIREMENT = r"(?:[^-\s]|-[rc] [^\s-])[^\r\n]*"
"""A requirement of pip's, or a file of the folder with more of them (`-r`) or limits (`-c`)."""
OWN_HEADERS = ("connection", "content-length", "transfer-encoding")


def parse(text: str, file: Path) -> dict[str, Any]:
    """
    Raises:
        UsageError: it is not TOML; says where.
    """
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise UsageError(f"{file} is not TOML: {error}") from error


def read_spec(app: Path) -> AppSpec:
    """The app of a folder, by its lab.toml or by the file in it that is named.

    Raises:
        UsageError: there is none, or its description cannot be used.
    """
    file = app if app.suffix == ".toml" else app / FILE
    folder = file.parent
    check_folder(folder, app)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            f"{folder} holds no {file.name}: `make init APP={folder}` writes a {FILE} from a guess"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    return describe(parse(text, file), file)


def describe(values: dict[str, Any], file: Path) -> AppSpec:
    """
    Raises:
        UsageError: a key or a value cannot be used.
    """
    check_known(str(file), "", values, (*names(APP_KEYS), REQUESTS))
    table = Table(file, "", values)
    blocks = table.number("blocks", 8, 8, 1000)
    found = AppSpec(
        file=file.resolve(),
        name=name_of(file.resolve()),
        python=table.choice("python", PYTHONS) if "python" in table else PYTHON,
        requirements=requirement_lines(table),
        requirements_file=requirements_file(table),
        command=command(table, "command"),
        local_command=command(table, "local_command"),
        prepare=command(table, "prepare"),
        port=table.number("port", 0, 1, 65535) if "port" in table else None,
        ready_seconds=float(table.number("ready_seconds", 60, 1, 3600)),
        image=image(table),
        dockerfile=dockerfile(table),
        environment=environment(table),
        workers=table.number("workers", 1, 1, 64),
        memory_bytes=memory(table),
        system_packages=table.texts(
            "system_packages", "names of Debian packages", r"[a-z0-9][a-z0-9+.-]+"
        ),
        health=table.text("health", "/", "a path that begins with /", r"/[^\s]*"),
        probes=table.flag("probes", True),
        warmup=table.number("warmup", 50, 0, 1_000_000),
        count=table.number("count", max(4000, blocks), blocks, 10_000_000),
        concurrency=table.number("concurrency", 8, 1, 1000),
        blocks=blocks,
        matters_bytes=table.number("matters", 0, 1, 1 << 30) if "matters" in table else None,
        requests=requests(table),
    )
    check_whole(found, table)
    return found


def name_of(file: Path) -> str:
    """The folder's name, and the file's where it is not the usual one."""
    return slug(file.parent.name + ("" if file.name == FILE else f"-{file.stem}"))


def slug(name: str) -> str:
    """In letters, digits and dashes, short enough for a socket's path."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:32].strip("-") or "app"


def check_whole(found: AppSpec, table: Table) -> None:
    """What each key allows and all of them together do not."""
    if found.port is not None and not found.probes:
        table.refuse("port", "nothing with probes = false: it is led from inside the processes")
    if found.image and found.dockerfile:
        table.refuse("dockerfile", "image or dockerfile, not both")
    if found.has_own_image:
        alone = ("requirements",) if found.image else ()
        for name in (*alone, "system_packages"):
            if name in table:
                table.refuse(name, "nothing: the image brings its own packages")
    elif found.command is None:
        raise UsageError(
            f"{table.file}: command is missing: the line that serves the app on $PORT, such as "
            'command = "python app.py"'
        )


def requirement_lines(table: Table) -> tuple[str, ...]:
    if isinstance(table.values.get("requirements"), str):
        return ()
    return table.texts(
        "requirements", 'a list such as ["aiohttp==3.10.10"], or a file\'s name', REQUIREMENT
    )


def requirements_file(table: Table) -> Path | None:
    given = table.values.get("requirements")
    return table.path_in("requirements", given) if isinstance(given, str) else None


def command(table: Table, key: str) -> str | None:
    if key not in table:
        return None
    return table.text(key, "", "a shell's line", r"(?=.*\S)[^\0]+").strip()


def image(table: Table) -> str | None:
    if "image" not in table:
        return None
    return table.text("image", "", "an image's name, such as shop:latest", r"[a-z0-9][\w./:@-]*")


def dockerfile(table: Table) -> Path | None:
    """The one that is named; else the folder's own, where nothing says otherwise."""
    if "dockerfile" in table:
        return table.path_in("dockerfile", table.text("dockerfile", ""))
    there = table.file.parent / "Dockerfile"
    instead = ("image", "requirements", "python")
    return there.resolve() if there.is_file() and not any(k in table for k in instead) else None


def environment(table: Table) -> dict[str, str]:
    allowed = "names with texts, other than PORT and LAB_*"
    names = rf"(?!LAB_|PORT$){NAMES}"
    found = table.mapping("environment", allowed, names)
    if any("\0" in value for value in found.values()):
        table.refuse("environment", allowed)
    return {**env_file(table, names), **found}


def env_file(table: Table, names: str) -> dict[str, str]:
    """The variables of the file that `env_file` names, but for those that are the lab's."""
    if "env_file" not in table:
        return {}
    file = table.path_in("env_file", table.text("env_file", ""))
    try:
        given = parse_env(read_bytes(file, MAX_ENV_BYTES).decode("utf-8-sig"))
    except UnicodeDecodeError:
        table.refuse("env_file", "a text in UTF-8 with a NAME=value a line")
    return {name: value for name, value in given.items() if re.fullmatch(names, name)}


def memory(table: Table) -> int:
    try:
        size_bytes = parse_size(table.text("memory", "1g"))
    except ValueError:
        size_bytes = 0
    if not SMALLEST_LIMIT_BYTES <= size_bytes <= LARGEST_LIMIT_BYTES:
        table.refuse("memory", "a size from 64m to 64g")
    return size_bytes


def requests(table: Table) -> tuple[RequestSpec, ...]:
    given = table.values.get(REQUESTS, [{}])
    if not isinstance(given, list) or not given or not all(isinstance(i, dict) for i in given):
        table.refuse(REQUESTS, "tables, each headed [[requests]]")
    return tuple(
        request(Table(table.file, f"{REQUESTS}[{number}].", values))
        for number, values in enumerate(given, start=1)
    )


def request(table: Table) -> RequestSpec:
    check_known(str(table.file), table.where, table.values, names(REQUEST_KEYS))
    bodies = [name for name in ("body", "body_file", "multipart") if name in table]
    if len(bodies) > 1:
        table.refuse(bodies[1], f"one body, and there is {bodies[0]} already")
    kind = RequestProtocol(table.choice("kind", tuple(item.value for item in RequestProtocol)))
    if kind is RequestProtocol.TCP and (more := sorted(set(table.values) - {"kind", "weight"})):
        table.refuse(more[0], "kind and weight alone: nothing is sent over a tcp connection")
    return RequestSpec(
        kind=kind,
        method=table.text("method", "GET", "a method such as POST", TOKEN).upper(),
        path=table.text("path", "/", "a path that begins with /", r"/[^\s\0]*"),
        headers=headers(table),
        body=table.text("body", "") if "body" in table else None,
        body_file=body_file(table),
        multipart=multipart(table),
        expect=expect(table),
        weight=table.number("weight", 1, 1, 1000),
        connection=connection(table),
    )


def connection(table: Table) -> Connection:
    return Connection(table.choice("connection", tuple(item.value for item in Connection)))


def headers(table: Table) -> dict[str, str]:
    allowed = f"names with texts, other than {', '.join(OWN_HEADERS)}, which the lab sets"
    found = table.mapping("headers", allowed, TOKEN)
    own = any(name.lower() in OWN_HEADERS for name in found)
    if own or not all(re.fullmatch(LINE, value) for value in found.values()):
        table.refuse("headers", allowed)
    return found


def body_file(table: Table) -> Path | None:
    if "body_file" not in table:
        return None
    return table.path_in("body_file", table.text("body_file", ""))


def multipart(table: Table) -> tuple[Upload, ...]:
    allowed = "names with texts; `@` and a file of the folder uploads it"
    found = table.mapping("multipart", allowed, r'[^"\r\n\0]+')
    return tuple(upload(table, name, value) for name, value in found.items())


def upload(table: Table, name: str, value: str) -> Upload:
    if value.startswith("@"):
        return Upload(name, file=table.path_in("multipart", value[1:]))
    return Upload(name, text=value)


def expect(table: Table) -> tuple[int, ...]:
    given = table.values.get("expect", [])
    found = given if isinstance(given, list) else [given]
    statuses = all(isinstance(i, int) and not isinstance(i, bool) for i in found)
    if not statuses or not all(100 <= i <= 599 for i in found):
        table.refuse("expect", "a status from 100 to 599, or a list of them")
    return tuple(found)
