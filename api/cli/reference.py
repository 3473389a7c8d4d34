"""Pages of the reference, made from the code that they describe."""

import difflib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from api.cli.groups import PROGRAM, ExampleCommand
from api.config import Settings
from api.patch_series.loading import settings_of
from api.patch_series.reading import Patch

_CLI_HEAD = f"""\
# The operators' command line

`./scripts/notifications` where the project was set up with its scripts, `python -m api.cli` elsewhere; below it is
called `{PROGRAM}`. Settings come from the environment ([configuration](configuration.md)).

- Exit status: 0 done, 1 a problem was found or met, 2 wrong usage.
- `--json` prints data for scripts; a problem is then `{{"error": {{"type", "field", "message"}}}}` on standard error.
- Colours only on a terminal, and never with `NO_COLOR`.
- Before a command: `--debug` shows where an error comes from, `--acting-for EMAIL` names a user in the audit trail.
- Services, users, keys and senders are named by id, or by name or address.

This page is written by `{PROGRAM} docs`; do not edit it.
"""
_CONFIGURATION_HEAD = f"""\
# Configuration

Everything is read from environment variables once, at start; all problems are reported together.
`{PROGRAM} config show` prints what is in force, `{PROGRAM} doctor` whether it works.

This page is written by `{PROGRAM} config docs`; do not edit it.

"""
_TABLE_HEAD = "| Variable | Default | Meaning |\n|---|---|---|\n"


def command_reference(root: click.Group) -> str:
    """Markdown of all commands, in the order of the help."""
    return _CLI_HEAD + "".join(_areas(root))


def configuration_reference(patches: Sequence[Patch]) -> str:
    """Markdown of all settings, in the order of the code, then those of each patch."""
    rows = (_setting(name, field) for name, field in Settings.model_fields.items())
    return _CONFIGURATION_HEAD + _TABLE_HEAD + "".join(rows) + "".join(map(_settings_of_patch, patches))


def _settings_of_patch(patch: Patch) -> str:
    own = settings_of(patch)
    if own is None:
        return ""
    prefix = own.model_config.get("env_prefix") or ""
    rows = "".join(_setting(prefix + name, field) for name, field in own.model_fields.items())
    return f"\n## Patch [{patch.slug}](../patches/{patch.slug}.md)\n\n{_TABLE_HEAD}{rows}"


def write_page(path: Path, content: str, *, check: bool) -> str | None:
    """Write the page, or only compare; returns the difference when there was one."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before == content:
        return None
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    lines = difflib.unified_diff(
        before.splitlines(), content.splitlines(), str(path), "code", lineterm="", n=1
    )
    return "\n".join(lines)


def _areas(root: click.Group) -> Iterator[str]:
    context = click.Context(root, info_name=PROGRAM)
    for name in root.list_commands(context):
        area = root.get_command(context, name)
        if isinstance(area, click.Group):
            yield f"\n## {name}\n\n{_text(area)}\n"
            for inner in area.commands.values():
                yield _command(f"{name} {inner.name}", inner, "###")
        elif area is not None:
            yield _command(name, area, "##")


def _command(name: str, command: click.Command, heading: str) -> str:
    context = click.Context(command, info_name=f"{PROGRAM} {name}", max_content_width=100, terminal_width=100)
    usage = command.get_usage(context).removeprefix("Usage: ")
    lines = [f"\n{heading} {name}\n", f"```\n{' '.join(usage.split())}\n```\n", f"{_text(command)}\n"]
    options = [
        record
        for parameter in command.params
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context))
    ]
    if options:
        lines.append(
            "| Option | |\n|---|---|\n"
            + "\n".join(f"| `{_cell(o)}` | {_cell(h)} |" for o, h in options)
            + "\n"
        )
    if isinstance(command, ExampleCommand):
        lines.append(f"```sh\n{command.example}\n```\n")
    return "\n".join(lines)


def _text(command: click.Command) -> str:
    paragraphs = (command.help or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _setting(name: str, field: FieldInfo) -> str:
    return f"| `{name.upper()}` | {_default(field)} | {_cell(field.description or '')} |\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(required)"
    default: Any = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(default, SecretStr):
        return "(for development only)"
    if default is None or (isinstance(default, Collection) and not default):
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{','.join(map(str, default)) if isinstance(default, list | tuple) else default}`"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
