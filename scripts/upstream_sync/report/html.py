"""The report as one page that works from a file, without a network, and without its script."""

import base64
import hashlib
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup

from scripts.upstream_sync.classify import MEANINGS, Attention, Class
from scripts.upstream_sync.report.markdown import HEADINGS
from scripts.upstream_sync.report.rows import Report
from scripts.upstream_sync.watch import Role

_FOLDER: Final = Path(__file__).parent
_ROLES: Final = {
    Role.AUTHORITY: "its contract is ours",
    Role.ADVISORY: "for comparison",
    Role.WATCH: "what is promised to clients",
}


def render(report: Report) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined
    )
    style, script = _read("page.css"), _read("page.js")
    page: str = environment.get_template("page.html").render(
        report=report,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        attentions=list(Attention),
        headings=HEADINGS,
        meanings=MEANINGS,
        classes=[class_ for class_ in Class if any(class_ in part.counts for part in report.parts)],
        roles=_ROLES,
    )
    return page


def _read(name: str) -> Markup:
    """Our own files: they go in as they are."""
    return Markup((_FOLDER / name).read_text(encoding="utf-8"))  # noqa: S704


def _hash(text: str) -> str:
    """As a content security policy names an inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
