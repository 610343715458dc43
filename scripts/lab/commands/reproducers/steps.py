"""The steps of a reproducer: the app in its own process, then one function; each has to grow."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lab.app.guess.frameworks import Interface
from lab.app.guess.source import Module, read_module
from lab.app.requests import user_app_of
from lab.commands.checks.texts import Say
from lab.commands.reproducers.kept_app import KeptApp, import_names
from lab.commands.reproducers.script_runs import (
    GrowingScript,
    Workshop,
    check_mended,
    check_test,
    shown_script,
)
from lab.engines.process.environments import Installed
from lab.records.app_answer import AppAnswer
from lab.reproducer.calls import Calls, of_app, of_function
from lab.reproducer.script import TEST_NAME, ScriptOrigin, script_text
from lab.reproducer.script_results import NotGrown
from lab.reproducer.served_object import NotReproduced, Served, file_served, served_by
from lab.reproducer.sites import MOST_SITES, SeenSite, Site, WatchedFile, watched
from lab.reproducer.sources import imported_app, inlined_app
from lab.text.packages import canonical
from lab.text.phrases import number

See = Callable[[KeptApp, str, WatchedFile], Mapping[int, SeenSite]]
"""What the sites of a file of the app are called with."""
NEEDS_SERVER = "the growth needs the app's server"
SERVED = "What grows is the served app: make bundle holds it with its server"


@dataclass(frozen=True, slots=True)
class ReproducerBench:
    """What a script is made of, and where it is tried."""

    app: KeptApp
    answer: AppAnswer
    origin: ScriptOrigin
    shop: Workshop
    say: Say
    seen: See


def shown_growth(bench: ReproducerBench) -> list[GrowingScript]:
    """The scripts that grow like the served app, the smallest first.

    Raises:
        NotReproduced: none does; says what the growth needs.
    """
    rate = number(bench.origin.rate_bytes)
    bench.say(f"served app: {rate} bytes a request, by the run")
    scripts: list[GrowingScript] = []
    reasons: list[str] = []
    for calls in candidates(bench, reasons):
        try:
            made = shown_script(bench.shop, bench.app.installed, bench.origin, calls)
        except NotReproduced as error:
            bench.say(f"{calls.said}: {error}")
            is_lost = isinstance(error, NotGrown) and calls.is_whole
            reasons.append(f"{NEEDS_SERVER} ({calls.said}: {error})" if is_lost else str(error))
            continue
        bench.say(f"{calls.said}: {number(made.rate_bytes)} bytes a call, kept")
        scripts.append(made)
    if not scripts:
        raise NotReproduced(f"{'; '.join(dict.fromkeys(reasons))}. {SERVED}")
    return scripts[::-1]


def candidates(bench: ReproducerBench, reasons: list[str]) -> Iterator[Calls]:
    """Calls of the app as one file, else beside it; then functions, its own and a package's."""
    command = bench.app.spec.command or ""
    try:
        yield app_calls(bench, served_by(command, bench.app.texts))
    except NotReproduced as error:
        bench.say(f"the app without its server: {error}")
        reasons.append(str(error))
    if (served_file := file_served(command, bench.app.texts)) is None:
        return
    module = read_module(served_file[0], bench.app.texts[served_file[0]])
    if module is not None:
        yield from function_calls(bench, module, served_file[1])


def function_calls(bench: ReproducerBench, module: Module, folder: str) -> Iterator[Calls]:
    """Calls of the functions that keep memory, with what the served app called them with."""
    package = bench.answer.package
    name = package.name if package is not None else ""
    roots = import_names(bench.app.installed.python, name) if name else frozenset()
    pinned = {each for each in bench.app.pins if canonical(each) == canonical(name)}
    watched_module = watched(module, roots, lines_of(bench.answer, module.path))
    if not watched_module.sites:
        return
    seen = bench.seen(bench.app, module.path, watched_module)
    for site in literal_call_sites(watched_module.sites, seen):
        called = seen[site.number]
        called = replace(called, arguments=called.arguments or site.literal)
        if site.import_line is not None:
            yield of_function(site, called, site.import_line, pinned)
        elif (own := own_function(bench, OwnFunction(module, folder, site), called)) is not None:
            yield own


