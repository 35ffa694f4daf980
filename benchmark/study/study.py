"""A study: which algorithms run on which problems, how often, under what budget."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

from ...errors import StudyError
from ...problems import PROBLEMS
from ...problems.arithmetic import PRECISIONS, Precision
from ...registry import Registry
from .algorithm_spec import AlgorithmSpec as AlgorithmSpec
from .identity import Identity, file_hash
from .limits import ResourceRules, Resources, check_caps
from .parameters import write_all
from .problem_spec import ProblemSpec

PROTOCOL_VERSION: Final = 1
"""Raised when the protocol changes results; runs of another version are not mixed."""


@final
@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """One run: all that a worker needs to compute it, and its content-addressed id.

    `problem` is the name that tables use, `problem_text` what `ProblemSpec.parse` reads, `caps`
    are in other currencies than units, `resources` what the run may take of the machine.
    """

    run_id: str
    problem: str
    problem_text: str
    algorithm: AlgorithmSpec
    resolved: str
    repetition: int
    study_seed: int
    budget: int | None
    precision: Precision = "float32"
    caps: Mapping[str, float] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)

    @property
    def planned_row(self) -> tuple[str, str, str, int]:
        """The run's row in the list of planned runs: id, problem, display name, seed."""
        return (self.run_id, self.problem, self.algorithm.display_name, self.repetition)

    def identity(self, problem_hash: str, algorithms: Registry[Any]) -> Identity:
        """What its id is the hash of, for a problem of this digest."""
        problem = ProblemSpec.parse(self.problem_text).entry.file
        return Identity(
            protocol=PROTOCOL_VERSION,
            problem=self.problem,
            problem_hash=problem_hash,
            algorithm=self.algorithm.name,
            plugin=file_hash(self.algorithm.file),
            parameters=self.resolved,
            seed=self.study_seed,
            repetition=self.repetition,
            budget=self.budget,
            precision=self.precision,
            problem_plugin=file_hash(problem) if problem and problem.suffix == ".py" else "",
            version=self.algorithm.version(algorithms),
            caps=self.caps,
        )


@final
@dataclass(frozen=True, kw_only=True)
class Study:
    """Algorithms x problems x seeds under one budget.

    Args:
        problems: Problems as `ProblemSpec.parse` reads them: names, or files.
        algorithms: Algorithms with their parameters.
        seeds: Repetitions 0 .. seeds - 1.
        seed: Root of all randomness.
        budget: Cap on units of each fit; None is no cap.
        precision: Of the fits: `float32`, or `bfloat16` for torch's autocast. Scores are measured
            in float32 either way.
        caps: Caps of each fit in other currencies than units; see `CAPPED`.
        resources: Limits of the machine; they change no run's id.
    """

    problems: tuple[str, ...]
    algorithms: tuple[AlgorithmSpec, ...]
    seeds: int = 3
    seed: int = 0
    budget: int | None = 100_000
    precision: Precision = "float32"
    caps: Mapping[str, float] = field(default_factory=dict)
    resources: ResourceRules = field(default_factory=ResourceRules)

    def canonical(self, algorithms: Registry[Any]) -> "Study":
        """The same study with every name and value in its one spelling, and nothing twice.

        `pwemoe-ls` and `pwemoe-ls[steps=4000]` are one run where 4000 is the default.

        Raises:
            StudyError: If it has no runs, a number is out of range, or two problems or algorithms
                share a name.
            ParameterError: If a cap or a resource is out of range.
            UnknownNameError: If a problem, algorithm, parameter, cap or resource is not known.
        """
        self._check()
        specs = _union((), [ProblemSpec.parse(text) for text in self.problems])
        for name, count in Counter(spec.name for spec in specs).items():
            if count > 1:
                texts = [spec.text for spec in specs if spec.name == name]
                raise StudyError(
                    f"Problems must have different names. Found `{name}` for {' and '.join(texts)}."
                )
        study = dataclasses.replace(
            self,
            problems=tuple(spec.text for spec in specs),
            algorithms=_distinct([spec.canonical(algorithms) for spec in self.algorithms]),
            caps=check_caps(self.caps),
        )
        rules = self.resources.renamed(lambda name: _canonical_name(name, algorithms))
        return dataclasses.replace(study, resources=rules.checked(study.names()))

    def pruned(self, algorithms: Registry[Any]) -> "Study":
        """The canonical study, without resources of what it no longer has."""
        study = dataclasses.replace(self, resources=ResourceRules()).canonical(algorithms)
        return dataclasses.replace(study, resources=self.resources.only(study.names()))

    def names(self) -> frozenset[str]:
        """What overrides of resources may name: problems and algorithms, with brackets or not."""
        problems = [ProblemSpec.parse(text) for text in self.problems]
        return frozenset(
            [name for spec in problems for name in (spec.entry.name, spec.name)]
            + [name for spec in self.algorithms for name in (spec.name, spec.full_name)]
        )

    def _check(self) -> None:
        if self.seeds < 1 or not self.problems or not self.algorithms:
            raise StudyError(
                "A study must have a problem, an algorithm and a seed at least. "
                f"Found {len(self.problems)}, {len(self.algorithms)} and {self.seeds}."
            )
        if self.seed < 0:
            raise StudyError(f"`seed` must be an integer, 0 or more. Found {self.seed}.")
        if self.budget is not None and self.budget < 1:
            raise StudyError(
                f"`budget` must be at least 1 unit, or None for no cap. Found {self.budget}."
            )
        if self.precision not in PRECISIONS:
            raise StudyError(
                f"`precision` must be {' or '.join(PRECISIONS)}. Found {self.precision}."
            )

    def expand(self, algorithms: Registry[Any], problem_hashes: Mapping[str, str]) -> list[RunSpec]:
        """All runs, repetitions outermost: a first answer for everything comes early."""
        resolved = [write_all(spec.name, spec.load(algorithms)) for spec in self.algorithms]
        problems = [ProblemSpec.parse(text) for text in self.problems]
        specs = [
            self._run(problem, spec, parameters, repetition)
            for repetition in range(self.seeds)
            for problem in problems
            for spec, parameters in zip(self.algorithms, resolved, strict=True)
        ]
        return [
            dataclasses.replace(
                spec, run_id=spec.identity(problem_hashes[spec.problem], algorithms).run_id()
            )
            for spec in specs
        ]

    def _run(
        self, problem: ProblemSpec, spec: AlgorithmSpec, resolved: str, repetition: int
    ) -> RunSpec:
        """A run that has no id yet."""
        return RunSpec(
            run_id="",
            problem=problem.name,
            problem_text=problem.text,
            algorithm=spec,
            resolved=resolved,
            repetition=repetition,
            study_seed=self.seed,
            budget=self.budget,
            precision=self.precision,
            caps=self.caps,
            resources=self.resources.resolve(
                (problem.entry.name, spec.name), (problem.name, spec.full_name)
            ),
        )


