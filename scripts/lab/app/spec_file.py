"""lab.toml to an app's spec; the only place that reads it."""

import os
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.app import request_keys
from lab.app import spec_keys as keys
from lab.app.folder import check_folder
from lab.app.key import Key
from lab.app.login_file import with_session
from lab.app.request_keys import REQUEST_KEYS, REQUESTS
from lab.app.server_addresses import check_elsewhere
from lab.app.spec import FILE, AppSpec, RequestProtocol, RequestSpec
from lab.app.spec_compose import (
    companions,
    composed_app,
    environment,
    in_its_image,
    port,
    services,
)
from lab.app.spec_keys import APP_KEYS
from lab.app.table_reader import Table
from lab.app.toml_kinds import Whole
from lab.app.traffic import mixed
from lab.errors import LabError, UsageError
from lab.files import file_fault, read_bytes
from lab.named_paths import path_below
from lab.settings.declared import MOST_REQUESTS
from lab.units import MIB

MOST_DESCRIPTION_BYTES = MIB
"""The longest lab.toml that is read."""
MOST_NAME_PARTS = 100
"""The most parts of a name, between dots."""


def parse(text: str, file: Path) -> dict[str, Any]:
    """The parsed text of lab.toml.

    Raises:
        UsageError: it is not TOML; says where.
    """
    # The reader's time grows with the square of a name's parts.
    if any(line.partition("=")[0].count(".") > MOST_NAME_PARTS for line in text.splitlines()):
        raise UsageError(
            f"{file} cannot be read: a name in it has more than {MOST_NAME_PARTS} parts"
        )
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise UsageError(f"{file} cannot be read: it is nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"{file} is not TOML: {error}") from error


def read_spec(app: Path) -> AppSpec:
    """The app of a folder, by its lab.toml or by the file in it that is named.

    Raises:
        UsageError: there is none, or it cannot be used.
    """
    file = app if app.suffix == ".toml" else app / FILE
    folder = file.parent
    check_folder(folder, app)
    if not os.path.lexists(file):
        raise UsageError(
            f"{folder} holds no {file.name}: `make init APP={folder}` writes a {FILE} from a guess"
        )
    return describe(parse(read_text(own_file(file)), file), file)


def own_file(file: Path) -> Path:
    """The file itself; a symlink may stand for another one of its folder.

    Raises:
        UsageError: it leads out of the folder.
    """
    real = path_below(file.parent, file.name)
    if real is None:
        raise UsageError(f"{file} leads out of its folder, or nowhere: give the file itself")
    return real


def read_text(file: Path) -> str:
    if fault := file_fault(file.stat(), MOST_DESCRIPTION_BYTES):
        raise UsageError(f"{file} cannot be read: {fault}")
    try:
        return read_bytes(file, MOST_DESCRIPTION_BYTES).decode("utf-8")
    except (LabError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error


def describe(values: dict[str, Any], file: Path) -> AppSpec:
    """The spec that a parsed lab.toml describes.

    Raises:
        UsageError: a key or a value cannot be used.
    """
    table = Table(file, "", values)
    table.check_names((*(key.name for key in APP_KEYS), REQUESTS, request_keys.LOGIN, keys.BUNDLE))
    blocks, composed = table.read(keys.BLOCKS), composed_app(table)
    spec = AppSpec(
        file=file.resolve(),
        name=name_of(file.resolve()),
        python=table.read(keys.PYTHON),
        command=shell_line(table, keys.COMMAND) or composed.command,
        local_command=shell_line(table, keys.LOCAL_COMMAND),
        prepare=shell_line(table, keys.PREPARE),
        port=port(table, composed),
        ready_seconds=float(table.read(keys.READY_SECONDS)),
        services=services(table, composed),
        companions=companions(table, composed),
        allow_hosts=table.read(keys.ALLOW_HOSTS),
        image=table.read(keys.IMAGE),
        dockerfile=dockerfile(table),
        environment=environment(table, composed),
        secrets=composed.secrets,
        workers=table.read(keys.WORKERS),
        memory_bytes=table.read(keys.MEMORY),
        health=table.read(keys.HEALTH),
        probes=table.read(keys.PROBES),
        warmup=table.read(keys.WARMUP),
        count=count(table, blocks),
        concurrency=table.read(keys.CONCURRENCY),
        blocks=blocks,
        matters_bytes=table.read(keys.MATTERS),
        requests=requests(table),
        bundle_exclude=bundle_exclude(table),
    )
    spec = in_its_image(with_packages(spec, table), table, composed)
    check_whole(spec, table)
    return with_session(with_traffic(spec, table), table)


def with_traffic(spec: AppSpec, table: Table) -> AppSpec:
    """The app with the requests of a file beside those that are described."""
    traffic = table.read(keys.TRAFFIC)
    if traffic is None:
        return spec
    return replace(spec, requests=mixed(traffic, spec.requests), traffic=traffic.summary)


def with_packages(spec: AppSpec, table: Table) -> AppSpec:
    """The spec with what must be installed for it, and from where."""
    wanted = table.read(keys.REQUIREMENTS)
    return replace(
        spec,
        requirements=() if isinstance(wanted, Path) else wanted,
        requirements_file=wanted if isinstance(wanted, Path) else None,
        index_url=table.read(keys.INDEX_URL),
        install=shell_line(table, keys.INSTALL),
        system_packages=table.read(keys.SYSTEM_PACKAGES),
    )


def name_of(file: Path) -> str:
    """The app's name: its folder's, and the file's where that is not lab.toml."""
    return slug(file.parent.name + ("" if file.name == FILE else f"-{file.stem}"))


def slug(name: str) -> str:
    """The text in letters, digits and dashes, short enough for a socket's path."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:32].strip("-") or "app"


def shell_line(table: Table, key: Key[str | None]) -> str | None:
    line = table.read(key)
    return line.strip() if line is not None else None


def dockerfile(table: Table) -> Path | None:
    """The named Dockerfile; else the folder's own, where nothing says otherwise."""
    if keys.DOCKERFILE in table:
        return table.read(keys.DOCKERFILE)
    own = table.file.parent / "Dockerfile"
    instead = (keys.IMAGE, keys.REQUIREMENTS, keys.PYTHON)
    if any(key in table for key in instead) or not os.path.lexists(own):
        return None
    return own_file(own) if own.is_file() else None


def count(table: Table, blocks: int) -> int:
    """The number of requests, at least one a block."""
    kind = Whole(blocks, MOST_REQUESTS)
    return table.read(replace(keys.COUNT, kind=kind, default=max(keys.COUNT.default, blocks)))


def check_whole(spec: AppSpec, table: Table) -> None:
    """Refuse keys that exclude each other.

    Raises:
        UsageError: each key is allowed, and all of them together are not.
    """
    if spec.port is not None and not spec.probes:
        table.refuse("port", "nothing with probes = false: it is led from inside the processes")
    check_elsewhere(spec.environment, spec.services, spec.allow_hosts, str(table.file))
    if spec.image and spec.dockerfile:
        table.refuse(keys.DOCKERFILE.name, "image or dockerfile, not both")
    if spec.has_own_image:
        alone = (keys.REQUIREMENTS,) if spec.image else ()
        for key in (*alone, keys.SYSTEM_PACKAGES, keys.INSTALL):
            if key in table:
                table.refuse(key.name, "nothing: the image brings its own packages")
    elif spec.command is None:
        raise UsageError(
            f"{table.file}: command is missing: the line that serves the app on $PORT, such as "
            'command = "python app.py"'
        )


def bundle_exclude(table: Table) -> tuple[str, ...]:
    values = table.values.get(keys.BUNDLE, {})
    if not isinstance(values, dict):
        table.refuse(keys.BUNDLE, f"a table, headed [{keys.BUNDLE}]")
    below = Table(table.file, f"{keys.BUNDLE}.", values)
    below.check_names(tuple(key.name for key in keys.BUNDLE_KEYS))
    return below.read(keys.EXCLUDE)


def requests(table: Table) -> tuple[RequestSpec, ...]:
    if keys.TRAFFIC in table and REQUESTS not in table.values:
        return ()
    tables = table.values.get(REQUESTS, [{}])
    if not isinstance(tables, list) or not tables or not all(isinstance(i, dict) for i in tables):
        table.refuse(REQUESTS, "tables, each headed [[requests]]")
    return tuple(
        request(Table(table.file, f"{REQUESTS}[{number}].", values))
        for number, values in enumerate(tables, start=1)
    )


def request(table: Table) -> RequestSpec:
    table.check_names(tuple(key.name for key in REQUEST_KEYS))
    check_one_body(table)
    kind = table.read(request_keys.KIND)
    if kind is RequestProtocol.TCP:
        check_nothing_is_sent(table)
    check_kind(table, kind)
    return RequestSpec(
        kind=kind,
        method=table.read(request_keys.METHOD).upper(),
        path=table.read(request_keys.PATH),
        headers=table.read(request_keys.HEADERS),
        body=table.read(request_keys.BODY),
        body_file=table.read(request_keys.BODY_FILE),
        multipart=table.read(request_keys.MULTIPART),
        expect=table.read(request_keys.EXPECT),
        weight=table.read(request_keys.WEIGHT),
        connection=table.read(request_keys.CONNECTION),
        read_seconds=table.read(request_keys.READ_SECONDS),
        abandon=table.read(request_keys.ABANDON),
        say=table.read(request_keys.SAY),
        listen=table.read(request_keys.LISTEN),
    )


def check_one_body(table: Table) -> None:
    """Refuse a request with two bodies.

    Raises:
        UsageError: two keys give a body.
    """
    keys_of_bodies = (request_keys.BODY, request_keys.BODY_FILE, request_keys.MULTIPART)
    names = [key.name for key in keys_of_bodies if key in table]
    if len(names) > 1:
        table.refuse(names[1], f"one body, and {names[0]} is given already")


def check_kind(table: Table, kind: RequestProtocol) -> None:
    """Refuse keys of another kind of request.

    Raises:
        UsageError: names the key, and the kind that has it.
    """
    is_websocket = kind is RequestProtocol.WEBSOCKET
    others = request_keys.ONLY_HTTP if is_websocket else request_keys.ONLY_WEBSOCKET
    for key in others:
        if key in table:
            table.refuse(key.name, f'nothing here: it is a key of kind = "{other_kind(kind)}"')


def other_kind(kind: RequestProtocol) -> RequestProtocol:
    http, websocket = RequestProtocol.HTTP, RequestProtocol.WEBSOCKET
    return http if kind is websocket else websocket


def check_nothing_is_sent(table: Table) -> None:
    """Refuse a tcp connection with the keys of a request.

    Raises:
        UsageError: a tcp connection is described as if something were sent over it.
    """
    more = sorted(set(table.values) - {request_keys.KIND.name, request_keys.WEIGHT.name})
    if more:
        table.refuse(more[0], "kind and weight alone: nothing is sent over a tcp connection")
