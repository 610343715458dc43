"""The keys of lab.toml about the app's own Compose file, and what they stand for."""

import re
from collections.abc import Mapping
from dataclasses import replace

from lab.app import spec_keys as keys
from lab.app.compose_keys import COMPOSE, SERVICE
from lab.app.compose_records import Companion, ComposeService
from lab.app.compose_service import read_composed
from lab.app.server_addresses import merged_by_kind, with_names_in
from lab.app.spec import AppSpec
from lab.app.table_reader import Table
from lab.records.app_services import ServiceAsked


def composed_app(table: Table) -> ComposeService:
    """What its own Compose file says of it; nothing where none is named.

    Raises:
        UsageError: the file cannot be used.
        NoReader: nothing here reads YAML.
    """
    file = table.read(COMPOSE)
    if file is None:
        return ComposeService()
    return read_composed(file, table.file.parent, table.read(SERVICE))


def port(table: Table, composed: ComposeService) -> int | None:
    """The named port, else that of its Compose file where it can be led from inside."""
    can_lead = table.read(keys.PROBES)
    return table.read(keys.PORT) or (composed.port if can_lead else None)


def with_image(spec: AppSpec, table: Table, composed: ComposeService) -> AppSpec:
    """The spec with the image of its Compose file, where nothing in lab.toml says otherwise."""
    instead = (keys.IMAGE, keys.DOCKERFILE, keys.REQUIREMENTS, keys.PYTHON)
    if composed.build is not None and composed.build.dockerfile == spec.dockerfile:
        return replace(spec, build=composed.build)
    if any(key in table for key in instead):
        return spec
    if composed.build is not None:
        return replace(spec, dockerfile=composed.build.dockerfile, build=composed.build)
    return replace(spec, image=composed.image, dockerfile=None) if composed.image else spec


def in_its_image(spec: AppSpec, table: Table, composed: ComposeService) -> AppSpec:
    """The spec with what its Compose file says of its container, where its image is its own."""
    spec = replace(with_image(spec, table, composed), left_out=composed.left_out)
    if not spec.has_own_image:
        return spec
    return replace(
        spec,
        is_after_entry=composed.is_after_entry and keys.COMMAND not in table,
        mounts=composed.mounts,
        working_dir=composed.working_dir,
    )


def environment(table: Table, composed: ComposeService) -> Mapping[str, str]:
    """The variables of its Compose file, of env_file, and over them those that are written out."""
    stated = {k: v for k, v in composed.environment.items() if re.fullmatch(keys.VARIABLES, k)}
    from_file: Mapping[str, str] = table.read(keys.ENV_FILE)
    written: Mapping[str, str] = table.read(keys.ENVIRONMENT)
    return {**stated, **from_file, **written}


def services(table: Table, composed: ComposeService) -> tuple[ServiceAsked, ...]:
    """The named services, with the names that the variables use for them."""
    named = table.read(keys.SERVICES) if keys.SERVICES in table else composed.servers
    return with_names_in(merged_by_kind(named), environment(table, composed))


def companions(table: Table, composed: ComposeService) -> tuple[Companion, ...]:
    """What its Compose file starts beside its servers; none where `services` says what it needs."""
    return () if keys.SERVICES in table else composed.companions
