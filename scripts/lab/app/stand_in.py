"""An app's own Dockerfile on stand-ins for official images that cannot be had.

Only the lines change that name such an image, and those that the engine's older builder does not
know: a cache is not mounted, and a file is copied where it would be mounted.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lab.app.spec import PYTHON
from lab.engines.old_builds import own_tools

OFFICIAL = re.compile(
    r"(?:docker\.io/)?(?:library/)?(?P<name>python|debian):?(?P<tag>[\w.-]{0,128})(?:@sha256:\w{64})?",
    re.ASCII,
)
UV = re.compile(r"(?:ghcr\.io/)?astral-sh/uv:?(?P<tag>[\w.-]{0,128})(?:@sha256:\w{64})?", re.ASCII)
MINOR = re.compile(r"(?:python)?(3\.\d{1,2})(?![\d])", re.ASCII)
FROM = re.compile(r"(?i)^(\s*FROM\s+(?:--platform=\S+\s+)?)(\S{1,300})(.*)$")
COPY_FROM = re.compile(r"(?i)^(\s*COPY\s+(?:--\S+\s+)*?--from=)(\S{1,300})(\s.*)$")
ARG = re.compile(r"(?i)^\s*ARG\s+(\w{1,100})=[\"']?([^\s\"']{0,200})")
MOUNT = re.compile(r"--mount=(\S{1,500})[ \t]*")
SYNTAX = re.compile(r"(?i)#\s*(syntax|check)\s*=")
CHMOD = re.compile(
    r"(?i)(\s*(?:COPY|ADD)(?:[\s\\]+--(?!chmod=)[^\s\\]+)*)[\s\\]+--chmod=([0-7]{3,4})(?=\s)"
)
LINK = re.compile(r"--link(?:=\w+)?\s+")
NAMES_IMAGE = re.compile(r"(?i)\s*(?:FROM|ARG)\s")
STAGE = re.compile(r"(?i)\s+AS\s+(\S{1,100})")
OTHER_PIP = re.compile(r"\bpip3?\s+install\s[^\n]{0,200}?[\s'\"]pip\b(?![-.\w])")
APT = re.compile(r"\bapt(?:-get)?\s[^\n&|;]{0,200}?\binstall\b")
NETCAT = re.compile(r"(?<=\s)netcat(?![\w.-])")
"""A package of older releases of Debian, which the one of the stand-ins has by another name."""
TRUSTING = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
TRUSTED = "/usr/local/share/memlab-trusted.pem"
UV_STAGE = "memlab-uv"
DEBIAN = "debian"
INSTALL_UV = "python3 -m pip install --quiet --root-user-action=ignore uv"


@dataclass(frozen=True, slots=True)
class StandInRecipe:
    """A Dockerfile that begins from the images that its arguments name."""

    text: str
    officials: tuple[str, ...]
    """The images in whose place they stand."""
    bases: Mapping[str, str]
    """The build's arguments, and what each names: a version of CPython, or `debian`."""


def stand_in_recipe(
    text: str,
    arguments: Mapping[str, str],
    target: str | None = None,
    python: str = PYTHON,
) -> StandInRecipe | None:
    """The Dockerfile on stand-ins; None where it begins from no official image of Python or Debian.

    Args:
        text: of its own Dockerfile.
        arguments: those that its Compose file gives to the build.
        target: the stage that the Compose file builds.
        python: for a tag that names none, as its packages may not run on the newest one.
    """
    rewriter = Rewriter(up_to_stage(list(whole_steps(text)), target), arguments, python)
    lines = list(rewriter.lines())
    if not rewriter.officials:
        return None
    bases = {argument(base): base for base in rewriter.bases()}
    return StandInRecipe("\n".join((*lines, "")), tuple(rewriter.officials), bases)


def pythons(bases: Mapping[str, str]) -> Iterator[str]:
    """The versions of CPython among the bases of a recipe."""
    return (base for base in bases.values() if base != DEBIAN)


