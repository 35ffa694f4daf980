"""The comparison on the page: ranked algorithms, groups of problems and baselines."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from fusefront import ALGORITHMS, METRICS
from fusefront.results.results import Results
from fusefront.results.statistics.comparison import best, scored

METRIC = "expected-utility"
DIRECTION = METRICS[METRIC].labels["direction"]
SOUP = "rewarded-soup"
RANKED, PER_TASK, TRANSDUCTIVE = "ranked", "a model for each task", "transductive"
DEARER = "dearer inputs"
PER_TASK_SETS = frozenset({"emr", "experts-router", "tall-masks"})  # `PerTask` in pareto_set.py
LABELS = ("output", "data", "space")
FINETUNED = "-finetune"  # in the names of those that train all weights
GROUPS = {2: "pairs", 3: "triples"}
FAMILIES = {
    "merging": "merges",
    "search": "search",
    "map": "MAP",
    "adamerging": "AdaMerging, masks",
    "gradient": "gradient solvers",
    "scalarization": "scalarization",
    "moe": "MoE fusion",
    "hypernetworks": "hypernetworks",
    "lowrank": "set in one model",
    "ensemble": "beyond one model",
}


@dataclass(frozen=True, kw_only=True)
class Study:
    """Results, and the registry entries of their algorithms.

    `seeds` is how many runs each algorithm should have on each problem.
    """

    results: Results
    seeds: int

    @cached_property
    def kinds(self) -> pd.DataFrame:
        """One row per display name: `family`, labels, and `kind`, the table that shows it."""
        named = self.results.runs.drop_duplicates("display_name")
        dearest = self.results.runs.groupby("algorithm")["inference_passes"].max()
        rows = [_kind(name, dearest[name] > 1) for name in named["algorithm"]]
        index = pd.Index(named["display_name"], name="algorithm")
        return pd.DataFrame(rows, columns=["family", *LABELS, "kind"], index=index)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Expected utility of every scored run."""
        return scored(self.results, METRIC)

    @cached_property
    def rivals(self) -> pd.DataFrame:
        """Expected utility of the runs of ranked algorithms."""
        return self.scores[self.scores["display_name"].isin(self.names(RANKED))]

    @cached_property
    def groups(self) -> dict[str, str]:
        """Group by problem, which depends on the number of tasks; the fewest tasks come first."""
        tasks = self.results.problems.groupby("problem")["task"].nunique().sort_values()
        return {str(problem): GROUPS.get(n, f"{n} tasks") for problem, n in tasks.items()}

    @cached_property
    def constants(self) -> dict[str, str]:
        """The constant with the best mean score on the test split, by problem."""
        return self._best(self.kinds["output"] == "constant")

    @cached_property
    def merged_constants(self) -> dict[str, str]:
        """The best merged constant, by problem; `*-finetune` constants are trained further."""
        trained = self.kinds.index.str.contains(FINETUNED)
        return self._best((self.kinds["output"] == "constant") & ~trained)

    @cached_property
    def costs(self) -> pd.DataFrame:
        """Costs in long form: columns of scores and `cost`; storage in models of the problem.

        The smallest Pareto set of a problem is one model.
        """
        storage = scored(self.results, "storage-bytes")
        storage["value"] /= storage.groupby("problem")["value"].transform("min")
        frames = {name: scored(self.results, name) for name in ("units", "wall-seconds")}
        frames |= {"storage": storage, "peak-bytes": scored(self.results, "peak-bytes")}
        return pd.concat(frames, names=["cost"]).reset_index("cost")

    def names(self, kind: str) -> list[str]:
        """Return the display names of this kind."""
        return list(self.kinds.index[self.kinds["kind"] == kind])

    def _best(self, kept: "pd.Series[bool]") -> dict[str, str]:
        own = self.rivals[self.rivals["display_name"].isin(self.kinds.index[kept])]
        return {str(problem): name for problem, name in best(own, direction=DIRECTION).items()}

    @property
    def runs_each(self) -> int:
        """Number of runs per algorithm in the complete study."""
        return len(self.groups) * self.seeds


def _kind(algorithm: str, dearer: bool) -> list[str]:
    if algorithm not in ALGORITHMS:
        return ["not registered", *("" for _ in LABELS), RANKED]
    entry = ALGORITHMS[algorithm]
    folder = entry.target.split(".")[1] if isinstance(entry.target, str) else ""
    kind = DEARER if dearer else RANKED
    kind = PER_TASK if algorithm in PER_TASK_SETS else kind
    if entry.labels["track"] == "transductive":
        kind = TRANSDUCTIVE
    return [FAMILIES.get(folder, folder), *(entry.labels[label] for label in LABELS), kind]
