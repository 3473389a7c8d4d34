"""User-visible texts by place: `string <file>#<slot>/<n>` → {"h", "n", "ph"}: hash, words, number of placeholders.

A slot is a block or macro of a template, or a class or function. A text that is reworded keeps its key; one put in
between moves those after it, so compare the hashes before the keys (`classify.count_texts`). The texts stay upstream's.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import jinja2

from scripts.upstream_sync.facts import Fact, Problem, hash_text
from scripts.upstream_sync.surfaces.program_text import read_program
from scripts.upstream_sync.surfaces.surface import FileSurface, Found
from scripts.upstream_sync.surfaces.template_text import PLACEHOLDER, Piece, read_template
from scripts.upstream_sync.syntax.parsing import find_faults, parse

_TEMPLATES: Final = (".html", ".jinja2", ".txt")
_TEMPLATE_FOLDERS: Final = ("app/templates/", "notifications_utils/jinja_templates/")
_NO_TEXTS: Final = (
    "app/notify_client/", "app/s3_client/", "app/config.py", "app/commands.py", "app/otel", "app/performance.py",
    "notifications_utils/clients/", "notifications_utils/testing/", "notifications_utils/version_tools/",
    "notifications_utils/logging/", "notifications_utils/gunicorn/", "notifications_utils/celery.py",
)  # fmt: skip


def concerns(path: str) -> bool:
    if path.startswith(_TEMPLATE_FOLDERS):
        return path.endswith(_TEMPLATES)
    is_program = path.startswith(("app/", "notifications_utils/")) and path.endswith(".py")
    return is_program and not path.startswith(_NO_TEXTS)


def extract(path: str, content: bytes) -> Found:
    """A template that Jinja cannot read, or Python that the parser cannot, is a problem and gives no facts."""
    if path.endswith(".py"):
        root = parse(content)
        if faults := find_faults(root):
            return [], [Problem("parse", path, f"line {faults[0]} is no Python that the parser knows")]
        return list(_to_facts(path, read_program(root))), []
    try:
        pieces = read_template(content.decode("utf-8", "replace"))
    except jinja2.TemplateSyntaxError as error:
        return [], [Problem("parse", path, f"line {error.lineno} is no Jinja that the parser knows")]
    return list(_to_facts(path, pieces)), []


def _to_facts(path: str, pieces: Iterable[Piece]) -> Iterator[Fact]:
    shown = next((path.removeprefix(folder) for folder in _TEMPLATE_FOLDERS if path.startswith(folder)), path)
    places: Counter[str] = Counter()
    for piece in pieces:
        places[piece.slot] += 1
        key = f"string {shown}#{piece.slot or 'top'}/{places[piece.slot]}"
        value = {**hash_text(piece.text), "ph": piece.text.count(PLACEHOLDER)}
        yield Fact(key, value, path, piece.slot)


SURFACES: Final = (FileSurface("strings", concerns, extract),)
