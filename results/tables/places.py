"""Places as texts: ranks with intervals and ties, means, and marks against a baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import pandas as pd

from ..statistics.pairwise import LEVEL, against
from ..statistics.ranking import ENOUGH_PROBLEMS, Ranking
from ..statistics.robustness import listed
from .notes import DIRECTIONS
from .table import SKIPPED

TIED: Final = "="
RANK: Final = "rank"
INCOMPLETE: Final = " (incomplete)"


@final
@dataclass(frozen=True, kw_only=True)
class Versus:
    """A baseline and how algorithms are tested against it; see `statistics.pairwise.against`."""

    baseline: str
    test: str = "sign-flip"
    correction: str = "holm"
    level: float = LEVEL

    def caption(self) -> str:
        """Return what the column says."""
        return (
            f"vs {self.baseline}: problems won/tied/lost, and + better, - worse or = not separated "
            f"({self.test} test over problems, level {self.level:g}, correction {self.correction})"
        )


def places(
    scores: pd.DataFrame,
    found: Ranking,
    *,
    direction: str,
    metric: str = "value",
    order: Sequence[str] = (),
    versus: Versus | None = None,
    number: str = ".3f",
) -> pd.DataFrame:
    """Return rank, mean and marks of each algorithm as texts.

    Args:
        scores: As returned by `comparison.scored`; algorithms that are not ranked are systems.
        found: Their ranking.
        direction: `maximise` or `minimise`.
        metric: Name of the column of means.
        order: Display names of the rows; by default those that are ranked, best first.
        versus: A baseline that all ranked algorithms are tested against, if any.
        number: Format of a number.

    Returns:
        A frame of texts with `attrs["best"]` and `attrs["caption"]`.
    """
    means = scores.pivot_table(index="display_name", columns="problem", values="value")
    names = list(order) or list(found.frame.index)
    columns = {
        RANK: [_place(found, name) for name in names],
        metric: [_value(found, means, name, number) for name in names],
    }
    if versus is not None:
        ranked = scores[scores["display_name"].isin(found.frame.index)]
        columns[f"vs {versus.baseline}"] = _versus(ranked, versus, direction, names)
    frame = pd.DataFrame(columns, index=pd.Index(names, name="algorithm"))
    frame.attrs["best"] = [(name, RANK) for name in found.frame.index[:1]]
    notes = [
        f"{metric} {DIRECTIONS[direction]}",
        f"mean over {count(found.problems, 'problem')}",
        *_resampling(found),
        *([] if versus is None else [versus.caption()]),
    ]
    frame.attrs["caption"] = "; ".join(notes)
    return frame


def sentence(found: Ranking, metric: str) -> str:
    """Say in words what a ranking shows."""
    names = list(found.frame.index)
    first, number = names[0], len(names)
    if number == 1:
        return f"{first} is the only algorithm."
    if not found.over:
        return (
            f"{first} has the best mean rank by {metric} of {number} algorithms, but these results "
            "cannot say whether others are tied with it."
        )
    tied = [name for name in names[1:] if found.frame.at[name, "tied"]]
    where = f"{found.problems} problem{'' if found.problems == 1 else 's'}"
    if not tied:
        return f"{first} is the best of {number} algorithms by {metric} on {where}, beyond chance."
    shown = listed([*tied[:3], *([f"{len(tied) - 3} more"] if len(tied) > 3 else [])])
    return (
        f"{first} is the first of {number} algorithms by {metric} on {where}; {shown} "
        f"{'is' if len(tied) == 1 else 'are'} tied with it."
    )


def _place(found: Ranking, name: str) -> str:
    if name not in found.frame.index:
        return "system"
    row = found.frame.loc[name]
    if not found.over:
        return f"{row['rank']:.0f}"
    low, high = f"{row['rank_low']:.0f}", f"{row['rank_high']:.0f}"
    return (low if low == high else f"{low}-{high}") + f" {TIED if row['tied'] else ' '}"


def _value(found: Ranking, means: pd.DataFrame, name: str, number: str) -> str:
    """Return a mean with its interval; without one for systems, and if a result is missing."""
    row = found.frame.loc[name] if name in found.frame.index else None
    if row is None or np.isnan(row["value"]):
        text = number_text(means.T[name].mean(), number) if name in means.index else SKIPPED
        return text if row is None else text + INCOMPLETE
    text = format(row["value"], number)
    if not found.over:
        return text
    return f"{text} [{format(row['low'], number)}, {format(row['high'], number)}]"


def _versus(
    scores: pd.DataFrame, versus: Versus, direction: str, order: Sequence[str]
) -> list[str]:
    frame = against(
        scores,
        versus.baseline,
        direction=direction,
        test=versus.test,
        correction=versus.correction,
        level=versus.level,
    )
    texts = {
        name: f"{wins}/{ties}/{losses} {mark or ' '}"
        for name, mark, wins, ties, losses in zip(
            frame.index, frame["mark"], frame["wins"], frame["ties"], frame["losses"], strict=True
        )
    }
    return [texts.get(name, "") for name in order]


def number_text(value: float, number: str) -> str:
    """Return a number in a format, or a dash if it is NaN."""
    return SKIPPED if np.isnan(value) else format(value, number)


def _resampling(found: Ranking) -> list[str]:
    if not found.over:
        return [
            "no intervals: they need the outcomes of test examples, or at least "
            f"{ENOUGH_PROBLEMS} problems"
        ]
    notes = [f"{found.level:.0%} intervals and ties (=, all together) over other {found.over}"]
    if found.plain:
        notes.append(f"without other test examples on {count(found.plain, 'problem')}")
    if found.over != "problems":
        notes.append(f"about these problems only, since they are fewer than {ENOUGH_PROBLEMS}")
    return notes


def count(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> count(2, "problem")
    '2 problems'
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
