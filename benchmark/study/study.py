"""A study: which algorithms run on which problems, with how many seeds, under what budget."""

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, final

from ...algorithms import ALGORITHMS
from ...deprecation import renamed_fields, warn_renamed
from ...errors import StudyError
from ...plugins import plugin_hash
from ...problems import PROBLEMS
from ...problems.budget import PRECISIONS, Precision
from ...registry import Registry
from .algorithm_spec import AlgorithmSpec
from .identity import Identity
from .limits import ResourceRules, Resources, check_caps
from .parameters import write_all
from .problem_spec import ProblemSpec

T = TypeVar("T")

PROTOCOL_VERSION: Final = 2
"""Raised when the protocol changes results; runs of different versions are never mixed."""


@final
@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """One run: everything a worker needs to compute it, and its content-addressed id.

    Attributes:
        run_id: Hash of the run's `Identity`.
        problem: The problem.
        algorithm: The algorithm with its hyper-parameters.
        resolved: All hyper-parameters, defaults included, as JSON.
        seed: Number of the repetition, from 0.
        root_seed: The number from which all randomness of the study is derived.
        budget: Cap on the fit's units; None means no cap.
        precision: Arithmetic of the fit.
        caps: Caps on other costs of the fit.
        resources: Limits of the machine; not part of the identity.
        earlier_id: The id that the run had before its algorithm's entry declared `added`.
    """

    run_id: str
    problem: ProblemSpec
    algorithm: AlgorithmSpec
    resolved: str
    seed: int
    root_seed: int
    budget: int | None
    precision: Precision = "float32"
    caps: Mapping[str, float] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)
    earlier_id: str = ""

    @property
    def planned_row(self) -> tuple[str, str, str, int]:
        """The run's row in the list of planned runs: id, problem, display name, seed."""
        return (self.run_id, self.problem.name, self.algorithm.display_name, self.seed)

    def identity(self, problem_hash: str, algorithms: Registry[Any]) -> Identity:
        """Return the identity from which the run's id is derived, given the problem's hash."""
        return Identity(
            protocol=PROTOCOL_VERSION,
            problem=self.problem.name,
            problem_hash=problem_hash,
            algorithm=self.algorithm.name,
            plugin=plugin_hash(self.algorithm.file),
            parameters=self.algorithm.without_added(self.resolved, algorithms),
            root_seed=self.root_seed,
            seed=self.seed,
            budget=self.budget,
            precision=self.precision,
            problem_plugin=plugin_hash(self.problem.plugin),
            version=self.algorithm.version(algorithms),
            caps=self.caps,
        )


