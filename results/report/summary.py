"""What results say, in sentences."""

from typing import Final

import pandas as pd

from ...errors import ParameterError, UnknownNameError
from ..plots.highlight import BASELINE
from ..results import Results
from ..statistics.comparison import scored
from ..statistics.pairwise import LEVEL, against
from ..statistics.robustness import listed
from ..tables.leaderboard import Labels, system_names
from ..tables.places import TIED, count

_FEW: Final = 5
"""Most algorithms that a sentence names."""


def summary(
    results: Results, board: pd.DataFrame, metric: str, *, direction: str, labels: Labels
) -> list[str]:
    """Return sentences: who is first, who beats the baseline, what is not resolved, what failed.

    Args:
        results: With scores of the metric.
        board: The leaderboard of all algorithms.
        metric: Ranks the algorithms.
        direction: `maximise` or `minimise`.
        labels: Labels of algorithms by name.
    """
    systems = system_names(results, labels)
    texts = [
        board.attrs["sentence"],
        *_versus_baseline(results, metric, direction, systems),
        *_resolution(board),
        _worse(board),
        _lacking(results),
    ]
    return [text for text in texts if text]


def _versus_baseline(
    results: Results, metric: str, direction: str, systems: frozenset[str]
) -> list[str]:
    names = results.runs.loc[results.runs["algorithm"] == BASELINE, "display_name"].unique()
    if not len(names):
        return [f"{BASELINE} is not among the algorithms, so nothing is compared with it."]
    name, scores = str(names[0]), scored(results, metric)
    scores = scores[~scores["display_name"].isin(systems)]
    try:
        found = against(scores, name, direction=direction)
    except (ParameterError, UnknownNameError):  # it has no score, or is a system
        return [f"{name} has no complete result, so nothing is compared with it."]
    if found.empty:
        return []
    problems = int(found[["wins", "ties", "losses"]].iloc[0].sum())
    everywhere = found.index[found["wins"] == problems]
    texts = [
        f"{_who(everywhere, 'Nobody')} {_verb(everywhere)} a better mean than {name} on "
        f"{_all_of(problems)}."
    ]
    better, worse = found.index[found["mark"] == "+"], found.index[found["mark"] == "-"]
    least = 2.0 ** (1 - problems)
    if least * len(found) > LEVEL and better.empty and worse.empty:
        return [*texts, _too_few(name, problems, len(found))]
    same = int((found["mark"] == "=").sum())
    return [
        *texts,
        f"Beyond chance over problems (sign-flip test, level {LEVEL:g}, Holm's correction), "
        f"{_who(better, 'nobody')} {_verb(better, 'is')} better than {name}, and "
        f"{_who(worse, 'nobody')} worse; {count(same, 'algorithm')} cannot be separated from it.",
    ]


def _too_few(name: str, problems: int, compared: int) -> str:
    needed = problems
    while compared * 2.0 ** (1 - needed) > LEVEL:
        needed += 1
    return (
        f"Whether a difference from {name} holds beyond these problems is not resolved: with "
        f"{count(problems, 'problem')} and {count(compared, 'comparison')}, the sign-flip test "
        f"with Holm's correction cannot reach level {LEVEL:g}; it needs at least {needed} problems."
    )


def _resolution(board: pd.DataFrame) -> list[str]:
    ranks = board["rank"]
    models = int((ranks != "system").sum())
    tied = int(ranks.str.endswith(TIED).sum())
    if tied < 2:
        return []
    return [
        f"Not resolved: the data do not separate {tied} of the {count(models, 'model')} from each "
        "other at the top, so which of them is the best is open. A rank such as 2-5 is an interval."
    ]


def _worse(board: pd.DataFrame) -> str:
    worse = pd.Index([name for name, _ in board.attrs["worse"]])
    if worse.empty:
        return ""
    who = f"{_who(worse, '')} {_verb(worse, 'is')}"
    return f"{who} worse than the untouched pretrained model on average."


def _lacking(results: Results) -> str:
    statuses = results.runs["status"].value_counts()
    parts = [f"{number} {status}" for status, number in statuses.items() if status != "done"]
    if statuses.get("done", 0) == len(results.runs):
        return f"All {count(len(results.runs), 'run')} ended with a result."
    return f"Of {count(len(results.runs), 'run')}, {' and '.join(parts)}; the reasons are below."


def _who(names: "pd.Index[str]", nobody: str) -> str:
    if names.empty:
        return nobody
    if len(names) > _FEW:
        return f"{len(names)} algorithms (among them {listed(list(names[:3]))})"
    return str(listed(list(names)))


def _verb(names: "pd.Index[str]", verb: str = "has") -> str:
    plural = {"has": "have", "is": "are"}
    return plural[verb] if len(names) > 1 else verb


def _all_of(problems: int) -> str:
    return {1: "the only problem", 2: "both problems"}.get(problems, f"all {problems} problems")
