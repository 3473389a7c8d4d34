"""`upstream check`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

from scripts.upstream_sync.check import Checked, Kind, Violation, check, our_side
from scripts.upstream_sync.context import FAILED, Context, pass_context
from scripts.upstream_sync.register import Standing
from scripts.upstream_sync.sync import find_open

_SHOWN_OF_A_KIND: Final = 30


@click.command("check")
@click.option(
    "--allow-overdue", is_flag=True, help="Passed deadlines of upstream/pending do no harm: for branches."
)
@pass_context
def command(context: Context, *, allow_overdue: bool) -> None:
    """Compare our running code with the facts of upstream.lock, and all declarations with both. Needs no network.

    Exit status 1 when anything differs that nobody declared, or a declaration no longer holds.
    """
    today = datetime.now(UTC).date()
    find_open(context.root)
    checked = check(context.root, context.patches_dir, our_side(), today, overdue=not allow_overdue)
    context.show(_to_data(checked), _to_text(checked))
    if checked.violations:
        raise click.exceptions.Exit(FAILED)


def _to_data(checked: Checked) -> Any:
    return {
        "violations": [
            {"kind": found.kind, "subject": found.subject, "sentence": found.sentence}
            for found in checked.violations
        ],
        "standings": _count(checked),
    }


def _to_text(checked: Checked) -> str:
    lines = list(_list(checked.violations))
    counts = ", ".join(f"{number} {name}" for name, number in _count(checked).items())
    lines.append(f"Facts of the contract: {counts or 'none'}.")
    if checked.violations:
        lines.append(f"{len(checked.violations)} things are to be mended.")
    else:
        lines.append("Nothing differs that is not declared.")
    return "\n".join(lines)


def _list(violations: Sequence[Violation]) -> Iterator[str]:
    """The first of each kind: one cause often has many."""
    seen: Counter[Kind] = Counter()
    for found in violations:
        seen[found.kind] += 1
        if seen[found.kind] <= _SHOWN_OF_A_KIND:
            yield f"{found.kind}: {found.sentence}"
    for kind, number in seen.items():
        if number > _SHOWN_OF_A_KIND:
            yield f"{kind}: and {number - _SHOWN_OF_A_KIND} more; --json shows all"


def _count(checked: Checked) -> dict[str, int]:
    counts = Counter(finding.standing for finding in checked.findings)
    return {str(standing): counts[standing] for standing in Standing if counts[standing]}
