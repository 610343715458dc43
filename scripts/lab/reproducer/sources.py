"""The lines of a script that bring the app: its own short source, or an import beside it."""

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from lab.reproducer.reduced import defined, is_serving_here, without_server
from lab.reproducer.served_object import NotReproduced, Served

OWN_NAMES = frozenset(
    (
        "ASKED",
        "LOOP",
        "QUIET",
        "REQUESTS",
        "STARTED",
        "call",
        "one_request",
        "measure",
        "memory_bytes",
    )
)
"""Names of a script that an app's own source may not have."""
HERE = "os.path.dirname(os.path.abspath(__file__))"


def inlined_app(served: Served, files: Collection[str], variables: Mapping[str, str]) -> str | None:
    """The app's own source without its server; None where it is long, or has more than one file."""
    folder = PurePosixPath(served.file).parent
    beside = {PurePosixPath(name) for name in files} - {PurePosixPath(served.file)}
    names = {each.relative_to(folder).parts[0] for each in beside if each.is_relative_to(folder)}
    if served.module.imports & {name.removesuffix(".py") for name in names}:
        return None
    if OWN_NAMES & {name for node in served.module.tree.body for name in defined(node)}:
        return None
    made = served.name.removesuffix("()")
    text = without_server(served.module, made)
    if text is None:
        return None
    object_line = f"\n\napp = {served.name}" if served.name != made else ""
    return f"{variables_text(variables)}{text}{object_line}"


def imported_app(served: Served, slug: str, variables: Mapping[str, str]) -> str:
    """An import of the app from its folder beside the script, as it stands in a bundle.

    Raises:
        NotReproduced: its file serves when it is imported.
    """
    if any(is_serving_here(node, served.module) for node in served.module.tree.body):
        raise NotReproduced(f"{served.file} serves as soon as it is imported, and is long")
    made = served.name.removesuffix("()")
    lines = [
        f'FOLDER = os.environ.get("APP_FOLDER") or os.path.join({HERE}, "app", {slug!r})',
        f"sys.path.insert(0, os.path.join(FOLDER, {served.folder!r}))",
        f"os.chdir(os.path.join(FOLDER, {served.folder!r}))",
        f"from {served.dotted} import {made}  # the app's folder, beside this file as in a bundle",
    ]
    if made != served.name:
        lines.append(f"app = {served.name}")
    return variables_text(variables) + "\n".join(lines)


def variables_text(variables: Mapping[str, str]) -> str:
    return f"os.environ.update({dict(variables)!r})\n" if variables else ""
