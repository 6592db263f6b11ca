import pytest

from routing.phones import normalised


@pytest.mark.parametrize(
    "written",
    [
        "+15555550100",
        "+1 (555) 555-0100",
        "555-555-0100",
        "(555) 555 0100",
        "555.555.0100",
        "15555550100",
        "0015555550100",
        "tel:+1-555-555-0100",
        "sip:+15555550100@trunk.example.com;user=phone",
        '"David" <sip:+15555550100@pbx.example>',
        "<tel:+15555550100>",
        "555-555-0100 ext. 12",
        "555-555-0100x12",
    ],
)
def test_a_number_is_the_same_however_it_is_written(written: str) -> None:
    assert normalised(written) == "+15555550100"


def test_national_numbers_are_read_in_the_given_country() -> None:
    assert normalised("030 1234567", country_code="49") == "+49301234567"
    assert normalised("+44 20 7946 0000", country_code="49") == "+442079460000"


@pytest.mark.parametrize(
    "text", [None, "", "anonymous", "sip:alice@example.com", "12", "+" * 3, "1" * 16]
)
def test_what_is_no_number_is_none(text: str | None) -> None:
    assert normalised(text) is None
