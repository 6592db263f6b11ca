from routing.strategy_index import (
    ContactDetails,
    Keys,
    folded,
    folded_postcode,
)

KEYS = Keys(b"a secret")
JANE = ContactDetails(("555-555-0100", "+15555550101"), "Jane Doe", "1 Main St.", "01101")


def test_spelling_case_and_accents_do_not_change_a_name() -> None:
    assert folded("  José  O-Neill ") == folded("JOSE O NEILL") == "jose o neill"
    assert folded_postcode("sw1a 1aa") == folded_postcode("SW1A1AA")


def test_letters_of_other_alphabets_are_kept() -> None:
    assert folded("Ольга") != folded("Иван") != ""


def test_one_answer_makes_no_key_two_make_one_three_make_three() -> None:
    assert KEYS.answers(name="Jane Doe") == []
    assert len(KEYS.answers(name="Jane Doe", postcode="01101")) == 1
    assert len(KEYS.answers(name="Jane Doe", street="1 Main St", postcode="01101")) == 3
    assert KEYS.answers(name=" . ", postcode="01101") == []


def test_a_customer_is_under_id_phones_and_pairs_of_answers() -> None:
    keys = KEYS.of("c-1", JANE)
    assert KEYS.customer("c-1") in keys
    assert set(KEYS.phone("(555) 555-0101")) <= keys
    assert set(KEYS.phone("5555550100", name="JANE DOE")) <= keys
    assert set(KEYS.answers(street="1 main st", postcode="01101")) <= keys
    assert len(keys) == 1 + 4 + 3


def test_a_key_fits_a_signed_column() -> None:
    assert all(-(2**63) <= key < 2**63 for key in KEYS.of("c-1", JANE))


def test_another_secret_makes_other_keys() -> None:
    assert not KEYS.of("c-1", JANE) & Keys(b"another").of("c-1", JANE)
