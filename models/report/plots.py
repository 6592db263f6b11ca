"""The figures of a model set for people: how well each profile's champion tells, and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models.judging.measures import auc, curves
from models.report.leading import Leading
from models.signals import Signal, Task

# Okabe and Ito's palette: told apart by colour-blind readers, and in grey print by its order.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")
_MORE, _LESS = "#0072B2", "#D55E00"
_QUIET = "#888888"
_PANEL_INCHES = 4.2

Judged = Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]


def signal_figure(signal: Signal, judged: Judged) -> Figure:
    """Return ROC, calibration and lift of a signal, one line per profile.

    `judged` is, per profile, (n,) labels and predictions on the judge part. Amounts get their
    mean by tenth of the predictions instead.
    """
    if signal.task is Task.AMOUNT:
        return _amount_figure(signal, judged)
    figure, (left, middle, right) = _panels(3)
    for colour, (profile, (label, predicted)) in zip(
        _colours(len(judged)), judged.items(), strict=True
    ):
        _profile_lines((left, middle, right), profile, label, predicted, colour=colour)
    left.plot([0, 1], [0, 1], color=_QUIET, linestyle=":", linewidth=1)
    _dress(left, f"{signal}: ROC", "false positive rate", "true positive rate")
    edge = max(middle.get_xlim()[1], middle.get_ylim()[1])
    middle.plot([0, edge], [0, edge], color=_QUIET, linestyle=":", linewidth=1)
    _dress(middle, f"{signal}: calibration", "predicted probability", "observed share")
    right.axhline(1.0, color=_QUIET, linestyle=":", linewidth=1)
    _dress(right, f"{signal}: lift", "share of contacts, best first", "times the average")
    left.legend(fontsize=8, loc="lower right", frameon=False)
    return figure


def leading_figure(title: str, leading: Sequence[Leading]) -> Figure:
    """Return bars of the top features, the strongest on top, coloured by sign."""
    high = 1.2 + 0.3 * max(len(leading), 1)
    figure = Figure(figsize=(9, high))
    # Fixed margins: finding them by layout takes as long as all the drawing.
    figure.subplots_adjust(left=0.36, right=0.97, top=1 - 0.45 / high, bottom=0.6 / high)
    axes = figure.add_subplot()
    shown = list(reversed(leading))
    axes.barh(
        [row.column for row in shown],
        [row.effect for row in shown],
        color=[_MORE if row.effect > 0 else _LESS for row in shown],
    )
    axes.axvline(0, color="black", linewidth=0.8)
    _dress(axes, title, "per standard deviation, or where it holds (blue: more, orange: less)", "")
    return figure


def _profile_lines(
    panels: tuple[Axes, Axes, Axes],
    profile: str,
    label: NDArray[np.float64],
    predicted: NDArray[np.float64],
    *,
    colour: str,
) -> None:
    roc_panel, calibration_panel, lift_panel = panels
    if not 0 < label.sum() < len(label):
        roc_panel.plot(
            [], [], color=colour, label=f"{profile} (one outcome only, n {len(label):,})"
        )
        return
    points = curves(label, predicted)
    said = f"{profile} (AUC {auc(label, predicted):.3f}, n {len(label):,})"
    roc_panel.plot(*zip(*points.roc, strict=True), color=colour, label=said)
    predicted_mean, observed, _rows = zip(*points.calibration, strict=True)
    calibration_panel.plot(predicted_mean, observed, color=colour, marker="o", markersize=3)
    # The first hundredth is a handful of contacts: its lift is noise that would set the scale.
    steady = [(share, lift) for share, lift in points.lift if share >= 0.05]
    lift_panel.plot(*zip(*steady, strict=True), color=colour)


def _amount_figure(signal: Signal, judged: Judged) -> Figure:
    figure, (left, right) = _panels(2)
    for colour, (profile, (label, predicted)) in zip(
        _colours(len(judged)), judged.items(), strict=True
    ):
        tenths = np.array_split(np.argsort(-predicted, kind="stable"), 10)
        filled = [(place + 1, rows) for place, rows in enumerate(tenths) if len(rows)]
        places = [place for place, _ in filled]
        observed = [float(label[rows].mean()) for _, rows in filled]
        expected = [float(predicted[rows].mean()) for _, rows in filled]
        left.plot(places, observed, color=colour, marker="o", markersize=3, label=profile)
        right.plot(expected, observed, color=colour, marker="o", markersize=3)
    _dress(left, f"{signal}: by tenth", "tenth of the contacts, best first", "mean money")
    edges = right.get_xlim()
    right.plot(edges, edges, color=_QUIET, linestyle=":", linewidth=1)
    _dress(right, f"{signal}: calibration", "predicted money", "mean money")
    left.legend(fontsize=8, frameon=False)
    return figure


def _panels(count: int) -> tuple[Figure, tuple[Axes, ...]]:
    figure = Figure(figsize=(_PANEL_INCHES * count, _PANEL_INCHES))
    wide = _PANEL_INCHES * count
    figure.subplots_adjust(0.65 / wide, 0.13, 1 - 0.15 / wide, 0.92, wspace=0.24)
    return figure, tuple(figure.subplots(1, count))


def _dress(axes: Axes, title: str, across: str, up: str) -> None:
    axes.set_title(title, fontsize=11, loc="left")
    axes.set_xlabel(across, fontsize=9)
    axes.set_ylabel(up, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _colours(count: int) -> list[str]:
    return [_COLOURS[place % len(_COLOURS)] for place in range(count)]