class Rewriter:
    """Rewrites a Dockerfile, one instruction after the other."""

    def __init__(self, steps: Sequence[str], arguments: Mapping[str, str], python: str) -> None:
        text = "\n".join(steps)
        self.arguments, self.python = arguments, python
        self.steps = steps
        self.has_apk = re.search(r"\bapk\s", text) is not None
        self.has_other_pip = OTHER_PIP.search(text) is not None
        self.has_uv = any(is_copy_of_uv(step) for step in self.steps)
        self.defaults: dict[str, str] = {}
        self.officials: dict[str, str] = {}
        """What stands in for each official image: a version of CPython, or `debian`."""
        self.stages: dict[str, str | None] = {}
        """The same of each stage, by its name."""

    def bases(self) -> tuple[str, ...]:
        """What its stages begin from; where uv is copied, a Python for it as well."""
        bases = tuple(dict.fromkeys(self.officials.values()))
        return bases if set(bases) - {DEBIAN} or not self.has_uv else (*bases, self.python)

    def lines(self) -> Iterator[str]:
        stages = next((at for at, step in enumerate(self.steps) if FROM.match(step)), 0)
        for step in self.steps[:stages]:
            if match := ARG.match(step):
                self.defaults[match[1]] = match[2]
        self.defaults |= self.arguments
        rewritten = [line for step in self.steps[stages:] for line in self.rewritten(step)]
        yield from self.steps[:stages]
        yield from (f"ARG {argument(base)}" for base in self.bases())
        if self.has_uv:
            python = next(base for base in self.bases() if base != DEBIAN)
            yield f"FROM ${{{argument(python)}}} AS {UV_STAGE}"
            yield from certificates(python)
            yield f"RUN {INSTALL_UV} && cp /usr/local/bin/uv /usr/local/bin/uvx /"
        yield from rewritten

    def rewritten(self, step: str) -> Iterator[str]:
        if match := FROM.match(step):
            yield from self.stage(match)
        elif is_copy_of_uv(step) and (match := COPY_FROM.match(step)):
            yield f"{match[1]}{UV_STAGE}{match[3]}"
        else:
            yield from in_older_words(step)

    def stage(self, line: re.Match[str]) -> Iterator[str]:
        image = expanded(line[2], self.defaults)
        is_stage = image.lower() in self.stages
        base = self.stages[image.lower()] if is_stage else self.base_of(image)
        if name := STAGE.match(line[3]):
            self.stages[name[1].lower()] = base
        if base is None or is_stage:
            yield line[0]
        else:
            self.officials[image] = base
            # Of the platform of this machine, which an older builder has no variable for.
            yield f"FROM ${{{argument(base)}}}{line[3]}"
            yield f'LABEL memlab.base.kind=stand-in memlab.base.reference="in the place of {image}"'
            yield from () if base == DEBIAN else own_tools(base)
        yield from certificates(base, has_other_pip=self.has_other_pip)
        if UV.fullmatch(image):
            yield f"RUN {INSTALL_UV}"

    def base_of(self, image: str) -> str | None:
        """The Python's version, or `debian`; None where nothing stands in for the image."""
        if UV.fullmatch(image):
            named = MINOR.search(image)
            return named[1] if named else None
        match = OFFICIAL.fullmatch(image)
        if match is None or ("alpine" in match["tag"] and self.has_apk):
            return None
        if match["name"] == DEBIAN:
            return DEBIAN
        minor = MINOR.match(match["tag"])
        if minor is None and re.match(r"[12]|3\.", match["tag"]):
            return None
        return minor[1] if minor else self.python


def whole_steps(text: str) -> Iterator[str]:
    """The instructions, each with the lines that continue it; no syntax that is to be fetched."""
    begun: list[str] = []
    for line in text.splitlines():
        is_comment = line.lstrip().startswith("#")
        if is_comment and (begun or SYNTAX.match(line)):
            continue
        begun.append(line)
        if is_comment or not line.rstrip().endswith("\\"):
            yield whole_step(begun)
            begun = []
    if begun:
        yield whole_step(begun)


def up_to_stage(steps: list[str], target: str | None) -> list[str]:
    """The instructions to the end of a stage; all of them where no stage has that name."""
    stages = [at for at, step in enumerate(steps) if FROM.match(step)]
    for begin, end in pairwise(stages):
        stage = FROM.match(steps[begin])
        name = STAGE.match(stage[3]) if stage else None
        if name and target and name[1].lower() == target.lower():
            return steps[:end]
    return steps


def whole_step(lines: Sequence[str]) -> str:
    """An instruction; in one line where it may name an image."""
    if NAMES_IMAGE.match(lines[0]) or any("--from=" in line for line in lines):
        whole = "".join(line.rstrip().removesuffix("\\") for line in lines)
        return " ".join(whole.split())
    return "\n".join(lines)


def is_copy_of_uv(step: str) -> bool:
    match = COPY_FROM.match(step)
    return match is not None and UV.fullmatch(match[2]) is not None


def certificates(base: str | None, *, has_other_pip: bool = False) -> Iterator[str]:
    """The instructions by which the build's installers trust the certificates of this host's pip.

    A stand-in has them, as a proxy may stand before the index. They are copied where another pip
    is installed in the place of the stand-in's.

    Args:
        has_other_pip: whether the recipe installs one.
    """
    if base is not None and base != DEBIAN:
        file = f"/usr/local/lib/python{base}/site-packages/pip/_vendor/certifi/cacert.pem"
        if has_other_pip:
            yield f"RUN [ -e {TRUSTED} ] || cp {file} {TRUSTED}"
            file = TRUSTED
        yield f"ARG {' '.join(f'{name}={file}' for name in TRUSTING)}"


def argument(base: str) -> str:
    """The name of the build's argument for a base, such as LAB_PY38."""
    return "LAB_DEBIAN" if base == DEBIAN else f"LAB_PY{base.replace('.', '')}"


def expanded(image: str, defaults: Mapping[str, str]) -> str:
    """The image with the defaults of the file's arguments in their places."""

    def value(match: re.Match[str]) -> str:
        return defaults.get(match[1] or match[3], match[2] or "")

    return re.sub(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))", value, image)


def in_older_words(step: str) -> Iterator[str]:
    """The step without what an older builder refuses; what would be bound is copied before it."""
    for mount in MOUNT.findall(step):
        options = dict(each.partition("=")[::2] for each in mount.split(","))
        source = options.get("source", options.get("src", "."))
        target = options.get("target", options.get("dst", options.get("destination")))
        if options.get("type") == "bind" and target and "from" not in options:
            yield f"COPY {json.dumps([source, target])}"
    older = LINK.sub("", MOUNT.sub("", step))
    if APT.search(older):
        older = NETCAT.sub("netcat-openbsd", older)
    chmod = CHMOD.match(older)
    rest = older[chmod.end() :] if chmod else ""
    if chmod is None or not rest.split():
        yield older
        return
    yield f"{chmod[1]}{rest}"
    yield f"RUN chmod -R {chmod[2]} {rest.split()[-1]}"
