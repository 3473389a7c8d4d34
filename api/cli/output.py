"""What commands print: aligned columns for people, JSON for scripts."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeAlias

import click

from api.timestamps import format_timestamp

Record: TypeAlias = Mapping[str, Any]
_GAP = "  "


def print_json(value: Any, *, err: bool = False) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_to_json), err=err)


def print_table(records: Sequence[Record], columns: Sequence[str]) -> None:
    if not records:
        click.echo("(none)")
        return
    rows = [[to_text(record.get(column)) for column in columns] for record in records]
    widths = [max(len(cell) for cell in cells) for cells in zip(_headings(columns), *rows, strict=True)]
    click.secho(_line(_headings(columns), widths), bold=True)
    for row in rows:
        click.echo(_line(row, widths))


def print_record(record: Record) -> None:
    """One field a line; what has several lines is set in under its name."""
    width = max(len(name) for name in record)
    for name, value in record.items():
        label = click.style(name.replace("_", " ").ljust(width), bold=True)
        lines = _lines(value)
        if len(lines) == 1:
            click.echo(f"{label}{_GAP}{lines[0]}".rstrip())
        else:
            click.echo("\n    ".join([label, *lines]))


def to_text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {to_text(inner)}" for name, inner in value.items()) or "-"
    if isinstance(value, (list, tuple)):
        return ", ".join(to_text(inner) for inner in value) or "-"
    return str(value)


def _lines(value: Any) -> list[str]:
    if isinstance(value, Mapping) and value:
        width = max(len(str(name)) for name in value)
        lines = [f"{str(name).ljust(width)}{_GAP}{to_text(inner)}" for name, inner in value.items()]
    elif isinstance(value, (list, tuple)) and any(isinstance(inner, Mapping) for inner in value):
        lines = [to_text(inner) for inner in value]
    else:
        lines = to_text(value).splitlines() or [""]
    return lines


def _headings(columns: Sequence[str]) -> list[str]:
    return [column.replace("_", " ").upper() for column in columns]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_timestamp(value)
    return value.isoformat() if isinstance(value, date) else str(value)
