"""The files of a new patch, from a template that works as it is."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.core.command_errors import InvalidValueError
from api.patch_series.reading import PACKAGE, SERIES, read_series
from api.slots import KEYED_SLOTS, Slots

_TEMPLATES: Final = Path(__file__).parent / "template"
_REVIEW_AFTER: Final = timedelta(days=180)
_LONGEST_NAME: Final = 40


def make_patch(root: Path, slug: str, *, provider: str | None = None, slot: str | None = None) -> list[Path]:
    """Write the files below `root`, the project's folder, and return them. Raises `InvalidValueError`."""
    folder = root / PACKAGE
    _check_name(folder, slug)
    if slot is not None and slot not in _single_slots():
        raise InvalidValueError(
            f"There is no slot {slot!r}; the slots: {', '.join(_single_slots())}", field="slot"
        )
    values = _make_values(folder, slug, provider, slot)
    made = list(_write(root, slug, "slot" if provider is None else "provider", values))
    with (folder / SERIES).open("a", encoding="utf-8") as series:
        series.write(f"{slug}\n")
    return [*made, folder / SERIES]


def _check_name(folder: Path, slug: str) -> None:
    if not slug.isidentifier() or not slug.isascii() or slug != slug.lower() or len(slug) > _LONGEST_NAME:
        raise InvalidValueError(
            f"{slug!r} is not a name of at most {_LONGEST_NAME} small letters, digits and _, like acme_sms",
            field="patch",
        )
    if (folder / slug).exists():
        raise InvalidValueError(f"There is a patch {slug} already", field="patch")


def _single_slots() -> list[str]:
    return [field.name for field in fields(Slots) if field.name not in KEYED_SLOTS]


def _make_values(folder: Path, slug: str, provider: str | None, slot: str | None) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    ids = [patch.declaration.id for patch in read_series(folder, today=date.min)]
    words = slug.split("_")
    return {
        "id": max(ids, default=0) + 1,
        "slug": slug,
        "slot": slot,
        "channel": provider,
        "is_sms": provider == "sms",
        "message": "SmsMessage" if provider == "sms" else "EmailMessage",
        "title": " ".join(word.capitalize() for word in words),
        "class_name": "".join(word.capitalize() for word in words),
        "today": today,
        "review_by": today + _REVIEW_AFTER,
    }


def _write(root: Path, slug: str, template: str, values: dict[str, Any]) -> Iterator[Path]:
    environment = Environment(  # noqa: S701 - it writes Python, TOML and Markdown
        loader=FileSystemLoader(_TEMPLATES / template),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    for name in sorted(environment.list_templates()):
        path = root / _place_of(name.removesuffix(".jinja"), slug)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(environment.get_template(name).render(values), encoding="utf-8")
        yield path


def _place_of(name: str, slug: str) -> Path:
    if name == "page.md":
        return Path("docs", PACKAGE, f"{slug}.md")
    if name.startswith("test_"):
        return Path("tests", PACKAGE, slug, name)
    return Path(PACKAGE, slug, name)