def merge_studies(old: Study, new: Study) -> Study:
    """The study that holds both, for a directory that is extended.

    Display names and resources are the new study's where both have them: an old algorithm whose
    display name a new one takes is called by its full name.

    Raises:
        StudyError: If seed, budget, precision or caps differ, whose runs cannot be compared, or
            a new display name is the full name of an old algorithm.
    """
    for key in ("seed", "budget", "precision", "caps"):
        if getattr(old, key) != getattr(new, key):
            raise StudyError(
                f"`{key}` must be what the directory was begun with. "
                f"Found {getattr(new, key)}, there {getattr(old, key)}. Use another directory."
            )
    kept = [_renamed(spec, new.algorithms) for spec in old.algorithms]
    return dataclasses.replace(
        old,
        problems=_union(old.problems, new.problems),
        algorithms=_distinct([*kept, *new.algorithms]),
        seeds=max(old.seeds, new.seeds),
        resources=old.resources.updated(new.resources),
    )


def _canonical_name(text: str, algorithms: Registry[Any]) -> str:
    """The full name of an algorithm or problem, in its one spelling; other texts as they are."""
    name = text.partition("[")[0].strip()
    if name in algorithms:
        return AlgorithmSpec.parse(text, algorithms).canonical(algorithms).full_name
    return ProblemSpec.parse(text).name if name in PROBLEMS else text


def _renamed(spec: AlgorithmSpec, new: Sequence[AlgorithmSpec]) -> AlgorithmSpec:
    """The same algorithm under the name it has among `new`, or one that none of them has."""
    if spec in new:
        return new[new.index(spec)]
    taken = {other.display_name for other in new}
    return dataclasses.replace(spec, label=None) if spec.display_name in taken else spec


def _distinct(specs: Sequence[AlgorithmSpec]) -> tuple[AlgorithmSpec, ...]:
    """Each algorithm once; no two under one display name, none under two."""
    kept: tuple[AlgorithmSpec, ...] = _union((), specs)
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
                "Write a parameter that differs into `display_name`, such as `{steps}`."
            )
    return kept


def _union(old: Sequence[Any], new: Sequence[Any]) -> tuple[Any, ...]:
    union: list[Any] = []
    for item in (*old, *new):
        if item not in union:
            union.append(item)
    return tuple(union)
