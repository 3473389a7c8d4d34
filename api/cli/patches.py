"""`notifications patches …`"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.docs import write
from api.cli.groups import Area
from api.cli.operator import Operator, json_option
from api.cli.problems import Problem

if TYPE_CHECKING:
    from api.patch_series.reading import Patch

PAGE = Path("docs/reference/slots.md")
_DUE_SOON = timedelta(days=30)


@click.group(cls=Area)
def patches() -> None:
    """How this distribution differs from the country-neutral core."""


@patches.command("list", example="patches list")
@json_option
@click.pass_obj
def list_(operator: Operator) -> None:
    """List the series in order, with the state of each patch."""
    operator.show_all(
        [_record(patch) for patch in _read_series()],
        ("patch", "state", "kind", "reason", "client_impact", "review_by", "fills", "title"),
    )


@patches.command("show", example="patches show brevo")
@click.argument("patch")
@json_option
@click.pass_obj
def show(operator: Operator, patch: str) -> None:
    """Show what PATCH declares: what it is, why, and what it fills."""
    from api.core.command_errors import UnknownSubjectError

    found = next((known for known in _read_series() if known.slug == patch), None)
    if found is None:
        raise UnknownSubjectError(f"The series has no patch called {patch!r}: `patches list`", field="patch")
    declared = found.declaration
    operator.show(
        {
            **_record(found),
            "description": declared.description,
            "id": declared.id,
            "author": declared.author,
            "last_update": declared.last_update,
            "forwarded": declared.forwarded,
            "page": declared.page,
            "emulator": declared.emulator,
            "settings": _variables(found),
            "facts": [fact.key for fact in declared.fact],
            "anchors": [
                f"{anchor.upstream} {anchor.path} {anchor.symbol or ''}".strip() for anchor in declared.anchor
            ],
            "vectors": declared.vectors,
        }
    )


@patches.command("check", example="patches check")
@click.option("--root", type=click.Path(file_okay=False, path_type=Path), default=Path(), hidden=True)
@json_option
@click.pass_obj
def check(operator: Operator, root: Path) -> None:
    """Look at the whole series as CI does: declarations, slots, modules, settings, emulators, pages, tests."""
    from api.config import load_settings
    from api.patch_series.checking import find_problems

    series = _read_series()
    problems = list(find_problems(series, load_settings(environment="test"), root))
    if problems:
        raise Problem("\n".join(problems), kind="InvalidSeries", as_json=operator.as_json)
    operator.show({"patches": len(series), "problems": 0})


@patches.command("new", example="patches new acme_sms --provider sms")
@click.argument("patch")
@click.option(
    "--provider",
    type=click.Choice(["sms", "email"]),
    help="Start with a provider of this channel that works.",
)
@click.option("--slot", metavar="SLOT", help="Start with a function that fills this slot.")
@click.option("--root", type=click.Path(file_okay=False, path_type=Path), default=Path(), hidden=True)
@json_option
@click.pass_obj
def new(operator: Operator, patch: str, provider: str | None, slot: str | None, root: Path) -> None:
    """Make the files of a new PATCH from a template, at the end of the series."""
    from api.patch_series.template import make_patch

    if (provider is None) == (slot is None):
        raise click.UsageError("Say what it starts with: either --provider or --slot.")
    made = make_patch(root, patch, provider=provider, slot=slot)
    operator.show_all([{"file": str(path)} for path in made], ("file",))
    operator.say("Next: docs/how-to/add-a-provider.md, or docs/how-to/write-a-patch.md.")


@patches.command("docs", example="patches docs --check")
@click.option("--check", is_flag=True, help="Write nothing; status 1 when the page is out of date.")
@click.option(
    "--file", "path", type=click.Path(dir_okay=False, path_type=Path), default=PAGE, show_default=True
)
def docs_(*, check: bool, path: Path) -> None:
    """Write the reference page of the slots."""
    from api.patch_series.reference import slots_reference

    write(path, slots_reference(_read_series()), check=check)


def _read_series() -> "list[Patch]":
    from api.patch_series.reading import InvalidSeriesError, find_folder, read_series

    try:
        return read_series(find_folder(), today=datetime.now(UTC).date())
    except InvalidSeriesError as error:
        context = click.get_current_context().find_object(Operator)
        as_json = context is not None and context.as_json
        raise Problem("\n".join(error.problems), kind="InvalidSeries", as_json=as_json) from None


def _record(patch: "Patch") -> dict[str, Any]:
    declared = patch.declaration
    return {
        "patch": patch.slug,
        "state": _state(patch),
        "kind": declared.kind,
        "reason": declared.reason,
        "client_impact": declared.client_impact,
        "review_by": declared.review_by,
        "fills": list(declared.fills),
        "title": declared.title,
    }


def _state(patch: "Patch") -> str:
    from api.config import load_settings
    from api.patch_series.reading import is_none

    chosen = load_settings().patches
    if chosen is not None and (is_none(chosen) or patch.slug not in chosen):
        return "off"
    is_due = patch.declaration.review_by - datetime.now(UTC).date() <= _DUE_SOON
    return "applied, review due" if is_due else "applied"


def _variables(patch: "Patch") -> list[str]:
    from api.patch_series.loading import settings_of

    found = settings_of(patch)
    prefix = found.model_config.get("env_prefix") or "" if found else ""
    return [(prefix + name).upper() for name in found.model_fields] if found else []
