"""The measured effect is unbiased, its interval honest, and what it cannot say it does not say."""

from __future__ import annotations

import numpy as np
import pytest

from models.uplift.effects import (
    LEAST_CONTACTS,
    Effect,
    LogError,
    LoggedContacts,
    Verdict,
    clustered_error,
    difference,
    influence,
    offer_effect,
    verdict,
)


def simulated(
    rng: np.random.Generator, *, contacts: int = 4000, added: float = 0.05, each: int = 1
) -> LoggedContacts:
    """Contacts whose chance to be presented depends on what they would buy anyway."""
    keen = np.repeat(rng.random(contacts // each) < 0.4, each)
    size = len(keen)
    chance = np.where(keen, 0.7, 0.2)
    presented = rng.random(size) < chance
    bought = rng.random(size) < np.where(keen, 0.2, 0.05) + added * presented
    return LoggedContacts(
        customer=np.repeat(np.arange(size // each), each),
        stage=np.where(np.arange(size) % 2 == 0, "lead", "prospect"),
        presented=presented,
        nothing=~presented,
        probability=np.where(presented, chance, 1 - chance),
        bought=bought.astype(float),
        money=100.0 * bought - 2.0 * presented,
    )


def test_the_weighted_means_are_the_sums_by_hand() -> None:
    mean_with, mean_without, pull = influence(
        np.array([1.0, 0.0, 1.0, 0.0]),
        presented=np.array([True, True, False, False]),
        nothing=np.array([False, False, True, True]),
        probability=np.array([0.5, 0.25, 0.2, 0.8]),
    )
    assert mean_with == pytest.approx(2 / (2 + 4))
    assert mean_without == pytest.approx(5 / (5 + 1.25))
    assert pull.sum() == pytest.approx(0.0)
    assert pull[0] == pytest.approx(2 * (1 - 1 / 3) / 6)


def test_equal_probabilities_give_the_textbook_difference_and_error() -> None:
    rng = np.random.default_rng(1)
    log = simulated(rng)
    fair = LoggedContacts(
        log.customer,
        log.stage,
        log.presented,
        log.nothing,
        np.full(len(log), 0.5),
        log.bought,
        log.money,
    )
    effect = difference(fair.bought, log=fair)
    treated, control = fair.bought[fair.presented], fair.bought[fair.nothing]
    assert effect.estimate == pytest.approx(treated.mean() - control.mean())
    textbook = np.sqrt(treated.var() / len(treated) + control.var() / len(control))
    assert effect.standard_error == pytest.approx(textbook, rel=1e-3)


def test_weights_undo_a_choice_that_favoured_the_keen() -> None:
    log = simulated(np.random.default_rng(2), contacts=60_000)
    naive = log.bought[log.presented].mean() - log.bought[log.nothing].mean()
    effect = difference(log.bought, log=log)
    assert naive > 0.09
    # One world may lie outside its 95 % interval; four standard errors are one in 16,000.
    assert abs(effect.estimate - 0.05) < 4 * effect.standard_error < 0.02


def test_the_interval_holds_the_truth_in_95_of_100_worlds() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        log = simulated(rng, contacts=1500)
        effect = difference(log.bought, log=log)
        held += effect.low <= 0.05 <= effect.high
    # Three standard errors of a share of 0.95 in 400 trials are 0.033.
    assert 0.917 <= held / 400 <= 0.983


def test_two_contacts_of_one_person_are_not_two_people() -> None:
    rng = np.random.default_rng(4)
    pull = np.repeat(rng.normal(size=200), 2)
    alone = clustered_error(pull, customer=np.arange(400))
    together = clustered_error(pull, customer=np.repeat(np.arange(200), 2))
    assert together / alone == pytest.approx(np.sqrt(2), rel=0.01)


def test_contacts_given_another_offer_do_not_count() -> None:
    log = simulated(np.random.default_rng(5))
    another = np.arange(len(log)) % 3 == 0
    mixed = LoggedContacts(
        log.customer,
        log.stage,
        log.presented & ~another,
        log.nothing & ~another,
        log.probability,
        log.bought,
        log.money,
    )
    assert difference(mixed.bought, log=mixed) == difference(
        log.bought[~another], log=log.where(~another)
    )


def test_too_few_contacts_give_no_figure_and_say_how_many_there_are() -> None:
    log = simulated(np.random.default_rng(6), contacts=LEAST_CONTACTS)
    effect = offer_effect(log)
    assert effect.uplift is None
    assert effect.money is None
    assert effect.verdict is Verdict.UNKNOWN
    assert effect.warnings[0].startswith(f"Not enough contacts yet: {log.presented.sum()} with")


def test_money_waits_for_contacts_that_have_matured() -> None:
    log = simulated(np.random.default_rng(7), contacts=20_000)
    young = np.arange(len(log)) % 4 == 0
    money = np.where(young, np.nan, log.money)
    aged = LoggedContacts(
        log.customer, log.stage, log.presented, log.nothing, log.probability, log.bought, money
    )
    effect = offer_effect(aged)
    assert effect.matured == 15_000
    assert effect.money == difference(log.money[~young], log=log.where(~young))
    assert effect.uplift == difference(log.bought, log=log)


def test_stages_are_measured_apart() -> None:
    log = simulated(np.random.default_rng(8), contacts=8000)
    by_stage = {part.stage: part for part in offer_effect(log).stages}
    assert set(by_stage) == {"lead", "prospect"}
    lead = log.where(log.stage == "lead")
    assert by_stage["lead"].uplift == difference(lead.bought, log=lead)
    assert by_stage["lead"].presented == lead.presented.sum()


def test_a_few_heavy_contacts_are_called_thin_overlap() -> None:
    log = simulated(np.random.default_rng(9))
    rare = log.probability.copy()
    rare[np.flatnonzero(log.presented)[:5]] = 0.001
    thin = LoggedContacts(
        log.customer, log.stage, log.presented, log.nothing, rare, log.bought, log.money
    )
    assert not offer_effect(log).warnings
    assert [words[:12] for words in offer_effect(thin).warnings] == ["Thin overlap"]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(1.0, 3.0, Verdict.ADDS), (-3.0, -1.0, Verdict.LOSES), (-1.0, 1.0, Verdict.UNKNOWN)],
)
def test_the_verdict_is_what_the_interval_says(low: float, high: float, said: Verdict) -> None:
    assert verdict(Effect((low + high) / 2, 1.0, low, high, 0.0, 0.0)) is said


def test_a_probability_of_zero_is_refused_by_name() -> None:
    log = simulated(np.random.default_rng(10))
    with pytest.raises(LogError, match=r"outside \(0, 1\]"):
        LoggedContacts(
            log.customer,
            log.stage,
            log.presented,
            log.nothing,
            np.zeros(len(log)),
            log.bought,
            log.money,
        )


def test_columns_of_different_length_are_refused() -> None:
    log = simulated(np.random.default_rng(11))
    with pytest.raises(LogError, match="differ in length"):
        LoggedContacts(
            log.customer[:-1],
            log.stage,
            log.presented,
            log.nothing,
            log.probability,
            log.bought,
            log.money,
        )


def test_nothing_to_compare_with_is_said() -> None:
    log = simulated(np.random.default_rng(12))
    with pytest.raises(LogError, match="no contact to compare with"):
        difference(log.bought[log.presented], log=log.where(log.presented))
