"""Templates are French unless the operator says otherwise."""

import pytest

from api.config import load_settings
from patches.fr_language.language import choose_language


@pytest.mark.parametrize(("setting", "code"), [({}, "fr"), ({"default_language": "en"}, "en")])
def test_operator_has_the_last_word(setting: dict[str, str], code: str) -> None:
    assert choose_language(load_settings(environment="test", **setting)).code == code
