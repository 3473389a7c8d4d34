"""Black-box vectors played on any deployment, with the mismatches that a patch declares told apart."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from scripts.conformance_suite.deployment import Deployment
from scripts.conformance_suite.http_client import HttpClient
from scripts.conformance_suite.playing import Outcome, Verdict, play
from scripts.conformance_suite.vectors import Vector
from scripts.upstream_sync.register import Entrant


@dataclass(frozen=True, slots=True)
class Played:
    """`declared`: files of the declarations whose `vectors` name it. A mismatch that has one is meant to be."""

    outcome: Outcome
    declared: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        is_meant = self.outcome.verdict is Verdict.FAILED and self.declared
        return "declared" if is_meant else str(self.outcome.verdict)


def play_vectors(
    vectors: Sequence[Vector],
    deployment: Deployment,
    entrants: Iterable[Entrant],
    progress: Callable[[int, int, str], None],
) -> list[Played]:
    """Raises `NoAnswerError` when nobody answers at the address."""
    declarations = list(entrants)
    client = HttpClient(deployment.api_url)
    try:
        client.send({"method": "GET", "path": "/_status"}, {})
        played = []
        for number, vector in enumerate(vectors):
            progress(number, len(vectors), vector.name)
            played.append(Played(play(vector, deployment, client), _find_declared(vector.name, declarations)))
        progress(len(vectors), len(vectors), "")
        return played
    finally:
        client.close()


def _find_declared(name: str, entrants: Iterable[Entrant]) -> tuple[str, ...]:
    return tuple(
        entrant.file
        for entrant in entrants
        if any(fnmatchcase(name, pattern) for pattern in entrant.declaration.vectors)
    )
