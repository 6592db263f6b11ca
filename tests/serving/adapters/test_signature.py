"""The signature of Twilio's webhooks, against values that Twilio's own library gives.

SIGNED were computed with RequestValidator of twilio 9.13.0; the first is the example of its guide.
"""

from __future__ import annotations

import pytest

from serving.adapters.signature import is_signed

CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
SHA256 = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
ODD = {"TaskAttributes": '{"name":"Zoë ☎"}', "b": "", "B": "1"}
SIGNED = [
    (URL, CALL, "12345", "", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    (URL, CALL, "12345", SHA256, "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s="),
    (URL, CALL, "12345", "", "kvajT1Ptam85bY51eRf/AJRuM3w="),  # Twilio counted :443 in
    (
        "https://mycompany.com:8443/myapp.php",
        CALL,
        "12345",
        "",
        "tz1D771Nkcl+a4vUM8K5pg2GsnE=",
    ),
    ("https://mycompany.com/a", ODD, "tökén", "", "HVWKrX0usSoEg8T1S8X6pWy3Iv4="),
    ("https://mycompany.com/a", {}, "12345", "", "x7uxsd3r/geTCt6VoR1+I7aLMf8="),
]


@pytest.mark.parametrize(("url", "parameters", "token", "settings", "signature"), SIGNED)
def test_what_twilios_own_library_signs_is_taken(
    url: str, parameters: dict[str, str], token: str, settings: str, signature: str
) -> None:
    pairs = list(parameters.items())
    assert is_signed(url, pairs, token=token, given=signature, settings=settings)
    assert is_signed(url, pairs[::-1], token=token, given=signature, settings=settings)


def signed(
    *,
    url: str = URL,
    token: str = "12345",
    given: str = SIGNED[0][4],
    settings: str = "",
    **changed: str,
) -> bool:
    pairs = {**CALL, **changed}.items()
    return is_signed(url, pairs, token=token, given=given, settings=settings)


@pytest.mark.parametrize(
    "changed",
    [
        {"Digits": "1235"},
        {"Extra": ""},
        {"url": "https://mycompany.com/myapp.php?foo=1&bar=3"},
        {"url": "http://mycompany.com/myapp.php?foo=1&bar=2"},
        {"url": "https://mycompany.com.evil.example/myapp.php?foo=1&bar=2"},
        {"token": "12346"},
        {"token": ""},
        {"given": ""},
        {"given": "RSOYDt4T1cUTdK1PDd93/VVr8B8"},
        {"given": "rsoydt4t1cutdk1pdd93/vvr8b8="},
        {"given": "RSOYDt4T1cUTdK1PDd93/VVr8B8=\n"},
        {"given": "ÿ" * 28},
        {"given": "\udcff"},
        {"settings": SHA256},
        {"settings": "algorithm=none"},
        {"settings": "algorithm=HMAC_MD5"},
    ],
)
def test_anything_else_is_refused(changed: dict[str, str]) -> None:
    assert signed()
    assert not signed(**changed)


def test_a_parameter_sent_twice_counts_once_per_value() -> None:
    pairs = [*CALL.items(), ("Digits", "1234")]
    assert is_signed(URL, pairs, token="12345", given=SIGNED[0][4])
    assert not is_signed(URL, [*pairs, ("Digits", "9")], token="12345", given=SIGNED[0][4])
