"""What the newest release of a package, or a newer Python, did to a growth. Pure."""

from lab.causes.diagnosis import Diagnosis
from lab.causes.interventions import InterventionResult
from lab.records.holders import Package
from lab.records.interventions import Release
from lab.records.judgement import STOPPED, Verdict
from lab.text.packages import canonical
from lab.text.phrases import in_mib

SERVERS = frozenset(
    (
        *("uvicorn", "hypercorn", "granian", "gunicorn", "waitress", "werkzeug"),
        *("h11", "h2", "httptools", "wsproto", "websockets", "uvloop"),
    )
)
"""Distributions that another server does without."""


def ends_it(result: InterventionResult) -> bool:
    """Whether the app does not leak with another release."""
    return result.change.release is not None and result.verdict in STOPPED


def asks_for_release(diagnosis: Diagnosis) -> bool:
    """Whether another release could end it: a leak that a package or the library holds."""
    holder = diagnosis.holder
    if diagnosis.judged.verdict is not Verdict.LEAK or holder is None:
        return False
    return holder.culprit is not None or holder.is_librarys


def asks_for_server(diagnosis: Diagnosis) -> bool:
    """Whether another server could end it: a leak that the server's own code holds."""
    holder = diagnosis.holder
    if diagnosis.judged.verdict is not Verdict.LEAK or holder is None or holder.culprit is None:
        return False
    return canonical(holder.culprit.name) in SERVERS


def is_release(result: InterventionResult) -> bool:
    return result.change.release is not None


def specifier(release: Release) -> str:
    """The requirement to write: `ujson>=5.12.1`."""
    return f"{release.package}>={release.newest}"


def release_text(result: InterventionResult, package: Package | None) -> str:
    """The advice that a run with another release gives.

    Args:
        package: the distribution with the tracker that its metadata states; None for Python.
    """
    release, verdict = result.change.release, result.verdict
    if release is None or verdict is None:
        return ""
    if verdict in STOPPED:
        return f"{specifier(release)} (measured: {verdict.value})"
    newest = f"{release.package} {release.newest}"
    if verdict is Verdict.LEAK and result.takes_most:
        part = f"{in_mib(result.saved_bytes)} of {in_mib(result.control_bytes)}"
        return f"{specifier(release)} takes away {part}, and what is left still grows"
    if verdict is Verdict.LEAK:
        still = f"{release.package} still leaks in the newest release, {release.newest}"
        return f"{still}: report it {tracker_text(package)}"
    saved = f"it gained {in_mib(result.saved_bytes)} less"
    return f"whether {newest}, the newest release, leaks is open ({saved})"


def still_grows(result: InterventionResult) -> str:
    """A clause: another release changes nothing, as how it is used decides."""
    release = result.change.release
    name = f"{release.package} {release.newest}" if release else ""
    return f"it grows with the newest release, {name}, too"


def tracker_text(package: Package | None) -> str:
    """The words for the tracker to which a leak is reported."""
    if package is None or package.tracker is None:
        return "to its maintainers"
    return f"at {package.tracker}"
