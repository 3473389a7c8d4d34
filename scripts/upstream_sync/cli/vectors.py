"""`upstream vectors`."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from scripts.conformance_suite.deployment import Deployment, InvalidDeploymentError, read_state
from scripts.conformance_suite.http_client import NoAnswerError
from scripts.conformance_suite.run import choose
from scripts.conformance_suite.vectors import InvalidVectorError, load_vectors
from scripts.upstream_sync.context import FAILED, Context, pass_context
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.playing import Played, play_vectors
from scripts.upstream_sync.register import read_register

_KEYS = ("live", "team", "test")


class UnplayableError(UpstreamError):
    """Nothing could be played."""


@click.group("vectors")
def command() -> None:
    """Black-box cases of the contract, which any deployment can be tried with."""


@command.command("run")
@click.argument("url")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="NAME=KEY",
    help="live, team or test, and the whole key; may be repeated.",
)
@click.option(
    "--template",
    "templates",
    multiple=True,
    metavar="NAME=ID",
    help="Templates as upstream/vectors describes them.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Everything that is known of the deployment, as JSON (upstream/vectors/README.md).",
)
@click.option("--only", multiple=True, metavar="PATTERN", help="Names, files or facts; may be repeated.")
@pass_context
def run(
    context: Context,
    url: str,
    keys: tuple[str, ...],
    templates: tuple[str, ...],
    state: Path | None,
    only: tuple[str, ...],
) -> None:
    """Play the vectors of upstream/vectors on the API at URL: ours, an upstream one, another fork's.

    Messages are accepted there: use a service made for it. What needs a key or template that is not given is skipped. A
    mismatch that a patch names in its `vectors` is shown as declared, and does no harm.

    Exit status 1 when an answer is another one than the contract's, 2 when nothing could be played.
    """
    try:
        known = read_state(state) if state else Deployment(url, {})
        deployment = Deployment(
            api_url=url,
            keys={**known.keys, **_pairs(keys, _KEYS)},
            values={
                **known.values,
                **{f"template.{name}": value for name, value in _pairs(templates).items()},
            },
            provides=known.provides,
        )
        entrants = read_register(context.root / "patches", context.upstream_dir).entrants
        played = play_vectors(choose(load_vectors(), only), deployment, entrants, context.progress)
    except (InvalidDeploymentError, InvalidVectorError, NoAnswerError) as error:
        raise UnplayableError(
            str(error), "How to give keys and templates: upstream/vectors/README.md"
        ) from None
    counts = Counter(each.verdict for each in played)
    data = {
        "counts": counts,
        "vectors": [
            {
                "name": each.outcome.vector.name,
                "verdict": each.verdict,
                "declared-in": list(each.declared),
                "lines": list(each.outcome.lines),
            }
            for each in played
        ],
    }
    context.show(data, _to_text(played))
    if counts["failed"]:
        raise click.exceptions.Exit(FAILED)


def _pairs(given: Sequence[str], names: Sequence[str] = ()) -> dict[str, str]:
    pairs = {}
    for text in given:
        name, _, value = text.partition("=")
        if not value or (names and name not in names):
            raise click.UsageError(
                f"expected NAME=VALUE{', NAME being ' + ' or '.join(names) if names else ''}"
            )
        pairs[name] = value
    return pairs


def _to_text(played: Sequence[Played]) -> str:
    lines: list[str] = []
    for each in played:
        vector = each.outcome.vector
        if each.verdict == "failed":
            lines.append(f"{click.style('failed', fg='red')} {vector.name} ({vector.file})")
            lines += [f"  {line}" for line in each.outcome.lines]
        elif each.verdict == "declared":
            lines.append(f"declared {vector.name}: {', '.join(each.declared)}")
    skipped = Counter(each.outcome.lines[0] for each in played if each.verdict == "skipped")
    lines += [f"skipped {number}: {reason}" for reason, number in skipped.most_common()]
    counts = Counter(each.verdict for each in played)
    lines.append(", ".join(f"{counts[name]} {name}" for name in ("passed", "declared", "failed", "skipped")))
    return "\n".join(lines)