def literal_call_sites(sites: Sequence[Site], seen: Mapping[int, SeenSite]) -> Iterator[Site]:
    """The sites that were called with literals: a few of each kind, no call twice."""
    taken: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for site in sites:
        if site.number not in seen:
            continue
        arguments = seen[site.number].arguments
        if arguments is None and site.literal is None:
            continue
        kind = taken[site.import_line is None]
        if len(kind) < MOST_SITES and (call := (site.function, arguments or "")) not in kind:
            kind.add(call)
            yield site


@dataclass(frozen=True, slots=True)
class OwnFunction:
    """A function of the app's own."""

    module: Module
    folder: str
    """The folder that its imports begin at."""
    site: Site

    @property
    def object(self) -> Served:
        """The function as the object that is taken out of its file."""
        name = self.site.function
        return Served(self.module.path, self.folder, name, Interface.OWN, self.module)


def own_function(bench: ReproducerBench, own: OwnFunction, called: SeenSite) -> Calls | None:
    """Calls of the app's own function; None where its file serves as soon as it is imported."""
    of_it = own.object
    variables = bench.app.spec.environment
    inlined = inlined_app(of_it, bench.app.texts, variables)
    if inlined is not None:
        calls = of_function(own.site, called, inlined)
        if fits(bench.origin, calls):
            return calls
    try:
        code = imported_app(of_it, bench.shop.slug, variables)
    except NotReproduced:
        return None
    return replace(of_function(own.site, called, code), imports_app=True)


def app_calls(bench: ReproducerBench, served: Served) -> Calls:
    """Calls of the app, in one file where it is short, else with the app's folder beside it.

    Raises:
        NotReproduced: it cannot be called so; says why.
    """
    if bench.app.spec.login is not None:
        raise NotReproduced("it serves after a [login], which a file of calls does not do")
    kinds, variables = user_app_of(bench.app.spec).requests, bench.app.spec.environment
    inlined = inlined_app(served, bench.app.texts, variables)
    if inlined is not None:
        calls = of_app(served, inlined, kinds, imports_app=False)
        if fits(bench.origin, calls):
            return calls
    code = imported_app(served, bench.shop.slug, variables)
    return of_app(served, code, kinds, imports_app=True)


def fits(origin: ScriptOrigin, calls: Calls) -> bool:
    """Whether the script of these calls is short enough for one file."""
    try:
        script_text(origin, calls)
    except NotReproduced:
        return False
    return True


def lines_of(answer: AppAnswer, file: str) -> set[int]:
    """The lines of a file of the app at which memory was asked for."""
    pattern = re.compile(rf"(?:^|[ /]){re.escape(file.rpartition('/')[2])}:(\d+)")
    return {int(line) for each in answer.lines for line in pattern.findall(each.site)}


def checked(
    bench: ReproducerBench, scripts: list[GrowingScript], mended: Installed | None, release: str
) -> GrowingScript:
    """The smallest script whose test fails here, and passes with the mended release.

    Args:
        mended: the environment of that release; None where none is known or can be had.

    Raises:
        NotReproduced: there is none; says why.
    """
    reasons: list[str] = []
    for each in scripts:
        try:
            check_test(bench.shop, bench.app.installed, each)
            if mended is not None:
                rate = check_mended(bench.shop, mended, each)
                bench.say(f"{each.calls.said} with {release}: {number(rate)} bytes a call, exit 0")
                bench.say(f"{TEST_NAME} fails before it and passes with it")
        except NotReproduced as error:
            bench.say(f"{each.calls.said}: {error}")
            reasons.append(str(error))
            continue
        return each
    raise NotReproduced("; ".join(reasons))


def workshop(app: KeptApp, work: Path, slug: str) -> Workshop:
    folder = work / "scripts"
    folder.mkdir()
    return Workshop(folder, app.spec.folder, slug, app.spec.memory_bytes)
