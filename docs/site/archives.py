"""Results of the pre-run archives, as the pages of the catalogue show them."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pandas as pd

from fusefront import METRICS, Results, load_prerun
from fusefront.results.tables.table import table

ARCHIVES: Final = ("default", "comparison")
SHOWN: Final = ("hypervolume", "expected-utility")
"""Metrics on the pages of algorithms and problems: one of the front, one of the preferences."""


@dataclass(frozen=True, kw_only=True)
class Scores:
    """One metric in one archive.

    Attributes:
        texts: Mean and standard deviation over the seeds; problems down, algorithms across.
        ranks: Rank of the mean among the algorithms of each problem, 1 is best, and last where a
            result is missing; NaN on problems that the metric cannot rank.
        caption: Direction, seeds, reference and budget.
    """

    texts: pd.DataFrame
    ranks: pd.DataFrame
    caption: str


@cache
def results(archive: str) -> Results:
    """Return the tables of an archive, read and scored once per build."""
    return load_prerun(archive)


@cache
def scores(archive: str, metric: str) -> Scores | None:
    """Return the scores of one metric, or None if the archive has none."""
    loaded = results(archive)
    if loaded.scores_of(metric).empty:
        return None
    direction = METRICS[metric].labels["direction"]
    number = ".4f" if METRICS[metric].labels["kind"] != "cost" else ".4g"
    texts = table(loaded, metric, "mean-std", direction=direction, number=number)
    ranks = pd.DataFrame(texts.attrs["ranks"], index=texts.columns).T
    ranks = ranks.reindex(index=texts.index[:-1])
    return Scores(texts=texts, ranks=ranks, caption=texts.attrs["caption"])


@cache
def anchors(problem: str) -> pd.DataFrame | None:
    """Return the stored values of a problem's pretrained model, experts and simple average.

    One row per model and one column per task, or None if no archive has the problem.
    """
    for archive in ARCHIVES:
        rows = results(archive).problems
        rows = rows[rows["problem"] == problem]
        if len(rows):
            models = list(dict.fromkeys(rows["model"]))
            tasks = list(dict.fromkeys(rows["task"]))
            frame = rows.pivot_table(index="model", columns="task", values="value")
            return frame.loc[models, tasks]
    return None


def rank_text(ranks: pd.DataFrame, problem: str, algorithm: str) -> str:
    """Return `rank / number of ranked algorithms`, or an en dash without a rank."""
    rank = float(ranks[algorithm].loc[problem])
    return "\N{EN DASH}" if np.isnan(rank) else f"{rank:g} / {ranks.loc[problem].count()}"
