"""Why a user app could not be measured, in one line with the next step."""

from lab.app.guess.failures import last_words
from lab.app.spec import AppSpec
from lab.records.trial import End, EndKind


def without_trial(end: End | None, spec: AppSpec) -> str:
    """Why an app was not measured, by the end of its only trial; None: it left no trial."""
    if end is None:
        return advice_for(EndKind.FAILED, "it did not start", spec)
    return advice_for(end.kind, end.reason, spec)


def advice_for(kind: EndKind, reason: str, spec: AppSpec) -> str:
    """Why an app was not measured, where, and what to do about it, in one line."""
    file = spec.file
    command = f" (command = {spec.command!r})" if spec.command else ""
    if kind is EndKind.DIED:
        return f"{file}: the app does not start{command}: {reason}; see the last lines of its log"
    if kind is EndKind.NEVER_READY:
        return (
            f"{file}: {reason}{command}: it must listen on $HOST:$PORT; where it needs longer to "
            "start, raise `ready_seconds` or put the setup into `prepare`"
        )
    if kind is EndKind.NO_REQUESTS_SERVED:
        return f"{file}: {'' if reason.startswith('login: ') else 'requests: '}{reason}"
    return f"{file}: the app was not measured: {reason}"


def with_log(message: str, end: End | None) -> str:
    """The message, and below it what the server's log says last of an exception, else at all."""
    lines = last_words("\n".join(end.log_tail)) if end else ()
    return message + "".join(f"\n  | {line}" for line in lines)
