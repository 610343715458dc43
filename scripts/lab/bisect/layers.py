"""Which layers the growth of an app needs, from a trial of each exchange. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from lab.records.judgement import STOPPED, Verdict
from lab.records.layers import (
    SCHEMA_VERSION,
    Exchange,
    LayerResult,
    LayersAnswer,
    Need,
    NotExchanged,
)
from lab.records.trial import EndKind, Trial
from lab.text.phrases import listed, size
from lab.verdict.verdict import judge_trial

PARTLY_GONE_SHARE = 0.5
"""Growth of less than this share of the app's own is partly gone."""
AS_IT_IS = "the app as it is"


def layers_answer(
    app: str,
    base: Trial,
    exchanged: Sequence[tuple[Exchange, Trial | None]],
    not_exchanged: Sequence[NotExchanged],
    exit_code: int,
) -> LayersAnswer:
    """The answer from the trials of one run."""
    own = result_of(None, AS_IT_IS, base)
    results = tuple(layer_result(own, each, trial) for each, trial in exchanged)
    return LayersAnswer(
        schema_version=SCHEMA_VERSION,
        app=app,
        base=own,
        exchanges=results,
        not_exchanged=tuple(not_exchanged),
        said=tuple(sentences(app, own, results)),
        exit_code=exit_code,
    )


def result_of(exchange: Exchange | None, line: str, trial: Trial | None) -> LayerResult:
    layer = exchange.layer if exchange else None
    if trial is None or not trial.blocks:
        end = trial.end.reason if trial is not None and trial.end is not None else ""
        return LayerResult(layer, line, None, end or "it did not start", None, None)
    judged = judge_trial(trial)
    reason = judged.reason
    if trial.end is not None and trial.end.kind is not EndKind.COMPLETE:
        reason = trial.end.reason or reason
    return LayerResult(layer, line, judged.verdict, reason, judged.interval, judged.growth_bytes)


def layer_result(base: LayerResult, exchange: Exchange, trial: Trial | None) -> LayerResult:
    """The result of an exchange beside the app as it is."""
    exchanged = result_of(exchange, exchange.line, trial)
    return LayerResult(
        exchanged.layer,
        exchanged.line,
        exchanged.verdict,
        exchanged.reason,
        exchanged.bytes_per_request,
        exchanged.growth_bytes,
        need_of(base, exchanged),
    )


def need_of(base: LayerResult, exchanged: LayerResult) -> Need:
    """Whether the growth needs the layer that was exchanged."""
    if base.verdict is not Verdict.LEAK or base.bytes_per_request is None:
        return Need.OPEN
    if exchanged.verdict in STOPPED:
        return Need.NEEDED
    if exchanged.verdict is not Verdict.LEAK or exchanged.bytes_per_request is None:
        return Need.OPEN
    less = exchanged.bytes_per_request.high < PARTLY_GONE_SHARE * base.bytes_per_request.low
    return Need.PARTLY if less else Need.NOT_NEEDED


def sentences(app: str, base: LayerResult, results: Sequence[LayerResult]) -> Iterator[str]:
    """The answer, the most important first."""
    if base.verdict is not Verdict.LEAK:
        verdict = base.verdict.value if base.verdict else "not measured"
        yield f"{app} as it is does not leak ({verdict}), so no layer was compared."
        return
    by_need = grouped_by_need(results)
    kept = size(base.bytes_per_request.estimate) if base.bytes_per_request else ""
    if needed := by_need.get(Need.NEEDED):
        yield f"The leak of {kept} a request is gone with {listed(needed)}."
    else:
        yield f"The leak of {kept} a request needs none of the layers that were exchanged."
    if partly := by_need.get(Need.PARTLY):
        yield f"Less than half of it is left with {listed(partly)}."
    if others := by_need.get(Need.NOT_NEEDED):
        yield f"It stays with {listed(others)}."
    if left := by_need.get(Need.OPEN):
        yield f"Not decided: {listed(left)}."


def grouped_by_need(results: Sequence[LayerResult]) -> Mapping[Need, list[str]]:
    """The exchanges by what came of them."""
    lines_by_need: dict[Need, list[str]] = {}
    for each in results:
        if each.need is not None:
            lines_by_need.setdefault(each.need, []).append(each.line)
    return lines_by_need
