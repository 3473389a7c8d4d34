"""`upstream patch …`: the register of declared differences."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from scripts.upstream_sync.check import Checked, describe, our_side
from scripts.upstream_sync.context import FAILED, Context, pass_context
from scripts.upstream_sync.declaring import fact_table, refresh
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.lock import write_whole
from scripts.upstream_sync.register import Condition, Finding, Standing, State
from scripts.upstream_sync.sync import Place, check_ahead


class UnknownNameError(UpstreamError):
    """There is no such declaration or fact."""


@click.group("patch")
def command() -> None:
    """What we declare to be otherwise than upstream: patches, and extensions of the core.

    Code of patches is made by `notifications patches new`; here are their facts.
    """


@command.command("list")
@pass_context
def list_(context: Context) -> None:
    """List all declarations with their states. Exit status 1 when one must be looked at."""
    conditions = _check(context).conditions
    context.show([_to_data(found) for found in conditions], "\n".join(map(_to_line, conditions)))
    if any(found.state not in (State.CLEAN, State.MOVED, State.PENDING_UPSTREAM) for found in conditions):
        raise click.exceptions.Exit(FAILED)


@command.command("show")
@click.argument("name")
@pass_context
def show(context: Context, name: str) -> None:
    """Show what NAME declares, and where each of its facts stands."""
    checked = _check(context)
    condition = _find(checked, name)
    findings = _findings_of(checked, condition)
    data = _to_data(condition) | {
        "why": condition.entrant.declaration.description,
        "facts": [
            {"key": found.key, "standing": found.standing, "both": describe(found)} for found in findings
        ],
    }
    lines = [_to_line(condition), f"  {condition.entrant.declaration.description}"]
    lines += [f"  {found.key}: {found.standing}; {describe(found)}" for found in findings]
    context.show(data, "\n".join(lines))


@command.command("fact")
@click.argument("key")
@pass_context
def fact(context: Context, key: str) -> None:
    """Print the lines that declare the fact KEY as it is now, for a patch.toml."""
    finding = next((found for found in _check(context).findings if found.key == key), None)
    if finding is None:
        raise UnknownNameError(
            f"neither upstream nor we have a fact {key!r} of the contract",
            "Keys as `./scripts/upstream check` prints them; look for one with `./scripts/upstream explain PATTERN`.",
        )
    if finding.standing in (Standing.IN_STEP, Standing.ADOPTED):
        raise UnknownNameError(f"{key} is the same upstream and here", "There is nothing to declare.")
    lines = fact_table(key, finding.theirs, finding.ours)
    context.show({"key": key, "toml": lines}, lines.rstrip("\n"))


@command.command("refresh")
@click.argument("name")
@pass_context
def refresh_(context: Context, name: str) -> None:
    """Write upstream's values at the pin into the declaration NAME: you have looked, and it still holds.

    While a sync is open: those at the commit that the pin goes to.
    """
    checked = _check(context)
    condition = _find(checked, name)
    theirs = {found.key: found.theirs for found in checked.findings if found.theirs is not None}
    path = context.root / condition.entrant.file
    before = path.read_text(encoding="utf-8")
    after = refresh(before, theirs)
    if after != before:
        write_whole(path, after)
    done = "refreshed" if after != before else "up to date already"
    context.show(
        {"file": condition.entrant.file, "changed": after != before}, f"{condition.entrant.file}: {done}"
    )


@command.command("drop")
@click.argument("name")
@pass_context
def drop(context: Context, name: str) -> None:
    """Take a patch out of the series, or remove an extension's declaration: its behaviour must go as well."""
    condition = _find(_check(context), name)
    file = context.root / condition.entrant.file
    if _is_extension(condition):
        file.unlink()
        context.show(
            {"removed": condition.entrant.file}, f"{condition.entrant.file}: removed; now the core's code"
        )
        return
    series = file.parent.parent / "series"
    lines = series.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.partition("#")[0].strip() != name]
    write_whole(series, "".join(kept))
    context.show(
        {"series": name}, f"patches/series: {name} is out; remove its folder, its tests and its page next"
    )


def _check(context: Context) -> Checked:
    return check_ahead(Place(context.root, our_side, datetime.now(UTC).date()))


def _find(checked: Checked, name: str) -> Condition:
    found = next((each for each in checked.conditions if each.entrant.name == name), None)
    if found is None:
        there = ", ".join(each.entrant.name for each in checked.conditions)
        raise UnknownNameError(f"nothing called {name!r} is declared", f"There are: {there}.")
    return found


def _findings_of(checked: Checked, condition: Condition) -> Sequence[Finding]:
    return [
        found for found in checked.findings if found.declared and found.declared.entrant is condition.entrant
    ]


def _is_extension(condition: Condition) -> bool:
    return Path(condition.entrant.file).parts[0] == "upstream"


def _to_data(condition: Condition) -> dict[str, Any]:
    declaration = condition.entrant.declaration
    return {
        "name": condition.entrant.name,
        "file": condition.entrant.file,
        "state": condition.state,
        "because": list(condition.because),
        "kind": declaration.kind,
        "reason": declaration.reason,
        "facts": len(declaration.fact),
        "anchors": len(declaration.anchor),
        "review-by": str(declaration.review_by),
        "forwarded": declaration.forwarded,
        "title": declaration.title,
    }


def _to_line(condition: Condition) -> str:
    declaration = condition.entrant.declaration
    because = f" ({', '.join(condition.because)})" if condition.because else ""
    return (
        f"{condition.entrant.name}: {condition.state}{because}; {declaration.title}; {declaration.kind}, "
        f"{declaration.reason}, to be looked at by {declaration.review_by}"
    )
