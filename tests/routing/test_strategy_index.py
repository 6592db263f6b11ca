from routing.strategy_index import (
    ContactDetails,
    answer_keys,
    customer_key,
    folded,
    folded_postcode,
    keys_of,
    phone_keys,
)

JANE = ContactDetails(("555-555-0100", "+15555550101"), "Jane Doe", "1 Main St.", "01101")


def test_spelling_case_and_accents_do_not_change_a_name() -> None:
    assert folded("  José  O-Neill ") == folded("JOSE O NEILL") == "jose o neill"
    assert folded_postcode("sw1a 1aa") == folded_postcode("SW1A1AA")


def test_letters_of_other_alphabets_are_kept() -> None:
    assert folded("Ольга") != folded("Иван") != ""


def test_one_answer_makes_no_key_two_make_one_three_make_three() -> None:
    assert answer_keys("main", name="Jane Doe") == []
    assert len(answer_keys("main", name="Jane Doe", postcode="01101")) == 1
    assert len(answer_keys("main", name="Jane Doe", street="1 Main St", postcode="01101")) == 3
    assert answer_keys("main", name=" . ", postcode="01101") == []


def test_a_customer_is_under_id_phones_and_pairs_of_answers() -> None:
    keys = keys_of("main", "c-1", JANE)
    assert customer_key("main", "c-1") in keys
    assert set(phone_keys("main", "(555) 555-0101")) <= keys
    assert set(phone_keys("main", "5555550100", name="JANE DOE")) <= keys
    assert set(answer_keys("main", street="1 main st", postcode="01101")) <= keys
    assert len(keys) == 1 + 4 + 3


def test_the_same_values_of_another_partner_have_other_keys() -> None:
    assert not keys_of("main", "c-1", JANE) & keys_of("north", "c-1", JANE)


def test_a_key_fits_a_signed_column() -> None:
    assert all(-(2**63) <= key < 2**63 for key in keys_of("main", "c-1", JANE))
