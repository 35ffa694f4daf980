"""What tables say beside their numbers: algorithms worse than no merging, and empty volumes."""

from typing import Final

import numpy as np
import pandas as pd

from ...metrics.hypervolume import can_rank
from ..results import REF_POINT, Results

DIRECTIONS: Final = {"maximise": "↑, higher is better", "minimise": "↓, lower is better"}
GAIN: Final = "gain-over-pretrained"
WORSE: Final = "†"
WORSE_COLUMN: Final = "worse than pretrained"
WORSE_CAPTION: Final = "† worse in expected utility than the untouched pretrained model"
_FEW_REFERENCES: Final = 6
"""Most references that a caption names one by one."""
_ROUNDING: Final = 1e-9
"""Smaller losses come from the order of summation."""


def gains(results: Results) -> pd.DataFrame:
    """Return the mean gain of each algorithm (rows) over the pretrained model on each problem.

    It is the mean over the seeds that have a result, NaN if there are none. The frame is empty if
    the scores have no `gain-over-pretrained`.
    """
    scores = results.scores_of(GAIN)
    return scores.pivot_table(index="display_name", columns="problem", values="value")


def is_worse(gain: pd.DataFrame) -> pd.DataFrame:
    """Return whether the pretrained model is better; False where the gain is unknown."""
    return gain < -_ROUNDING


def unranked(results: Results, scores: pd.DataFrame) -> list[str]:
    """Return the problems on which the scores cannot rank algorithms, because they are empty.

    Only hypervolume can be: see `can_rank`, which gets the means of the algorithms over seeds.

    Args:
        results: With problems.
        scores: Rows of `results.scores` of one metric. The first reference of each problem counts.
    """
    volumes = scores[(scores["metric"] == "hypervolume") & scores["value"].notna()]
    volumes = volumes[volumes["reference"].fillna("").str.startswith(REF_POINT)]
    tasks = results.problems.groupby("problem")["task"].nunique()
    found = []
    for problem, own in volumes[volumes["problem"].isin(tasks.index)].groupby(
        "problem", sort=False
    ):
        reference = own["reference"].iloc[0]
        level = float(reference.removeprefix(REF_POINT))
        means = own[own["reference"] == reference].groupby("display_name")["value"].mean()
        if not can_rank(means, ref_point=np.full(tasks[problem], level)):
            found.append(str(problem))
    return found


def unranked_caption(problems: list[str]) -> str:
    """Return the explanation of `unranked` for captions, empty without problems."""
    if not problems:
        return ""
    return (
        f"not ranked by hypervolume: {', '.join(problems)} (fewer than a quarter of the algorithms "
        "have more than 1 % of the volume between experts and reference point)"
    )


def conditions(runs: pd.DataFrame, scores: pd.DataFrame, statistic: str = "mean") -> list[str]:
    """Return under which conditions the numbers of a table were made, for its caption.

    Args:
        runs: Rows of `results.runs`.
        scores: Rows of `results.scores` of one metric, of the reference that is shown.
        statistic: What summarises the seeds.
    """
    seeds = runs.groupby(["problem", "display_name"])["seed"].nunique()
    low, high = int(seeds.min()), int(seeds.max())
    count = str(low) if low == high else f"{low} to {high}"
    budgets = sorted(int(budget) for budget in runs["budget_units"].dropna().unique())
    protocols = sorted(int(version) for version in runs["protocol_version"].unique())
    return [
        f"{statistic} over {count} {'seed' if count == '1' else 'seeds'}",
        *_references(scores),
        f"budget {', '.join(map(str, budgets))} units" if budgets else "no budget cap",
        f"protocol {', '.join(map(str, protocols))}",
    ]


def _references(scores: pd.DataFrame) -> list[str]:
    used = scores.drop_duplicates("problem").set_index("problem")["reference"].fillna("")
    used = used[used != ""]
    if used.empty:
        return []
    if used.nunique() == 1:
        return [f"reference {used.iloc[0]}"]
    if len(used) > _FEW_REFERENCES:
        return [f"the reference fronts of {len(used)} problems"]
    return [f"references {', '.join(f'{ref} ({problem})' for problem, ref in used.items())}"]
