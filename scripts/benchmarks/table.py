"""Printing figures so that columns line up, with the goal beside each."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    what: str
    measured: str
    goal: str = ""


def print_figures(title: str, figures: Sequence[Figure]) -> None:
    width = max(len(figure.what) for figure in figures)
    middle = max(len(figure.measured) for figure in figures)
    print(f"\n{title}")
    for figure in figures:
        goal = f"   goal {figure.goal}" if figure.goal else ""
        print(f"  {figure.what:<{width}}  {figure.measured:>{middle}}{goal}")


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
