"""What fills the slot `language`."""

from api.config import Settings
from api.slots import LANGUAGES
from notifications_utils.templating.language import FRENCH, Language


def choose_language(settings: Settings) -> Language:
    """French, unless the operator has set DEFAULT_LANGUAGE."""
    return LANGUAGES[settings.default_language] if "default_language" in settings.model_fields_set else FRENCH
