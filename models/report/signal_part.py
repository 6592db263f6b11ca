"""The part of the page on one signal: how well each profile's champion tells, by what picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from models.model_set import ALL_PROFILES
from models.report.charts import Bar, Line, bars, plot
from models.report.markup import (
    Markup,
    between,
    details,
    number,
    paragraph,
    put,
    table,
    with_interval,
)
from models.report.reading import CHAMPION, SINGLE, Evidence, Rows, row_of
from models.signals import Signal, Task

_KINDS = ("a", "b", "c", "d")
_TELLS = {
    Signal.ACCEPT: "takes the offer when it is presented",
    Signal.LAPSE: "stops paying within the maturity period",
    Signal.KEEP: "buys and does not lapse",
    Signal.VALUE: "money: revenue if kept, less the lapse cost",
    Signal.BASELINE: "buys although nothing was presented",
}


def signal_part(evidence: Evidence, signal: Signal) -> Markup:
    """Return the champions' table and one part per profile, all measured on judge rows."""
    champions = [row for row in evidence.of(CHAMPION) if row.get("signal") == signal]
    if not champions:
        return paragraph("metrics.json has no row of this signal: nothing was judged.", quiet=True)
    amount = signal.task is Task.AMOUNT
    body = _amounts(evidence, champions) if amount else _probabilities(evidence, champions)
    if not amount:
        body = Markup(body + _intervals(evidence, signal, champions))
    body = Markup(body + "".join(_profile(evidence, signal, row) for row in champions))
    return Markup(paragraph(_TELLS[signal], quiet=True) + body)


def _intervals(evidence: Evidence, signal: Signal, champions: Rows) -> Markup:
    rows = []
    for row in champions:
        if row.get("auc") is None:
            continue
        single = row_of(evidence.of(SINGLE), signal, row["profile"])
        beside = None if single is None else single.get("auc")
        low, high = row.get("auc_low"), row.get("auc_high")
        value = row["auc"]
        rows.append(
            Bar(
                f"{_said(row['profile'])} (n {row['n']:,})",
                value,
                value if low is None else low,
                value if high is None else high,
                beside,
            )
        )
    return bars("AUC with its 95 % interval; hollow: the one model for all", rows, zero=False)


def _probabilities(evidence: Evidence, champions: Rows) -> Markup:
    head = ["profile", "champion", "rows", "positives", "AUC", "one for all", "calibration error"]
    head += ["by chance", "lift at 10 %"]
    rows = [
        [
            _said(row["profile"]),
            evidence.answering(row["signal"], row["profile"]),
            row["n"],
            row["positives"],
            with_interval(row, "auc"),
            (row_of(evidence.of(SINGLE), row["signal"], row["profile"]) or {}).get("auc"),
            with_interval(row, "ece"),
            row.get("ece_chance"),
            with_interval(row, "lift_at_10"),
        ]
        for row in champions
    ]
    return table(head, rows, texts=2)


def _said(profile: str) -> str:
    return "all, by one model" if profile == ALL_PROFILES else profile


def _amounts(evidence: Evidence, champions: Rows) -> Markup:
    head = ["profile", "champion", "rows", "predicted mean", "realised mean", "RMSE"]
    rows = [
        [
            _said(row["profile"]),
            evidence.answering(row["signal"], row["profile"]),
            row["n"],
            row.get("mean_prediction"),
            row.get("mean_label"),
            with_interval(row, "rmse"),
        ]
        for row in champions
    ]
    return table(head, rows, texts=2)


def _profile(evidence: Evidence, signal: Signal, champion: dict[str, Any]) -> Markup:
    profile = champion["profile"]
    curves = row_of(evidence.curves, signal, profile)
    tenths = (row_of(evidence.deciles, signal, profile) or {}).get("tenths") or []
    pictures = [*_curves(curves, tenths, signal), *_months(evidence.months, signal, profile)]
    inside = f'<div class="plots">{"".join(pictures)}</div>' if pictures else ""
    inside += (
        _tenths(tenths, signal)
        if tenths
        else paragraph("deciles.json says nothing of this profile.", quiet=True)
    )
    inside += _more(champion) + _candidates(evidence, signal, profile)
    answer = evidence.manifest.answer(signal, profile)
    if answer and answer.why:
        inside = paragraph(f"Answered by the model of {answer.uses}: {answer.why}.") + inside
    figure = (
        f"AUC {number(champion.get('auc'))}"
        if champion.get("auc") is not None
        else (f"RMSE {number(champion.get('rmse'))}")
    )
    title = f"{_said(profile)}: {evidence.answering(signal, profile)}, {figure}"
    return details(title, inside)


