"""The layers of an app that can be exchanged one at a time, by its command and its packages."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lab.app.spec import AppSpec
from lab.records.layers import Exchange, Layer, NotExchanged
from lab.text.phrases import listed

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
NO_MIDDLEWARE = (
    "the app's code registers none with Starlette, FastAPI, Flask, Django or aiohttp; what "
    "another framework calls, or what is put around the app by hand, leave out there, and measure "
    "again"
)
NO_SWITCH = "none of the app's packages is known to work without its C code"
NO_PROBES = "what leaves it out comes into the app with the probes, and probes = false"
MOST_MIDDLEWARE_NAMED = 4

LayerOutcome = Exchange | NotExchanged


@dataclass(frozen=True, slots=True)
class Stack:
    """What an app has, and what this machine has for it."""

    spec: AppSpec
    installed: Mapping[str, str]
    """Versions of the app's packages by their canonical names."""
    jemalloc: str | None
    """The library's path; None where there is none."""
    pythons: tuple[str, ...]
    """The other minor versions of Python that are here, the best to exchange with first."""
    middleware: tuple[str, ...] = ()
    """Names of what the app's code registers with its framework, where it can be left out."""

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


def layers_of(stack: Stack) -> tuple[LayerOutcome, ...]:
    """Every exchange that fits the app, and each layer that cannot be exchanged."""
    return (
        middleware(stack),
        server(stack),
        loop(stack),
        parser(stack),
        *extensions(stack),
        python(stack),
        *allocators(stack),
    )


def middleware(stack: Stack) -> LayerOutcome:
    """The exchange of the middleware that the app's code registers, or why there is none."""
    if not stack.middleware:
        return NotExchanged(Layer.MIDDLEWARE, NO_MIDDLEWARE)
    if not stack.spec.probes:
        return NotExchanged(Layer.MIDDLEWARE, NO_PROBES)
    line = f"no middleware in place of {listed(stack.middleware, MOST_MIDDLEWARE_NAMED)}"
    names = {"LAB_NO_MIDDLEWARE": " ".join(stack.middleware)}
    return Exchange(Layer.MIDDLEWARE, "no-middleware", line, environment=names)


def server(stack: Stack) -> LayerOutcome:
    """The exchange of the server for another one of the same application, or why there is none."""
    target = stack.target
    if target is None or re.search(r"--factory|--app-dir|--chdir", stack.command):
        return NotExchanged(Layer.SERVER, UNKNOWN_SERVER if target is None else UNKNOWN_OPTIONS)
    if stack.has("gunicorn"):
        other = "uvicorn" if "uvicorn" in stack.command else "waitress"
        return served_by(stack, "gunicorn", other, target)
    if stack.has("granian"):
        other = "waitress" if option(stack.command, "--interface") == "wsgi" else "uvicorn"
        return served_by(stack, "granian", other, target)
    for name, other in (("uvicorn", "hypercorn"), ("hypercorn", "uvicorn"), ("flask", "waitress")):
        if stack.has(name):
            return served_by(stack, name, other, target)
    if stack.has("waitress") or stack.has("waitress-serve"):
        return served_by(stack, "waitress", "gunicorn", target)
    return NotExchanged(Layer.SERVER, UNKNOWN_SERVER)


UNKNOWN_OPTIONS = "the command has options that another server does not know"
SERVED = {
    "uvicorn": "python -m uvicorn --host $HOST --port $PORT --log-level warning {}",
    "hypercorn": f"python -m hypercorn --bind {BINDING} {{}}",
    "waitress": f"python -m waitress --listen={BINDING} {{}}",
    "gunicorn": f"python -m gunicorn --bind {BINDING} {{}}",
}


def served_by(stack: Stack, name: str, other: str, target: str) -> Exchange:
    return Exchange(
        Layer.SERVER,
        f"server-{other}",
        f"{other} in place of {name}",
        command=SERVED[other].format(target),
        requirement=missing(stack, other),
    )


def missing(stack: Stack, package: str) -> str | None:
    """The package where the app has it not."""
    return None if package in stack.installed else package


def loop(stack: Stack) -> LayerOutcome:
    """The exchange of the event loop, where the command can name it, or why there is none."""
    if not stack.has("uvicorn"):
        return NotExchanged(Layer.LOOP, "only uvicorn's command names its loop")
    chosen = option(stack.command, "--loop")
    uvloop = chosen == "uvloop" or (chosen in (None, "auto") and "uvloop" in stack.installed)
    name, other = ("uvloop", "asyncio") if uvloop else ("asyncio", "uvloop")
    return Exchange(
        Layer.LOOP,
        f"loop-{other}",
        f"{other} in place of {name}",
        command=with_option(stack.command, "--loop", other),
        requirement=missing(stack, other) if other == "uvloop" else None,
    )


def parser(stack: Stack) -> LayerOutcome:
    """The exchange of the HTTP parser, where the server's command can name it, or why there is
    none."""
    if stack.has("uvicorn"):
        chosen = option(stack.command, "--http")
        fast = chosen == "httptools" or (
            chosen in (None, "auto") and "httptools" in stack.installed
        )
        name, other = ("httptools", "h11") if fast else ("h11", "httptools")
        command = with_option(stack.command, "--http", other)
        line = f"{other} in place of {name}"
        return Exchange(
            Layer.PARSER, f"http-{other}", line, command, requirement=missing(stack, other)
        )
    if "aiohttp" in stack.installed and not re.search(r"gunicorn|hypercorn", stack.command):
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


def extensions(stack: Stack) -> Iterator[LayerOutcome]:
    """The exchanges that leave out the C code of a package, or why there is none."""
    packages = [each for each in SWITCHES if each in stack.installed and each != "aiohttp"]
    if not packages:
        yield NotExchanged(Layer.EXTENSION, NO_SWITCH)
    for package in packages:
        yield without_extension(Layer.EXTENSION, package)


def without_extension(layer: Layer, package: str) -> Exchange:
    name, value = SWITCHES[package]
    line = f"{package} without its C code ({name}={value})"
    return Exchange(layer, f"pure-{package}", line, environment={name: value})


def python(stack: Stack) -> LayerOutcome:
    """The exchange of the Python, with the same packages, or why there is none."""
    if not stack.pythons:
        return NotExchanged(Layer.PYTHON, "no other Python is on this machine")
    other = stack.pythons[0]
    line = f"Python {other} in place of {stack.spec.python}"
    return Exchange(Layer.PYTHON, f"python-{other.replace('.', '')}", line, python=other)


def allocators(stack: Stack) -> Iterator[LayerOutcome]:
    yield Exchange(
        Layer.ALLOCATOR,
        "python-malloc",
        "malloc in place of Python's own allocator (PYTHONMALLOC=malloc)",
        environment={"PYTHONMALLOC": "malloc"},
    )
    if stack.jemalloc is None:
        yield NotExchanged(Layer.ALLOCATOR, "jemalloc is not on this machine (libjemalloc2)")
    else:
        yield Exchange(
            Layer.ALLOCATOR,
            "jemalloc",
            "jemalloc in place of the C library's malloc",
            environment={"LD_PRELOAD": stack.jemalloc},
        )
