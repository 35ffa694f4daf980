"""What a tuning prints: the trials as a table, the winner beside the defaults, or all as JSON."""

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from ...algorithms import ALGORITHMS
from ..study.parameters import hyper_parameters, write_value
from ..study.study import Study
from .problems import describe_origin, used_and_compared
from .ranking import CRITERION, Difference, Trial
from .space import search_space

if TYPE_CHECKING:
    import pandas as pd

_FAILED: Final = "failed"


@final
@dataclass(frozen=True, kw_only=True)
class Report:
    """The outcome of a tuning.

    Attributes:
        study: Its study; the first algorithm is trial 0.
        directory: Its run directory.
        trials: The trials, from the best to the worst.
    """

    study: Study
    directory: Path
    trials: Sequence[Trial]

    @property
    def winner(self) -> Trial | None:
        """The best trial; None if none is complete."""
        return None if self.trials[0].reason else self.trials[0]

    @property
    def defaults(self) -> Trial:
        """Trial 0."""
        return next(trial for trial in self.trials if trial.number == 0)

    @property
    def difference(self) -> Difference | None:
        """The winner minus the defaults; None if either is not complete."""
        return None if self.winner is None else Difference.of(self.winner, self.defaults)

    def table(self) -> "pd.DataFrame":
        """Return one row of texts per trial: its values, its mean, and its difference to trial 0.

        The frame can be rendered by `results.tables.render`.
        """
        import pandas as pd

        names = list(search_space(self.defaults.spec.entry(ALGORITHMS)))
        rows = [
            [*(_short(values[name]) for name in names), *_outcome(trial, self.defaults)]
            for trial in self.trials
            for values in (_values(trial),)
        ]
        frame = pd.DataFrame(
            rows,
            columns=pd.Index([*names, CRITERION, "minus defaults"]),
            index=pd.Index([str(trial.number) for trial in self.trials], name="trial"),
        )
        if self.winner is not None:
            frame.attrs["best"] = [(str(self.winner.number), CRITERION)]
        frame.attrs["caption"] = self._caption()
        return frame

    def lines(self) -> list[str]:
        """Return what must be read below the table: failures, the winner, and how to confirm it."""
        failed = [t for t in self.trials if t.reason]
        lines = [f"failed trial {t.number}, {t.spec.full_name}: {t.reason}" for t in failed]
        origin = describe_origin(self.defaults.spec.entry(ALGORITHMS).origin)
        lines.append(f"defaults: {_described(self.defaults)}; origin: {origin}")
        if self.winner is None:
            return [*lines, "winner: none, because no trial is complete"]
        lines.append(f"winner: {_described(self.winner)}")
        if (found := self.difference) is not None and self.winner.number:
            lines += [
                f"winner minus defaults: {_signed(found)} (mean ± standard error over problems)",
                f"The winner is the best of {len(self.trials)}, so this difference is optimistic. "
                "With new seeds:",
                f"  {self._confirmation(self.winner)}",
            ]
        if names := used_and_compared(spec.name for spec in self.study.problems):
            lines.append(
                f"{', '.join(names)}: compared by a suite, so a comparison there would favour "
                "values that were tuned on it."
            )
        return lines

    def content(self) -> dict[str, Any]:
        """Return everything as values that fit into JSON."""
        entry = self.defaults.spec.entry(ALGORITHMS)
        found = self.difference
        return {
            "algorithm": entry.name,
            "origin": describe_origin(entry.origin),
            "space": {name: str(one) for name, one in search_space(entry).items()},
            "criterion": CRITERION,
            "problems": [spec.name for spec in self.study.problems],
            "seeds": self.study.seeds,
            "root_seed": self.study.root_seed,
            "budget": self.study.budget,
            "trials": [_record(trial) for trial in self.trials],
            "winner": None if self.winner is None else self.winner.number,
            "defaults": 0,
            "difference": None if found is None else _finite(found.mean),
            "standard_error": None if found is None else _finite(found.error),
        }

    def _caption(self) -> str:
        study = self.study
        size = f"{_count(len(study.problems), 'problem')} and {_count(study.seeds, 'seed')}"
        budget = f"{study.budget} units per fit" if study.budget else "no budget cap"
        return (
            f"{CRITERION} ↓, lower is better; mean over {size}; {budget}; trial 0 has the "
            "defaults; minus defaults: mean difference ± standard error over problems"
        )

    def _confirmation(self, winner: Trial) -> str:
        """Return the command that compares winner and defaults on the same problems, newly."""
        study = self.study
        words = ["fusefront", "run", "-a", self.defaults.spec.as_given, "-a", winner.spec.as_given]
        for spec in study.problems:
            words += ["-p", spec.text]
        words += ["--seeds", "3", "--root-seed", str(study.root_seed + 1)]
        words += ["--budget", "none" if study.budget is None else str(study.budget)]
        return shlex.join([*words, "-o", f"{self.directory}-confirmed"])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _described(trial: Trial) -> str:
    mean = trial.reason or f"{CRITERION} {trial.mean:.4f}"
    return f"trial {trial.number}, {trial.spec.full_name}, {mean}"


def _values(trial: Trial) -> dict[str, Any]:
    """Return the values of all hyper-parameters of a trial."""
    defaults = {p.name: p.default for p in hyper_parameters(trial.spec.entry(ALGORITHMS))}
    return {**defaults, **trial.spec.redundant, **trial.spec.parameters}


def _outcome(trial: Trial, defaults: Trial) -> tuple[str, str]:
    if trial.reason:
        return _FAILED, ""
    found = Difference.of(trial, defaults)
    return f"{trial.mean:.4f}", "" if found is None or not trial.number else _signed(found)


def _signed(found: Difference) -> str:
    error = "" if math.isnan(found.error) else f" ± {found.error:.4f}"
    return f"{found.mean:+.4f}{error}"


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else write_value(value)


def _record(trial: Trial) -> dict[str, Any]:
    return {
        "trial": trial.number,
        "setting": trial.spec.as_given,
        "parameters": dict(trial.spec.parameters),
        "mean": _finite(trial.mean),
        "utilities": trial.utilities,
        "status": _FAILED if trial.reason else "done",
        "reason": trial.reason,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
