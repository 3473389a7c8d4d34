"""The report as Markdown, for an issue: what needs someone first, the rest as a list that is folded away."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from scripts.upstream_sync.classify import MEANINGS, Attention, Class
from scripts.upstream_sync.report.rows import Part, Report, Row

HEADINGS: Final = {
    Attention.DECIDE: "To decide: it binds us",
    Attention.READ: "To read: it may bind us",
    Attention.ROUTE: "For writers, translators and operators",
    Attention.IGNORE: "Nothing to do",
}
# What a forge would turn into a mention, a link or markup.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")


# Characters that an issue may have on the usual forges, with room for what surrounds the report.
LONGEST: Final = 60_000
# What is written out, from the fullest form to the shortest; the rest is only linked.
_DEGREES: Final = (
    (Attention.DECIDE, Attention.READ, Attention.ROUTE),
    (Attention.DECIDE, Attention.READ),
    (Attention.DECIDE,),
    (),
)


def render(report: Report) -> str:
    """At most `LONGEST` characters: of a long stretch only what binds us is written out; at worst the end is cut off."""
    forms = ("\n".join(_lines(report, written)) + "\n" for written in _DEGREES)
    found = ""
    for found in forms:
        if len(found) <= LONGEST:
            return found
    whole_lines = found[:LONGEST].rpartition("\n")[0]
    return f"{whole_lines}\n\nToo long for one issue: the rest is in the page that `report --html` writes.\n"


def escape(text: str) -> str:
    """Upstream's words as they are: nothing in them mentions anyone or links anywhere."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("@", "@\N{WORD JOINER}")


def _lines(report: Report, written: Sequence[Attention]) -> Iterator[str]:
    yield f"# What changed upstream ({report.made.isoformat()})"
    yield ""
    yield "One line a pull request. A class says who should look at it; titles are upstream's own."
    if security := [row for part in report.parts for row in part.security]:
        yield f"\n## Security: look within 72 hours ({len(security)})\n"
        yield from _table(security) if written else _links(security)
    for part in report.parts:
        yield from _part(part, written)
    for missing in report.missing:
        yield f"\n## {missing.source_id}: not told of\n\n{escape(missing.problem)}. {escape(missing.cure)}"


def _part(part: Part, written: Sequence[Attention]) -> Iterator[str]:
    yield f"\n## {part.source.id} ({part.source.role})\n"
    if not part.rows:
        yield f"Nothing new since `{part.after[:12]}`."
        return
    compared = f"{part.source.web_url}/compare/{part.after[:12]}...{part.until[:12]}"
    ignored = len(part.of(Attention.IGNORE))
    yield (
        f"{len(part.rows)} pull requests from {part.first_day} to {part.last_day}, {ignored} of them with nothing to do "
        f"([all changes]({compared}))."
    )
    for attention in Attention:
        rows = part.of(attention)
        if not rows:
            continue
        yield f"\n### {HEADINGS[attention]} ({len(rows)})\n"
        yield from _table(rows) if attention in written else _links(rows)


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| Pull request | Class | Why | Facts | Verdict | Ours |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        yield "| " + " | ".join(_cells(row)) + " |"


def _cells(row: Row) -> Iterator[str]:
    pull = row.classified.pull
    yield f"{_link(row)} {escape(pull.title)}<br>{row.source.id}, {pull.merged}"
    yield str(row.class_)
    reasons = [
        row.classified.meaning.says,
        *row.why,
        *(f"**security**: {reason}" for reason in row.classified.security),
    ]
    if row.brings:
        reasons.append(row.brings)
    if row.settles is not None:
        reasons.append(f"may still be taken back until {row.settles}")
    yield "<br>".join(reason if reason.startswith("**") else escape(reason) for reason in reasons)
    facts = [f"{fact.how} `{fact.key.replace('|', '¦')}`" for fact in row.facts]
    yield "<br>".join([*facts, f"and {row.more_facts} more"] if row.more_facts > 0 else facts)
    yield row.verdict if row.judgement else f"{row.verdict}?"
    yield "<br>".join(f"{ours.name} ({escape(ours.because)})" for ours in row.ours)


def _links(rows: Sequence[Row]) -> Iterator[str]:
    """By class, folded away."""
    yield "<details><summary>By class</summary>\n"
    for class_ in Class:
        chosen = [row for row in rows if row.class_ is class_]
        if chosen:
            yield f"- **{class_}** ({len(chosen)}): {MEANINGS[class_].says} " + ", ".join(map(_link, chosen))
    yield "\n</details>"


def _link(row: Row) -> str:
    name = row.name.replace("#", "\\#")
    return f"[{name}]({row.classified.pull.url})"