def _curves(curves: dict[str, Any] | None, tenths: Rows, signal: Signal) -> Iterator[Markup]:
    if curves:
        roc = Line([(x, y) for x, y in curves["roc"]])
        even = Line([(0.0, 0.0), (1.0, 1.0)], kind="quiet", name="chance")
        yield plot("ROC", [even, roc], across="false positive rate", up="true positive rate")
    if tenths:
        bins = sorted(tenths, key=lambda row: float(row["predicted"]))
        line = Line(
            [(row["predicted"], row["realised"]) for row in bins],
            ends=[(row["low"], row["high"]) for row in bins],
            dots=True,
        )
        edge = [min(0.0, bins[0]["predicted"]), bins[-1]["predicted"]]
        exact = Line([(v, v) for v in edge], kind="quiet", name="as predicted")
        up = "realised money" if signal.task is Task.AMOUNT else "observed share"
        yield plot("Reliability, by tenth", [exact, line], across="predicted", up=up)
        gains = [(0.0, 0.0), *((row["tenth"] / 10, row["gain"]) for row in tenths)]
        if all(gain is not None for _, gain in gains):
            even = Line([(0.0, 0.0), (1.0, 1.0)], kind="quiet", name="at random")
            yield plot(
                "Gains", [even, Line(gains, dots=True)], across="share, best first", up="held"
            )
    if curves:
        # The first hundredths are a handful of contacts: noise that would set the scale.
        steady = [(share, lift) for share, lift in curves["lift"] if share >= 0.05]
        one = Line([(0.0, 1.0), (1.0, 1.0)], kind="quiet", name="average")
        yield plot("Lift", [one, Line(steady)], across="share, best first", up="times the average")


def _months(months: Rows | None, signal: Signal, profile: str) -> Iterator[Markup]:
    rows = [r for r in months or () if (r.get("signal"), r.get("profile")) == (signal, profile)]
    measure = "rmse" if signal.task is Task.AMOUNT else "auc"
    # Months of both parts carry the same name; the later one is what the champion never saw.
    when = list(dict.fromkeys(str(row["month"]) for row in sorted(rows, key=_order)))
    if len(when) < 2:
        return
    lines = []
    for kind, name in zip(
        _KINDS, dict.fromkeys(str(row["candidate"]) for row in rows), strict=False
    ):
        own: dict[str, Any] = {
            str(r["month"]): r.get(measure) for r in rows if str(r["candidate"]) == name
        }
        points = [(float(n), float(own[m])) for n, m in enumerate(when) if own.get(m) is not None]
        lines.append(Line(points, kind=kind, name=name, dots=True))
    up = "RMSE" if measure == "rmse" else "AUC"
    yield plot("Month by month, foretold", lines, across="", up=up, ticks=when)


def _order(row: dict[str, Any]) -> tuple[bool, str]:
    return (row.get("part") == "judged", str(row["month"]))


def _tenths(tenths: Rows, signal: Signal) -> Markup:
    what = "realised money" if signal.task is Task.AMOUNT else "observed"
    head = ["tenth", "rows", "predicted", what, "95 % interval", "lift", "held so far"]
    rows = [
        [
            row["tenth"],
            row["rows"],
            row["predicted"],
            _marked(row),
            between(row["low"], row["high"]),
            row.get("lift"),
            None if row.get("gain") is None else f"{row['gain']:.0%}",
        ]
        for row in tenths
    ]
    return Markup(
        table(head, rows)
        + paragraph(
            "Coloured where the interval does not hold the prediction; 1 in 20 does so by chance.",
            quiet=True,
        )
    )


def _marked(row: dict[str, Any]) -> Markup:
    outside = not row["low"] <= row["predicted"] <= row["high"]
    value = put(row["realised"])
    return Markup(f'<span class="bad">{value}</span>') if outside else value


def _more(row: dict[str, Any]) -> Markup:
    """Return the measures that the champions' table has no room for."""
    names = ("average_precision", "brier", "log_loss", "lift_at_30", "lift_at_70")
    held = [name for name in names if row.get(name) is not None]
    head = [name.replace("_", " ") for name in held]
    return table(head, [[with_interval(row, name) for name in held]], texts=0) if held else Markup()


def _candidates(evidence: Evidence, signal: Signal, profile: str) -> Markup:
    measure = ("rmse", "RMSE") if signal.task is Task.AMOUNT else ("auc", "AUC")
    rows = [
        [row["candidate"], row.get("select_loss"), row.get(measure[0]), row.get("is_champion")]
        for row in evidence.metrics
        if (row["signal"], row["profile"]) == (signal, profile)
        and row["candidate"] not in (CHAMPION, SINGLE)
    ]
    head = ["candidate", "loss it was chosen by", f"{measure[1]}, judge rows", "elected"]
    return table(head, rows) if rows else Markup("")
