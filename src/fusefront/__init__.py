"""fusefront: a benchmarking platform for multi-objective model fusion.

Given a pretrained model and experts fine-tuned from it, an algorithm returns a merged model for
every preference over the tasks. fusefront runs algorithms x problems x seeds under one budget,
scores the fronts on data no algorithm saw, and keeps everything in Parquet tables.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .algorithms import ALGORITHMS as ALGORITHMS
    from .algorithms.base import Algorithm as Algorithm
    from .algorithms.pareto_set import ConstantSet as ConstantSet
    from .algorithms.pareto_set import FiniteSet as FiniteSet
    from .algorithms.pareto_set import MapSet as MapSet
    from .algorithms.pareto_set import ParetoSet as ParetoSet
    from .algorithms.pareto_set import PerTask as PerTask
    from .algorithms.pareto_set import PreferenceMap as PreferenceMap
    from .benchmark.api import load as load
    from .benchmark.api import load_prerun as load_prerun
    from .benchmark.api import run as run
    from .benchmark.study.algorithm_spec import AlgorithmSpec as AlgorithmSpec
    from .benchmark.study.problem_spec import ProblemSpec as ProblemSpec
    from .benchmark.study.study import Study as Study
    from .benchmark.study.suites import SUITES as SUITES
    from .errors import FusefrontError as FusefrontError
    from .metrics import METRICS as METRICS
    from .problems import PROBLEMS as PROBLEMS
    from .problems.base import Problem as Problem
    from .problems.experts import Coefficients as Coefficients
    from .problems.experts import ExpertPool as ExpertPool
    from .problems.layout import Layout as Layout
    from .problems.predictor import Predictor as Predictor
    from .problems.trained_experts import TrainingRecipe as TrainingRecipe
    from .problems.view import ProblemView as ProblemView
    from .results.results import Results as Results

_HOME = {
    "ALGORITHMS": "algorithms",
    "METRICS": "metrics",
    "PROBLEMS": "problems",
    "SUITES": "benchmark.study.suites",
    "Algorithm": "algorithms.base",
    "AlgorithmSpec": "benchmark.study.algorithm_spec",
    "Coefficients": "problems.experts",
    "ConstantSet": "algorithms.pareto_set",
    "ExpertPool": "problems.experts",
    "FiniteSet": "algorithms.pareto_set",
    "FusefrontError": "errors",
    "Layout": "problems.layout",
    "MapSet": "algorithms.pareto_set",
    "ParetoSet": "algorithms.pareto_set",
    "PerTask": "algorithms.pareto_set",
    "Predictor": "problems.predictor",
    "PreferenceMap": "algorithms.pareto_set",
    "Problem": "problems.base",
    "ProblemSpec": "benchmark.study.problem_spec",
    "ProblemView": "problems.view",
    "Results": "results.results",
    "Study": "benchmark.study.study",
    "TrainingRecipe": "problems.trained_experts",
    "load": "benchmark.api",
    "load_prerun": "benchmark.api",
    "run": "benchmark.api",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    """Import a public name at its first use, so that `import fusefront` stays fast."""
    if name not in _HOME:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
