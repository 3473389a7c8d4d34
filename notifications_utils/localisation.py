"""What people read, in their language: English sentences where they are used, catalogues for the others.

`localisation/<language>/LC_MESSAGES/messages.po` is read as it is, once per process and language, when the first text
is asked for: nothing is compiled beforehand. How to write and translate texts: `localisation/README.md`.
"""

import gettext as gnu
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment

if TYPE_CHECKING:
    from babel import Locale

CATALOGUES: Final = Path(__file__).parent.parent / "localisation"
DEFAULT_LANGUAGE: Final = "fr"

# Dates and numbers of the English pages are those of Europe: 24 hours, day before month.
_FORMATS: Final = {"en": "en_150"}
_language: Final = ContextVar("language", default=DEFAULT_LANGUAGE)


@cache
def find_languages() -> tuple[str, ...]:
    """The languages that have a catalogue, as BCP 47 tags; the default comes first."""
    found = sorted(path.parent.parent.name for path in CATALOGUES.glob("*/LC_MESSAGES/messages.po"))
    return tuple(sorted(found, key=lambda language: language != DEFAULT_LANGUAGE))


def choose_language(*wishes: str | None) -> str:
    """The first wish (a BCP 47 tag: `fr-CA` takes `fr`) that has a catalogue, or else the default."""
    languages = [(wish or "").partition("-")[0].lower() for wish in wishes]
    return next((language for language in languages if language in find_languages()), DEFAULT_LANGUAGE)


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Texts asked for inside, in this thread or asyncio task, are in `language`, one of `find_languages`."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def gettext(message: str, /, **values: object) -> str:
    """`message` in the reader's language; `%(name)s` stands for a value, `%%` for the sign."""
    return _current().gettext(message) % values


def gettext_noop(message: str, /) -> str:
    """Marks a text that is translated where it is shown, because the language is known only there."""
    return message


def install_translations(environment: Environment) -> None:
    """Gives templates `{% trans %}` and `_()`; line breaks inside a text do not count."""
    environment.policies["ext.i18n.trimmed"] = True
    environment.add_extension("jinja2.ext.i18n")
    installer: Any = environment  # the extension adds the method
    installer.install_gettext_callables(
        lambda message: _current().gettext(message),
        lambda singular, plural, count: _current().ngettext(singular, plural, count),
        newstyle=True,
    )


def get_locale() -> "Locale":
    """How the reader's language writes dates and numbers, for the functions of Babel."""
    from babel import Locale

    language = _language.get()
    return Locale.parse(_FORMATS.get(language, language))


def get_language_name(language: str) -> str:
    """What its speakers call a language: `Français`."""
    from babel import Locale

    name = Locale.parse(language).get_language_name() or language
    return name[0].upper() + name[1:]


@cache
def load_translations(language: str) -> gnu.GNUTranslations:
    """Raises FileNotFoundError when there is no catalogue."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with (CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as catalogue:
        write_mo(compiled, read_po(catalogue))
    compiled.seek(0)
    return gnu.GNUTranslations(compiled)


def _current() -> gnu.GNUTranslations:
    return load_translations(_language.get())