@final
@renamed_fields(seed="root_seed")
@dataclass(frozen=True, kw_only=True)
class Study:
    """Algorithms x problems x seeds under one budget.

    `Study.of` makes one from texts, as on the command line.

    Args:
        problems: The problems.
        algorithms: The algorithms with their hyper-parameters.
        seeds: Number of independent repetitions; they have the seeds 0 .. seeds - 1.
        root_seed: The number from which all randomness is derived.
        budget: Cap on the units of each fit; None is no cap.
        precision: Arithmetic of the fits: `float32`, or `bfloat16` for torch's autocast. Scores are
            always measured in float32.
        caps: Caps on other costs of each fit; see `CAPPED`.
        resources: Limits of the machine; they change no run's id.
    """

    problems: tuple[ProblemSpec, ...]
    algorithms: tuple[AlgorithmSpec, ...]
    seeds: int = 3
    root_seed: int = 0
    budget: int | None = 100_000
    precision: Precision = "float32"
    caps: Mapping[str, float] = field(default_factory=dict)
    resources: ResourceRules = field(default_factory=ResourceRules)

    def __post_init__(self) -> None:
        if any(isinstance(problem, str) for problem in self.problems):
            # 5: past this method, the generated `__init__` and the wrapper around it.
            warn_renamed("Study(problems=...) as texts", "Study.of(problems=...)", stacklevel=5)
            object.__setattr__(self, "problems", _parsed(self.problems))

    @classmethod
    def of(
        cls,
        *,
        problems: Iterable[str],
        algorithms: Iterable[str],
        registry: Registry[Any] = ALGORITHMS,
        **settings: Any,
    ) -> "Study":
        """Make a study from texts, as on the command line.

        Args:
            problems: Texts that `ProblemSpec.parse` reads.
            algorithms: Texts that `AlgorithmSpec.parse` reads.
            registry: Where algorithms are looked up.
            settings: The other arguments of `Study`.
        """
        return cls(
            problems=_parsed(problems),
            algorithms=tuple(AlgorithmSpec.parse(text, registry) for text in algorithms),
            **settings,
        )

    def canonical(self, algorithms: Registry[Any]) -> "Study":
        """Return the same study with every name and value in canonical form, without duplicates.

        `pwemoe-ls` and `pwemoe-ls[steps=4000]` are one algorithm if 4000 is the default.

        Raises:
            StudyError: If it has no runs, a number is out of range, or two problems or algorithms
                share a name.
            ParameterError: If a cap or a resource limit is out of range.
            UnknownNameError: If an algorithm, parameter, cap or resource limit is unknown.
        """
        self._check()
        problems = _union((), self.problems)
        for name, count in Counter(problem.name for problem in problems).items():
            if count > 1:
                texts = [problem.text for problem in problems if problem.name == name]
                raise StudyError(
                    "The names of problems must be unique in a study. "
                    f"Found `{name}` for {' and '.join(texts)}. Rename one of them."
                )
        study = dataclasses.replace(
            self,
            problems=problems,
            algorithms=_distinct([spec.canonical(algorithms) for spec in self.algorithms]),
            caps=check_caps(self.caps),
        )
        rules = self.resources.renamed(lambda name: _canonical_name(name, algorithms))
        return dataclasses.replace(study, resources=rules.checked(study.names()))

    def pruned(self, algorithms: Registry[Any]) -> "Study":
        """Return the canonical study without limits for algorithms and problems that it lacks."""
        study = dataclasses.replace(self, resources=ResourceRules()).canonical(algorithms)
        return dataclasses.replace(study, resources=self.resources.only(study.names()))

    def names(self) -> frozenset[str]:
        """Return the names to which resource limits may refer, with and without parameters."""
        return frozenset(
            [name for spec in self.problems for name in (spec.entry.name, spec.name)]
            + [name for spec in self.algorithms for name in (spec.name, spec.full_name)]
        )

    def _check(self) -> None:
        if self.seeds < 1 or not self.problems or not self.algorithms:
            raise StudyError(
                "A study must have at least one problem, one algorithm and one seed. "
                f"Found {len(self.problems)}, {len(self.algorithms)} and {self.seeds}."
            )
        if self.root_seed < 0:
            raise StudyError(f"`root_seed` must be an integer >= 0. Found {self.root_seed}.")
        if self.budget is not None and self.budget < 1:
            raise StudyError(
                f"`budget` must be at least 1 unit, or None for no cap. Found {self.budget}."
            )
        if self.precision not in PRECISIONS:
            raise StudyError(
                f"`precision` must be {' or '.join(PRECISIONS)}. Found {self.precision}."
            )

    def expand(self, algorithms: Registry[Any], problem_hashes: Mapping[str, str]) -> list[RunSpec]:
        """Return all runs of a canonical study.

        Seeds are the outermost loop, so that every cell has a first result early.

        Args:
            algorithms: Where algorithms are looked up.
            problem_hashes: Hash of each problem, by name.
        """
        resolved = [write_all(spec.name, spec.load(algorithms)) for spec in self.algorithms]
        specs = [
            self._run(problem, spec, parameters, seed)
            for seed in range(self.seeds)
            for problem in self.problems
            for spec, parameters in zip(self.algorithms, resolved, strict=True)
        ]
        return [
            _with_ids(spec, spec.identity(problem_hashes[spec.problem.name], algorithms))
            for spec in specs
        ]

    def _run(self, problem: ProblemSpec, spec: AlgorithmSpec, resolved: str, seed: int) -> RunSpec:
        """Return a run without its id, which `expand` computes."""
        return RunSpec(
            run_id="",
            problem=problem,
            algorithm=spec,
            resolved=resolved,
            seed=seed,
            root_seed=self.root_seed,
            budget=self.budget,
            precision=self.precision,
            caps=self.caps,
            resources=self.resources.resolve(
                (problem.entry.name, spec.name), (problem.name, spec.full_name)
            ),
        )


