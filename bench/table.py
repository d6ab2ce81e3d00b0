"""One line a figure: what, how much, and the goal."""

import statistics
from collections.abc import Sequence


def row(what: str, figure: str, goal: str = "") -> None:
    print(f"{what:<72} {figure:>14}   {goal}".rstrip(), flush=True)


def percentile(values: Sequence[float], part: int) -> float:
    """The value that `part` of 100 stay under."""
    return statistics.quantiles(values, n=100)[part - 1] if len(values) > 1 else max(values, default=float("nan"))
