"""Figures by which the classes are judged: shares, readings a week, time and memory; and a sample to judge by hand."""

import os
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any, Final

from scripts.upstream_sync.classify import Attention
from scripts.upstream_sync.context import Context
from scripts.upstream_sync.report.reading import Asked, read_report
from scripts.upstream_sync.report.rows import Part, Report, Row
from scripts.upstream_sync.watch import Source

# The same sample for the same history.
_SEED: Final = 5
_WHO: Final = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


@dataclass(frozen=True)
class Figures:
    """`seconds` of the whole reading, and of processors at work on it; `megabytes`: the most that one process held."""

    report: Report
    seconds: float
    processor_seconds: float
    megabytes: int
    processors: int
    sample: Sequence[Row]

    @property
    def rows(self) -> Sequence[Row]:
        return self.report.rows


def measure(context: Context, sources: Sequence[Source], asked: Asked, today: date, sample: int) -> Figures:
    """Raises `UpstreamError`."""
    began, worked = time.monotonic(), _processor_seconds()
    report = read_report(context, sources, asked, today)
    return Figures(
        report,
        seconds=time.monotonic() - began,
        processor_seconds=_processor_seconds() - worked,
        megabytes=max(resource.getrusage(who).ru_maxrss for who in _WHO) // 1024,
        processors=os.cpu_count() or 1,
        sample=draw(report.rows, sample),
    )


def _processor_seconds() -> float:
    """Of this process and of those that it has waited for."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, _WHO))


def draw(rows: Sequence[Row], number: int) -> list[Row]:
    """By chance, but the same each time for the same rows, whatever their order."""
    ordered = sorted(rows, key=lambda row: (row.source.id, row.classified.pull.merge))
    return Random(_SEED).sample(ordered, min(number, len(ordered)))  # noqa: S311 (no secret)


def render(figures: Figures) -> str:
    """Numbers and names of classes only: this may go into a page of the project."""
    lines = [
        "| source | pull requests | " + " | ".join(Attention) + " | to be read a week |",
        "|---|---|" + "---|" * (len(Attention) + 1),
        *(_row(part) for part in figures.report.parts),
        "",
        _describe_cost(figures),
        "",
    ]
    for part in figures.report.parts:
        total = len(part.rows) or 1
        counts = ", ".join(
            f"{class_} {number} ({number / total:.1%})" for class_, number in part.counts.items()
        )
        lines.append(f"- {part.source.id}: {counts}")
    if figures.sample:
        lines += ["", "| source | pull request | class | judged |", "|---|---|---|---|"]
        lines += [f"| {row.source.id} | {row.name} | {row.class_} | |" for row in figures.sample]
    return "\n".join(lines)


def _describe_cost(figures: Figures) -> str:
    return (
        f"Read in {figures.seconds:.0f} s on {figures.processors} processors, which worked {figures.processor_seconds:.0f} s "
        f"on it; no process held more than {figures.megabytes} MB."
    )


def to_json(figures: Figures) -> dict[str, Any]:
    return {
        "seconds": round(figures.seconds, 1),
        "processor-seconds": round(figures.processor_seconds, 1),
        "megabytes": figures.megabytes,
        "sources": {
            part.source.id: {
                "pulls": len(part.rows),
                "attention": {attention: len(part.of(attention)) for attention in Attention},
                "classes": part.counts,
                "readings-a-week": round(part.readings_a_week, 2),
            }
            for part in figures.report.parts
        },
        "sample": [
            {"source": row.source.id, "name": row.name, "url": row.classified.pull.url, "class": row.class_}
            for row in figures.sample
        ],
    }


def _row(part: Part) -> str:
    total = len(part.rows) or 1
    shares = (f"{len(part.of(attention))} ({len(part.of(attention)) / total:.0%})" for attention in Attention)
    return (
        f"| {part.source.id} | {len(part.rows)} | " + " | ".join(shares) + f" | {part.readings_a_week:.1f} |"
    )