def _with_ids(spec: RunSpec, identity: Identity) -> RunSpec:
    earlier = dataclasses.replace(identity, parameters=spec.resolved)
    return dataclasses.replace(spec, run_id=identity.run_id(), earlier_id=earlier.run_id())


def keep_ids(specs: Iterable[RunSpec], existing: Collection[str]) -> list[RunSpec]:
    """Return the runs, with their earlier id if the results have been stored under it.

    Args:
        specs: Runs of a study.
        existing: Ids of stored runs.
    """
    return [
        dataclasses.replace(spec, run_id=spec.earlier_id)
        if spec.run_id not in existing and spec.earlier_id in existing
        else spec
        for spec in specs
    ]


def merge_studies(old: Study, new: Study) -> Study:
    """Return the study that contains both, for a directory that is extended.

    Where both studies have display names or resource limits, those of the new study win. If a new
    algorithm takes the display name of an old one, the old one is displayed under its full name.

    Raises:
        StudyError: If root seed, budget, precision or caps differ, since such runs cannot be
            compared, or if a new display name is the full name of an old algorithm.
    """
    for key in ("root_seed", "budget", "precision", "caps"):
        if getattr(old, key) != getattr(new, key):
            raise StudyError(
                f"`{key}` must be the same as in the existing study of the directory. "
                f"Found {getattr(new, key)}; the directory has {getattr(old, key)}. "
                "Use another directory."
            )
    kept = [_renamed(spec, new.algorithms) for spec in old.algorithms]
    return dataclasses.replace(
        old,
        problems=_union(old.problems, new.problems),
        algorithms=_distinct([*kept, *new.algorithms]),
        seeds=max(old.seeds, new.seeds),
        resources=old.resources.updated(new.resources),
    )


def _parsed(problems: Iterable[ProblemSpec | str]) -> tuple[ProblemSpec, ...]:
    return tuple(ProblemSpec.parse(p) if isinstance(p, str) else p for p in problems)


def _canonical_name(text: str, algorithms: Registry[Any]) -> str:
    """Return the canonical full name of an algorithm or problem, and any other text unchanged."""
    name = text.partition("[")[0].strip()
    if name in algorithms:
        return AlgorithmSpec.parse(text, algorithms).canonical(algorithms).full_name
    return ProblemSpec.parse(text).name if name in PROBLEMS else text


def _renamed(spec: AlgorithmSpec, new: Sequence[AlgorithmSpec]) -> AlgorithmSpec:
    """Return the algorithm with its display name in `new`, or with one that `new` does not use."""
    if spec in new:
        return new[new.index(spec)]
    taken = {other.display_name for other in new}
    return dataclasses.replace(spec, label=None) if spec.display_name in taken else spec


def _distinct(specs: Sequence[AlgorithmSpec]) -> tuple[AlgorithmSpec, ...]:
    """Drop duplicates. Refuse a display name for two algorithms, and two for one algorithm."""
    kept = _union((), specs)
    for spec in specs:
        label = kept[kept.index(spec)].label
        if label != spec.label:
            raise StudyError(
                "An algorithm must have one display name. "
                f"Found `{label or spec.full_name}` and `{spec.display_name}` "
                f"for `{spec.full_name}`."
            )
    for name, count in Counter(spec.display_name for spec in kept).items():
        if count > 1:
            found = " and ".join(f"`{s.full_name}`" for s in kept if s.display_name == name)
            raise StudyError(
                f"Display names must be unique in a study. Found `{name}` for {found}. "
                "Add a parameter in which they differ to `display_name`, such as `{steps}`."
            )
    return kept


def _union(old: Iterable[T], new: Iterable[T]) -> tuple[T, ...]:
    """Return the distinct items of both, in order. Items need not be hashable."""
    union: list[T] = []
    for item in (*old, *new):
        if item not in union:
            union.append(item)
    return tuple(union)
