"""Contract: `sanitise_content_for`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.core.notifications.sanitise import sanitise_personalisation, sanitise_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ana [clic](https://mal.example)", r"Ana \[clic\]\(\)"),
        ("Léa [x](https://mal.example)", r"Léa \[x\]\(\)"),
        ("fin.Ensuite", r"fin\. Ensuite"),
        ("anne-marie", r"anne\-marie"),
        ("rien à dire", "rien à dire"),
        ("a@b.fr", r"a@b\.fr"),
        ("voir https://x.fr/a?b=c ici", "voir  ici"),
        ("*gras* _ital_", r"\*gras\* \_ital\_"),
        ("", ""),
    ],
)
def test_links_and_markdown_lose_their_power(text: str, expected: str) -> None:
    assert sanitise_text(text) == expected


def test_only_the_named_values_that_change_are_reported() -> None:
    values = {"Nom": "a-b", "ville": "Aix", "autre": "c-d", "liste": ["e-f"]}
    sent, changed = sanitise_personalisation(values, ["n_o m", "VILLE", "liste"])
    assert sent == {"Nom": "a\\-b", "ville": "Aix", "autre": "c-d", "liste": ["e-f"]}
    assert changed == {"Nom": {"unsanitised": "a-b", "sanitised": "a\\-b"}}


@given(st.text(max_size=200))
def test_no_address_with_a_scheme_survives(text: str) -> None:
    assert "://x." not in sanitise_text(f"{text} https://x.example/path {text}")
