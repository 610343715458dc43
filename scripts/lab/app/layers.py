"""The layers of an app that can be exchanged one at a time, by its command and its packages."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lab.app.spec import AppSpec
from lab.records.layers import Exchange, Layer, NotExchanged

TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
"""The module and the name of an ASGI or WSGI application."""
BINDING = "$HOST:$PORT"
SWITCHES = {
    "aiohttp": ("AIOHTTP_NO_EXTENSIONS", "1"),
    "frozenlist": ("FROZENLIST_NO_EXTENSIONS", "1"),
    "msgpack": ("MSGPACK_PUREPYTHON", "1"),
    "multidict": ("MULTIDICT_NO_EXTENSIONS", "1"),
    "propcache": ("PROPCACHE_NO_EXTENSIONS", "1"),
    "protobuf": ("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python"),
    "sqlalchemy": ("DISABLE_SQLALCHEMY_CEXT_RUNTIME", "1"),
    "wrapt": ("WRAPT_DISABLE_EXTENSIONS", "1"),
    "yarl": ("YARL_NO_EXTENSIONS", "1"),
}
"""Variables by which a package does without its C code."""
UNKNOWN_SERVER = "the command starts a server of the app's own"
STANDING = "it is in the app's own code: leave it out there, and measure again"

Found = Exchange | NotExchanged


@dataclass(frozen=True, slots=True)
class Place:
    """What an app has, and what this machine has for it."""

    spec: AppSpec
    installed: Mapping[str, str]
    """Versions of the app's packages by their canonical names."""
    jemalloc: str | None
    """The library's path; None where there is none."""
    pythons: tuple[str, ...]
    """The other minor versions of Python that are here, the best to exchange with first."""

    @property
    def command(self) -> str:
        return self.spec.command or ""

    def has(self, program: str) -> bool:
        """Whether the command names a program."""
        return re.search(rf"(?<![\w.-]){program}(?![\w.-])", self.command) is not None

    @property
    def target(self) -> str | None:
        """The application that the command names; None where it names none."""
        try:
            words = shlex.split(self.command)
        except ValueError:
            return None
        return next((word for word in words if TARGET.fullmatch(word)), None)


def layers_of(place: Place) -> tuple[Found, ...]:
    """Every exchange that fits the app, and each layer that cannot be exchanged."""
    return (
        NotExchanged(Layer.MIDDLEWARE, STANDING),
        server(place),
        loop(place),
        parser(place),
        *extensions(place),
        python(place),
        *allocators(place),
    )


def server(place: Place) -> Found:
    """Another server for the same application."""
    target = place.target
    if target is None or re.search(r"--factory|--app-dir|--chdir", place.command):
        return NotExchanged(Layer.SERVER, UNKNOWN_SERVER if target is None else UNKNOWN_OPTIONS)
    if place.has("gunicorn"):
        other = "uvicorn" if "uvicorn" in place.command else "waitress"
        return served_by(place, "gunicorn", other, target)
    if place.has("granian"):
        other = "waitress" if option(place.command, "--interface") == "wsgi" else "uvicorn"
        return served_by(place, "granian", other, target)
    for name, other in (("uvicorn", "hypercorn"), ("hypercorn", "uvicorn"), ("flask", "waitress")):
        if place.has(name):
            return served_by(place, name, other, target)
    if place.has("waitress") or place.has("waitress-serve"):
        return served_by(place, "waitress", "gunicorn", target)
    return NotExchanged(Layer.SERVER, UNKNOWN_SERVER)


UNKNOWN_OPTIONS = "the command has options that another server does not know"
SERVED = {
    "uvicorn": "python -m uvicorn --host $HOST --port $PORT --log-level warning {}",
    "hypercorn": f"python -m hypercorn --bind {BINDING} {{}}",
    "waitress": f"python -m waitress --listen={BINDING} {{}}",
    "gunicorn": f"python -m gunicorn --bind {BINDING} {{}}",
}


def served_by(place: Place, name: str, other: str, target: str) -> Exchange:
    return Exchange(
        Layer.SERVER,
        f"server-{other}",
        f"{other} in place of {name}",
        command=SERVED[other].format(target),
        requirement=missing(place, other),
    )


def missing(place: Place, package: str) -> str | None:
    """The package where the app has it not."""
    return None if package in place.installed else package


def loop(place: Place) -> Found:
    """The other event loop, where the server can be told."""
    if not place.has("uvicorn"):
        return NotExchanged(Layer.LOOP, "only uvicorn's command names its loop")
    chosen = option(place.command, "--loop")
    uvloop = chosen == "uvloop" or (chosen in (None, "auto") and "uvloop" in place.installed)
    name, other = ("uvloop", "asyncio") if uvloop else ("asyncio", "uvloop")
    return Exchange(
        Layer.LOOP,
        f"loop-{other}",
        f"{other} in place of {name}",
        command=with_option(place.command, "--loop", other),
        requirement=missing(place, other) if other == "uvloop" else None,
    )


def parser(place: Place) -> Found:
    """The other HTTP parser, where the server can be told."""
    if place.has("uvicorn"):
        chosen = option(place.command, "--http")
        fast = chosen == "httptools" or (
            chosen in (None, "auto") and "httptools" in place.installed
        )
        name, other = ("httptools", "h11") if fast else ("h11", "httptools")
        command = with_option(place.command, "--http", other)
        line = f"{other} in place of {name}"
        return Exchange(
            Layer.PARSER, f"http-{other}", line, command, requirement=missing(place, other)
        )
    if "aiohttp" in place.installed and not re.search(r"gunicorn|hypercorn", place.command):
        return without_extension(Layer.PARSER, "aiohttp")
    return NotExchanged(Layer.PARSER, "neither uvicorn nor aiohttp serves")


def option(command: str, name: str) -> str | None:
    """The value of an option in a command."""
    match = re.search(rf"{name}[ =](\S+)", command)
    return match[1] if match else None


def with_option(command: str, name: str, value: str) -> str:
    """The command with an option set."""
    changed, count = re.subn(rf"{name}[ =]\S+", f"{name} {value}", command)
    return changed if count else f"{command} {name} {value}"


def extensions(place: Place) -> Iterator[Exchange]:
    """The app without the C code of a package, where the package can do without."""
    for package in SWITCHES:
        if package in place.installed and package != "aiohttp":
            yield without_extension(Layer.EXTENSION, package)


def without_extension(layer: Layer, package: str) -> Exchange:
    name, value = SWITCHES[package]
    line = f"{package} without its C code ({name}={value})"
    return Exchange(layer, f"pure-{package}", line, environment={name: value})


def python(place: Place) -> Found:
    """Another Python with the same packages."""
    if not place.pythons:
        return NotExchanged(Layer.PYTHON, "no other Python is on this machine")
    other = place.pythons[0]
    line = f"Python {other} in place of {place.spec.python}"
    return Exchange(Layer.PYTHON, f"python-{other.replace('.', '')}", line, python=other)


def allocators(place: Place) -> Iterator[Found]:
    yield Exchange(
        Layer.ALLOCATOR,
        "python-malloc",
        "malloc in place of Python's own allocator (PYTHONMALLOC=malloc)",
        environment={"PYTHONMALLOC": "malloc"},
    )
    if place.jemalloc is None:
        yield NotExchanged(Layer.ALLOCATOR, "jemalloc is not on this machine (libjemalloc2)")
    else:
        yield Exchange(
            Layer.ALLOCATOR,
            "jemalloc",
            "jemalloc in place of the C library's malloc",
            environment={"LD_PRELOAD": place.jemalloc},
        )
