"""The part of the page on what offers add: who answers, and what deciding by it earns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from models.model_set import ALL_PROFILES
from models.report.charts import Bar, bars
from models.report.markup import Markup, between, details, paragraph, put, table
from models.report.reading import Evidence, Rows

_PER = 1000.0
RULES = {
    "strategy": "the strategy's rule",
    "own_models": "the same by the set's own models",
    "response": "the offer likeliest to sell, to everybody",
    "best_average": "the best offer on average, to everybody",
    "nobody": "nothing to anybody",
}


def uplift_part(evidence: Evidence) -> Markup:
    """Return the elections, the value of the rules, and predicted against observed effects."""
    if evidence.uplift is None:
        why = "the set's own models say what offers add, acceptance less baseline"
        return paragraph(f"uplift.json is not in this model set: {why}.", quiet=True)
    return Markup(
        _elections(evidence.uplift)
        + _rules(evidence.uplift)
        + "".join(_offers(row) for row in evidence.uplift if row["offers"])
    )


def _elections(rows: Rows) -> Markup:
    found = [[row["profile"], row["found"]] for row in rows if "found" in row]
    standings = [
        [
            row["profile"],
            one["name"],
            "stands" if one["stands"] else "",
            _per_thousand(one),
        ]
        for row in rows
        for one in row.get("standings", ())
    ]
    head = ["profile", "contender", "", "adds to chance"]
    inside = table(head, standings, texts=3) if standings else ""
    note = (
        "Buyers per 1,000 contacts, mean over all depths, on contacts between fit and judge part."
    )
    return Markup(
        "<h3>Who answers</h3>"
        + table(["profile", "why"], found, texts=2)
        + details("How each stood", paragraph(note, quiet=True) + inside)
    )


def _rules(rows: Rows) -> Markup:
    """Return the value of the rules over all judged contacts, and by profile below it."""
    whole = [row for row in rows if row["profile"] == ALL_PROFILES] or rows[:1]
    others = [row for row in rows if row not in whole]
    said = "".join(details(str(row["profile"]), _values(row)) for row in others)
    note = (
        "On contacts that took no part in fitting or electing. Buyers are the mean per 1,000 "
        "contacts, doubly robust; money is added to presenting nothing, by the set's lapse model."
    )
    return Markup(
        "<h3>What deciding by it earns</h3>"
        + paragraph(note, quiet=True)
        + "".join(_values(row) for row in whole)
        + said
    )


def _values(row: Mapping[str, Any]) -> Markup:
    head = ["rule", "given an offer", "buyers", "money added", "strategy ahead in money", "IPS"]
    found = [
        [
            RULES.get(each["policy"], each["policy"]),
            f"{each['presented']:.0%}",
            _per_thousand(each["doubly_robust"]),
            _per_thousand(each["money_added"]),
            "–" if each["policy"] == "strategy" else _per_thousand(each["strategy_ahead_in_money"]),
            _per_thousand(each["ips"]),
        ]
        for each in row["policies"]
    ]
    warnings = dict.fromkeys(
        f"{RULES.get(each['policy'], each['policy'])}: {text}"
        for each in row["policies"]
        for text in each["warnings"]
    )
    return Markup(
        table(["", *head[1:]], found) + "".join(paragraph(w, quiet=True) for w in warnings)
    )


def _offers(row: Mapping[str, Any]) -> Markup:
    head = ["offer", "presented", "with nothing", "adds on average", "Qini", "AUUC", "slope"]
    found = [
        [
            offer["offer_id"],
            offer["presented"],
            offer["nothing"],
            _per_thousand(offer["average"]),
            _interval(offer["qini"]),
            _interval(offer["auuc"]),
            _interval(offer["slope"]),
        ]
        for offer in row["offers"]
    ]
    note = (
        "Slope of observed on predicted effects: 1 when predictions can be taken at their word, 0 "
        "when they order nothing. Qini and AUUC where all contacts had the same chances."
    )
    inside = paragraph(note, quiet=True) + table(head, found) + "".join(_tenths(row))
    return details(f"Offer by offer: {row['profile']}", inside)


def _tenths(row: Mapping[str, Any]) -> Iterator[Markup]:
    for offer in row["offers"]:
        drawn = [
            Bar(
                f"tenth {tenth['tenth']}",
                _PER * tenth["observed"],
                _PER * tenth["observed_low"],
                _PER * tenth["observed_high"],
                beside=_PER * tenth["predicted"],
            )
            for tenth in offer["tenths"]
        ]
        yield bars(
            f"{offer['offer_id']}, {row['profile']}: buyers added per 1,000 (hollow: predicted)",
            drawn,
        )


def _per_thousand(ends: Mapping[str, Any]) -> Markup:
    return _interval({name: _PER * ends[name] for name in ("value", "low", "high")})


def _interval(ends: Mapping[str, Any] | None) -> Markup:
    if ends is None:
        return put(None)
    return Markup(f"{put(ends['value'])}<small>{put(between(ends['low'], ends['high']))}</small>")
