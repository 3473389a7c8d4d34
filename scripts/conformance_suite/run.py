"""The command: which vectors, against what, and what came of it."""

import argparse
import fnmatch
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.conformance_suite.deployment import Deployment, InvalidDeploymentError, read_state
from scripts.conformance_suite.http_client import HttpClient, NoAnswerError
from scripts.conformance_suite.playing import Outcome, Verdict, play
from scripts.conformance_suite.vectors import InvalidVectorError, Vector, load_vectors

EXIT_MISMATCH, EXIT_UNUSABLE = 1, 2


def main(arguments: Sequence[str]) -> int:
    options = _parse(arguments)
    try:
        vectors = choose(load_vectors(), options.only)
        if options.list:
            _list(vectors)
            return 0
        deployment = _deployment(options)
        outcomes = play_all(vectors, deployment, progress=sys.stderr.isatty() and not options.json)
    except (InvalidDeploymentError, InvalidVectorError, NoAnswerError) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return EXIT_UNUSABLE
    _print_json(outcomes) if options.json else _print_report(outcomes)
    return EXIT_MISMATCH if any(outcome.verdict == Verdict.FAILED for outcome in outcomes) else 0


def choose(vectors: Sequence[Vector], patterns: Sequence[str]) -> list[Vector]:
    """Those whose name, file or a fact matches one of the shell patterns. Raises when a pattern finds nothing."""
    chosen = [vector for vector in vectors if not patterns or any(_is_meant(vector, p) for p in patterns)]
    if not chosen:
        raise InvalidVectorError(f"no vector matches {', '.join(patterns)}; --list shows them all")
    return chosen


def play_all(vectors: Sequence[Vector], deployment: Deployment, *, progress: bool = False) -> list[Outcome]:
    """Raises `NoAnswerError` when nobody answers at the address."""
    client = HttpClient(deployment.api_url)
    try:
        client.send({"method": "GET", "path": "/_status"}, {})
        outcomes = []
        for number, vector in enumerate(vectors, 1):
            if progress:
                print(f"\r\x1b[K{number}/{len(vectors)} {vector.name}", end="", file=sys.stderr, flush=True)
            outcomes.append(play(vector, deployment, client))
        if progress:
            print("\r\x1b[K", end="", file=sys.stderr)
        return outcomes
    finally:
        client.close()


def _is_meant(vector: Vector, pattern: str) -> bool:
    names = (vector.name, vector.file.removesuffix(".json"), *vector.facts)
    return any(fnmatch.fnmatchcase(name, pattern) for name in names)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="conformance",
        description="Play the vectors of upstream/vectors/ against a deployment. Messages are accepted there, and "
        "sent to recipients that reach nobody (or to those that a state file names): use a service made for it.",
        epilog="Exit status: 0 everything that could be played holds, 1 a mismatch, 2 nothing could be played.",
    )
    parser.add_argument("--api-url", help="address of the API, without a path")
    parser.add_argument(
        "--keys", type=_pairs, default={}, help="live=KEY,team=KEY,test=KEY: whole keys of one live service"
    )
    parser.add_argument(
        "--templates", type=_pairs, default={}, help="sms=ID,email=ID,…: templates as described in the README"
    )
    parser.add_argument(
        "--state", type=Path, help="JSON with everything known of the deployment (see README)"
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="names, files or facts; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.add_argument("--list", action="store_true", help="print names, needs and facts, and play nothing")
    return parser.parse_args(arguments)


def _pairs(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",")]
    if any(not name or not value for name, _, value in pairs):
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE,NAME=VALUE…, got {text!r}")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _deployment(options: argparse.Namespace) -> Deployment:
    """What the state file says, with what the command line says on top."""
    known = read_state(options.state) if options.state else Deployment("", {})
    deployment = Deployment(
        api_url=options.api_url or known.api_url,
        keys={**known.keys, **options.keys},
        values={**known.values, **{f"template.{name}": value for name, value in options.templates.items()}},
        provides=known.provides,
    )
    if not deployment.api_url:
        raise InvalidDeploymentError("no address: give --api-url, or a state file with `api_url`")
    return deployment


def _list(vectors: Iterable[Vector]) -> None:
    for vector in vectors:
        print(
            f"{vector.name}\n  needs: {', '.join(vector.needs) or 'nothing'}\n  facts: {'; '.join(vector.facts)}"
        )


def _print_report(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.verdict == Verdict.FAILED:
            print(f"FAILED {outcome.vector.name} ({outcome.vector.file})")
            print("\n".join(f"  {line}" for line in outcome.lines) + "\n")
    skipped = [outcome for outcome in outcomes if outcome.verdict == Verdict.SKIPPED]
    for reason, number in Counter(outcome.lines[0] for outcome in skipped).most_common():
        print(f"skipped {number}: {reason}")
    counts = Counter(outcome.verdict for outcome in outcomes)
    print(", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict))


def _print_json(outcomes: Sequence[Outcome]) -> None:
    counts = Counter(outcome.verdict for outcome in outcomes)
    print(
        json.dumps(
            {
                "counts": {verdict: counts[verdict] for verdict in Verdict},
                "vectors": [
                    {"name": outcome.vector.name, "verdict": outcome.verdict, "lines": outcome.lines}
                    for outcome in outcomes
                ],
            },
            ensure_ascii=False,
            indent=2,
        )
    )
