"""Why a user app could not be measured, in one line with the next step."""

from lab.app.spec import AppSpec
from lab.records.trial import End, EndKind

LOG_LINES = 6


def without_trial(end: End | None, spec: AppSpec) -> str:
    """Why an app was not measured, from the end of its only trial; None where it left none."""
    if end is None:
        return advice_for(EndKind.FAILED, "it did not start", spec)
    return advice_for(end.kind, end.reason, spec)


def advice_for(kind: EndKind, reason: str, spec: AppSpec) -> str:
    """Why an app was not measured, where, and what to do about it, in one line."""
    file = spec.file
    command = f" (command = {spec.command!r})" if spec.command else ""
    if kind is EndKind.DIED:
        return f"{file}: the app does not start{command}: {reason}; see its log's last lines"
    if kind is EndKind.NEVER_READY:
        return f"{file}: {reason}{command}: it must listen on $HOST:$PORT, or set health"
    if kind is EndKind.NO_REQUESTS_SERVED:
        return f"{file}: requests: {reason}: set their path, method or expect"
    return f"{file}: the app was not measured: {reason}"


def with_log(message: str, end: End | None) -> str:
    """The message, and below it the last lines of the server's log."""
    lines = end.log_tail[-LOG_LINES:] if end else ()
    return message + "".join(f"\n  | {line}" for line in lines)
