"""The catalogues hold the texts of the code, each translated, in good typography.

Run as `python -m scripts.checks.catalogues`; with `--update` it first writes into the catalogues what the code says.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import shorten
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, check_and_call_extract_file
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.plurals import get_plural
from babel.messages.pofile import PoFileError, generate_po, read_po
from jinja2 import TemplateSyntaxError

from scripts.checks.typography import LONE_PERCENT, PLACEHOLDER, TAG, find_mistakes
from scripts.local.processes import ROOT

SOURCES: Final = ("admin", "api", "notifications_utils", "patches")
SOURCE_LANGUAGE: Final = "en"
TEMPLATE: Final = Path("localisation/messages.pot")
CATALOGUES: Final = "localisation/*/LC_MESSAGES"
_TAKE: Final = "Run `.venv/bin/python -m scripts.checks.catalogues --update`."
_KEYWORDS: Final = {**DEFAULT_KEYWORDS, "gettext_noop": None}
_HEADER: Final = """\
# {comment}
msgid ""
msgstr ""
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""


def extract(root: Path) -> Catalog:
    """The texts of the code, with the places where they stand. Ends the run at a page that does not parse."""
    with (root / "localisation/babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    catalog = Catalog()
    paths = sorted(path for name in SOURCES for path in (root / name).rglob("*.*") if path.is_file())
    for path in paths:
        found = check_and_call_extract_file(
            path, methods, options, None, _KEYWORDS, ["Translators:"], strip_comment_tags=True, dirpath=root
        )
        try:
            for name, line, text, comments, context in found:
                place = (Path(name).as_posix(), line)
                catalog.add(text, locations=[place], auto_comments=comments, context=context)
        except TemplateSyntaxError as error:
            raise SystemExit(f"{path.relative_to(root)}:{error.lineno}: {error.message} Mend it.") from error
    return catalog


def write_template(template: Catalog) -> str:
    header = _HEADER.format(comment=f"Texts of the code. {_TAKE}")
    return header + _write_entries(template)


def write_catalogue(catalog: Catalog, language: str) -> str:
    header = _HEADER.format(comment="Line breaks, order and this header are those of the update.")
    plural = get_plural(language).plural_forms
    return f'{header}"Language: {language}\\n"\n"Plural-Forms: {plural}\\n"\n{_write_entries(catalog)}'


def _write_entries(catalog: Catalog) -> str:
    pieces = generate_po(
        catalog, ignore_obsolete=True, no_location=True, omit_header=True, sort_by="message", width=0
    )
    return "".join(["\n", *pieces]).rstrip("\n") + "\n"


def merge(template: Catalog, catalog: Catalog, language: str) -> Catalog:
    """What the code says now, with what `catalog` knows of it."""
    merged = Catalog(language)
    for message in _texts(template):
        known = catalog.get(message.id, message.context)
        string: str | tuple[str, ...] | list[str] | None = ""
        if language == SOURCE_LANGUAGE:
            string = message.id
        elif known and isinstance(known.id, str) == isinstance(message.id, str):
            string = known.string
        flags, comments = (known.flags, known.user_comments) if known else ((), ())
        merged.add(
            message.id,
            string,
            flags=flags,
            auto_comments=message.auto_comments,
            user_comments=comments,
            context=message.context,
        )
    return merged


def update(root: Path) -> Iterator[str]:
    """Writes template and catalogues; gives a sentence for each translation that it drops, to be used again.

    A catalogue that cannot be read stays as it is; `find_problems` says so.
    """
    template = extract(root)
    (root / TEMPLATE).write_text(write_template(template), encoding="utf-8")
    for folder in sorted(root.glob(CATALOGUES)):
        path, language = folder / "messages.po", folder.parent.name
        try:
            catalog = _read(path) if path.exists() else Catalog(language)
        except PoFileError:
            continue
        for message in _texts(catalog):
            if not template.get(message.id, message.context):
                yield f"{language}: dropped {_quote(message)}: {' / '.join(_forms(message.string))}"
        path.write_text(write_catalogue(merge(template, catalog, language), language), encoding="utf-8")


def find_problems(root: Path) -> Iterator[str]:
    """For each, `file:line`, what it is, and how to mend it."""
    template = extract(root)
    yield from _check_template(root, template)
    for folder in sorted(root.glob(CATALOGUES)):
        yield from _check_catalogue(root, folder / "messages.po", template)


def _check_template(root: Path, template: Catalog) -> Iterator[str]:
    path = root / TEMPLATE
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    if written != write_template(template):
        differences = list(_compare(TEMPLATE, _read(path, strict=False) if written else Catalog(), template))
        yield from differences or [f"{TEMPLATE}:1: it is not as the update writes it. {_TAKE}"]
    for message in _texts(template):
        for form in _forms(message.id):
            for mistake in find_mistakes(form, SOURCE_LANGUAGE):
                yield f"{_source(message)}: {_quote(message)}: {mistake}"


def _check_catalogue(root: Path, path: Path, template: Catalog) -> Iterator[str]:
    name, language = path.relative_to(root), path.parent.parent.name
    try:
        catalog = _read(path)
    except (OSError, PoFileError) as error:
        line = getattr(error, "lineno", 0) + 1
        yield f"{name}:{line}: it cannot be read ({error}). Mend it, or begin with an empty file."
        return
    problems = [*_compare(name, catalog, template)]
    problems += [
        f"{name}:{old.lineno}: {_quote(old)} is obsolete. {_TAKE}" for old in catalog.obsolete.values()
    ]
    problems += [
        f"{name}:{message.lineno}: {_quote(message)}: {mistake}"
        for message in _texts(catalog)
        for mistake in _find_mistakes_of_translation(message, language)
    ]
    merged = write_catalogue(merge(template, catalog, language), language)
    if not problems and path.read_text(encoding="utf-8") != merged:
        problems.append(f"{name}:1: it is not as the update writes it. {_TAKE}")
    yield from problems


def _compare(name: Path, catalog: Catalog, template: Catalog) -> Iterator[str]:
    """Texts that only one of the two has."""
    for message in _texts(template):
        if not catalog.get(message.id, message.context):
            yield f"{_source(message)}: {_quote(message)} is missing from {name}. {_TAKE}"
    for message in _texts(catalog):
        if not template.get(message.id, message.context):
            yield f"{name}:{message.lineno}: {_quote(message)} is an orphan: no code says it. {_TAKE}"


def _find_mistakes_of_translation(message: Message, language: str) -> Iterator[str]:
    originals, forms = _forms(message.id), _forms(message.string)
    if message.fuzzy:
        yield "the translation is fuzzy. Read it again, then remove the mark."
    if not all(forms):
        yield "the translation is missing. Write it."
        return
    if language == SOURCE_LANGUAGE and originals != forms:
        yield f"the code says something else. Change the code, then: {_TAKE}"
    wanted = {name for form in originals for name in PLACEHOLDER.findall(form)}
    for form in forms:
        if set(PLACEHOLDER.findall(form)) != wanted:
            yield f"other placeholders than the original. Use {', '.join(sorted(wanted)) or 'none'}."
        if Counter(TAG.findall(form)) != Counter(TAG.findall(originals[-1])):
            yield "other tags than the original. Use each as often."
        if LONE_PERCENT.search(form):
            yield "a lone %. Write %(name)s for a value, %% for the sign."
        yield from find_mistakes(form, language)


def _read(path: Path, *, strict: bool = True) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, abort_invalid=strict)


def _texts(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def _forms(text: str | Sequence[str] | None) -> list[str]:
    return [text or ""] if isinstance(text, str | None) else list(text)


def _source(message: Message) -> str:
    path, line = message.locations[0]
    return f"{path}:{line}"


def _quote(message: Message) -> str:
    return f"“{shorten(_forms(message.id)[0], 60, placeholder='…')}”"


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.checks.catalogues", description=__doc__)
    parser.add_argument(
        "--update", action="store_true", help="write the texts of the code into the catalogues"
    )
    if parser.parse_args(arguments).update:
        for dropped in update(root):
            print(dropped)
    problems = list(find_problems(root))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
