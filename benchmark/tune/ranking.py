"""The trials of a tuning, ranked by one criterion."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from ...results.results import Results
from ..study.algorithm_spec import AlgorithmSpec

if TYPE_CHECKING:
    import pandas as pd

CRITERION: Final = "expected-utility"
"""The metric whose mean over the problems ranks the trials; lower is better."""


@final
@dataclass(frozen=True, kw_only=True)
class Trial:
    """One setting and what it reached.

    Attributes:
        number: Its place in the list of trials; 0 has the defaults.
        spec: The setting.
        utilities: Mean of the criterion over the seeds, by problem; only of problems on which all
            of its runs are done.
        reason: Why it failed: what its other runs lack; empty if all are done.
    """

    number: int
    spec: AlgorithmSpec
    utilities: dict[str, float] = field(default_factory=dict)
    reason: str = ""

    @property
    def mean(self) -> float:
        """Mean of the criterion over all problems; infinite if a run is not done."""
        return math.inf if self.reason else float(np.mean(list(self.utilities.values())))


@final
@dataclass(frozen=True, kw_only=True)
class Difference:
    """The mean difference of two trials over the problems, with its standard error.

    With one problem there is no standard error; it is NaN.
    """

    mean: float
    error: float

    @classmethod
    def of(cls, one: Trial, other: Trial) -> "Difference | None":
        """Return one minus the other, or None if a run of either is not done."""
        if one.reason or other.reason:
            return None
        each = np.array([value - other.utilities[name] for name, value in one.utilities.items()])
        error = float(each.std(ddof=1) / math.sqrt(len(each))) if len(each) > 1 else math.nan
        return cls(mean=float(each.mean()), error=error)


def ranked(
    results: Results, specs: Sequence[AlgorithmSpec], problems: Sequence[str], seeds: int
) -> list[Trial]:
    """Return the trials from the best to the worst; those that failed are last, by number.

    Args:
        results: Results of the tuning, possibly among others.
        specs: The settings, trial 0 first.
        problems: Names of the problems that count.
        seeds: Number of the seeds that count.
    """
    scores = results.scores_of(CRITERION)[["run_id", "value"]]
    runs = results.runs.merge(scores, on="run_id", how="left")
    runs = runs[runs["problem"].isin(problems) & (runs["seed"] < seeds)]
    by_name: dict[Any, pd.DataFrame] = dict(tuple(runs.groupby("display_name")))
    nothing = runs.iloc[:0]
    made = [
        _trial(number, spec, by_name.get(spec.display_name, nothing), problems, seeds)
        for number, spec in enumerate(specs)
    ]
    return sorted(made, key=lambda trial: trial.mean)  # stable: the earlier one wins a tie


def _trial(
    number: int, spec: AlgorithmSpec, runs: "pd.DataFrame", problems: Sequence[str], seeds: int
) -> Trial:
    """Return the trial of the runs of one setting."""
    done = runs[(runs["status"] == "done") & np.isfinite(runs["value"].astype(float))]
    counts = done["problem"].value_counts()
    complete = [name for name in problems if counts.get(name, 0) == seeds]
    means = done.groupby("problem")["value"].mean()
    missing = len(problems) * seeds - len(done)
    return Trial(
        number=number,
        spec=spec,
        utilities={name: float(means[name]) for name in complete},
        reason=_reason(runs, missing) if missing else "",
    )


def _reason(runs: "pd.DataFrame", missing: int) -> str:
    """Describe the runs of a setting that have no score: how many, and why the first has none."""
    lacking = runs[runs["status"] != "done"]
    texts = [*lacking["error_message"].dropna(), *lacking["reason"].dropna()]
    first = next((str(text).splitlines()[0] for text in texts if text), "")
    noun = "run" if missing == 1 else "runs"
    return f"{missing} {noun} without a result{f': {first}' if first else ''}"
