"""What every algorithm keeps; inherit `AlgorithmContract` and give it an `algorithm` fixture."""

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from ..algorithms import ALGORITHMS
from ..algorithms.base import Algorithm
from ..algorithms.pareto_set import MapSet, ParetoSet, PreferenceMap
from ..algorithms.pareto_set_files import load_pareto_set, save_pareto_set
from ..benchmark.score.measure import ScoredPoint, score
from ..errors import BudgetExhausted, PreferenceError
from ..problems.base import Oracle
from ..problems.predictor import Predictor
from ..problems.view import ProblemView
from ..registry import Entry, is_bound
from .spy_oracle import SpyOracle
from .toy_problem import ToyProblem, open_view, toy_problem


class AlgorithmContract:
    """Tests of one algorithm on a toy problem.

    Choose hyper-parameters that make a fit take a fraction of a second.

    ```python
    class TestMine(AlgorithmContract):
        @pytest.fixture
        def algorithm(self) -> Algorithm:
            return Mine(steps=3)
    ```
    """

    units: ClassVar[int] = 3_000
    """Budget of a fit; one of the toy's validation evaluations costs 120 at most."""

    @pytest.fixture
    def algorithm(self) -> Algorithm:
        """The algorithm under test; override this."""
        raise NotImplementedError

    @pytest.fixture
    def problem(self) -> ToyProblem:
        """Three tasks, of which two share their inputs."""
        return toy_problem(3)

    @pytest.fixture
    def entry(self, algorithm: Algorithm) -> Entry[type[Algorithm]]:
        """The algorithm's entry in the registry."""
        return _entry(algorithm)

    def test_registry_entry_says_all_labels(self, entry: Entry[type[Algorithm]]) -> None:
        assert set(entry.labels) == set(ALGORITHMS.label_values)
        assert entry.summary
        assert entry.source

    def test_class_has_a_docstring_of_its_own(self, algorithm: Algorithm) -> None:
        name, text = type(algorithm).__name__, type(algorithm).__doc__
        assert text
        assert not text.startswith(f"{name}("), "That is what dataclass writes."

    def test_fields_are_the_whole_configuration_and_fit_into_json(
        self, algorithm: Algorithm
    ) -> None:
        assert is_dataclass(algorithm)
        assert all(f.kw_only and f.init for f in fields(algorithm))
        json.dumps(asdict(algorithm))
        assert type(algorithm)(
            **{f.name: getattr(algorithm, f.name) for f in fields(algorithm)}
        ) == (algorithm)

    def test_output_label_is_what_a_fit_returns(
        self, algorithm: Algorithm, entry: Entry[type[Algorithm]], problem: ToyProblem
    ) -> None:
        answer, _ = self.seen_fit(algorithm, problem)
        assert answer.output == entry.labels["output"]

    @pytest.mark.parametrize("m", [2, 3])
    def test_corners_and_centre_are_answered_with_finite_models(
        self, algorithm: Algorithm, m: int
    ) -> None:
        answer, view = self.seen_fit(algorithm, toy_problem(m))
        for model in _models(answer):
            assert model.shape == view.experts.pretrained.shape
            assert model.dtype == torch.float32
            assert model.isfinite().all()
            assert not model.requires_grad

    def test_answers_are_measured_and_have_finite_losses(
        self, algorithm: Algorithm, problem: ToyProblem
    ) -> None:
        answer, _ = self.seen_fit(algorithm, problem)
        for found in _measured(answer, problem):
            assert np.isfinite(found.measurement.loss).all()
            assert found.passes >= 1

    def test_cost_of_the_answer_is_stated(self, algorithm: Algorithm, problem: ToyProblem) -> None:
        answer, view = self.seen_fit(algorithm, problem)
        assert answer.storage_bytes() >= view.experts.pretrained.nbytes
        assert answer.trainable_parameters >= 0

    def test_vector_off_the_simplex_is_refused(
        self, algorithm: Algorithm, problem: ToyProblem
    ) -> None:
        answer, _ = self.seen_fit(algorithm, problem)
        with pytest.raises(PreferenceError):
            answer.point([0.5, 0.4, 0.3])

    def test_data_label_says_what_is_looked_at(
        self, algorithm: Algorithm, entry: Entry[type[Algorithm]], problem: ToyProblem
    ) -> None:
        spy = SpyOracle(problem.oracle(frozenset({"calibration", "validation"})))
        _, view = self.fit(algorithm, problem, oracle=spy)
        data = entry.labels["data"]
        assert spy.labels_seen == (data == "labelled")
        assert "test" not in spy.splits_seen
        assert (view.budget.ledger.units == 0) == (data == "none")
        assert (view.budget.ledger.unlabelled_examples > 0) == (data == "unlabelled")

    def test_access_label_says_how_the_model_is_looked_at(
        self, algorithm: Algorithm, entry: Entry[type[Algorithm]], problem: ToyProblem
    ) -> None:
        _, view = self.seen_fit(algorithm, problem)
        ledger, access = view.budget.ledger, entry.labels["access"]
        assert (ledger.gradient_steps > 0) == (access == "gradients")
        assert (ledger.units == 0) == (access == "weights")

    def test_space_label_is_that_of_the_coefficients(
        self, algorithm: Algorithm, entry: Entry[type[Algorithm]], problem: ToyProblem
    ) -> None:
        answer, _ = self.seen_fit(algorithm, problem)
        space = entry.labels["space"]
        for preference in _preferences(3):
            found = answer.coefficients(preference)
            assert (found.space if found else space) == space
            assert (found is None) == (space in {"low-rank", "weights"})

    def test_same_seed_gives_the_same_bits_whatever_the_global_seeds(
        self, algorithm: Algorithm, problem: ToyProblem
    ) -> None:
        found = []
        for global_seed in (1, 2):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(global_seed)
                np.random.seed(global_seed)  # noqa: NPY002 - the state that must not matter
                random.seed(global_seed)
                answer, view = self.fit(algorithm, problem)
            losses = [s.measurement.loss for s in _measured(answer, problem)]
            found.append((_models(answer), losses, view.budget.ledger))
        (models, losses, ledger), (again, losses_again, ledger_again) = found
        np.testing.assert_array_equal(losses, losses_again)
        assert all(torch.equal(a, b) for a, b in zip(models, again, strict=True))
        assert ledger == ledger_again

    def test_same_preference_gives_the_same_bits(
        self, algorithm: Algorithm, problem: ToyProblem
    ) -> None:
        answer, _ = self.seen_fit(algorithm, problem)
        assert all(torch.equal(a, b) for a, b in zip(_models(answer), _models(answer), strict=True))

    def test_answer_comes_back_from_its_file_to_the_bit(
        self, algorithm: Algorithm, problem: ToyProblem, tmp_path: Path
    ) -> None:
        answer, view = self.seen_fit(algorithm, problem)
        if isinstance(answer, MapSet) and not isinstance(answer.function, PreferenceMap):
            pytest.skip("its function is not a `PreferenceMap`, so the Pareto set cannot be stored")
        save_pareto_set(answer, tmp_path / "answer.safetensors")
        found = load_pareto_set(tmp_path / "answer.safetensors", view.experts)
        assert found.output == answer.output
        assert found.storage_bytes() == answer.storage_bytes()
        assert found.trainable_parameters == answer.trainable_parameters
        assert all(torch.equal(a, b) for a, b in zip(_models(answer), _models(found), strict=True))
        pairs = zip(_measured(answer, problem), _measured(found, problem), strict=True)
        assert all((a.measurement.loss == b.measurement.loss).all() for a, b in pairs)

    def test_experts_and_data_are_left_as_they_were(
        self, algorithm: Algorithm, problem: ToyProblem
    ) -> None:
        data = [e for split in problem.splits.values() for e in split]
        before = [(e.inputs.clone(), e.labels.clone()) for e in data]
        answer, view = self.fit(algorithm, problem)
        _models(answer)
        assert torch.equal(view.experts.pretrained, problem.pretrained)
        assert torch.equal(view.experts.task_vectors, problem.task_vectors)
        for example, (inputs, labels) in zip(data, before, strict=True):
            assert torch.equal(example.inputs, inputs)
            assert torch.equal(example.labels, labels)

    @pytest.mark.parametrize("units", [0, 100, 1_000])
    def test_small_budget_ends_in_an_answer_or_is_exhausted_but_never_crossed(
        self, algorithm: Algorithm, problem: ToyProblem, units: int
    ) -> None:
        view = _open(algorithm, problem, units)
        answer: object
        try:
            answer = algorithm.fit(view, generator=_generator())
        except BudgetExhausted:
            answer = view.pareto_set_so_far()
        assert view.budget.ledger.units <= units
        if answer is not None:
            assert isinstance(answer, ParetoSet)
            assert all(model.isfinite().all() for model in _models(answer))

    def test_milestones_are_pareto_sets_of_the_same_kind_in_order_of_cost(
        self, algorithm: Algorithm, problem: ToyProblem
    ) -> None:
        answer, view = self.seen_fit(algorithm, problem)
        spent = [c.units for c in view.milestones]
        assert spent == sorted(spent)
        for milestone in view.milestones:
            assert isinstance(milestone.pareto_set, ParetoSet)
            assert milestone.pareto_set.output == answer.output

    def test_equal_experts_leave_only_the_line_through_base_and_expert(
        self, algorithm: Algorithm, problem: ToyProblem
    ) -> None:
        """In every group the model is base + s (expert - base), s being the sum of a row."""
        equal = problem.with_equal_experts()
        answer, view = self.fit(algorithm, equal)
        for preference in _preferences(3):
            found = answer.coefficients(preference)
            if found is None or not answer.experts.original:
                continue
            model = answer.model(preference)
            sums = found.values.reshape(-1, 3).sum(dim=1)
            expected = equal.pretrained.clone()
            for start, stop, group in view.experts.layout.groups(found.space).segments:
                expected[start:stop] += sums[group] * equal.task_vectors[0, start:stop]
            torch.testing.assert_close(model, expected, rtol=1e-4, atol=1e-5)

    def fit(
        self, algorithm: Algorithm, problem: ToyProblem, *, oracle: Oracle | None = None
    ) -> tuple[ParetoSet, ProblemView]:
        """A fit within `units` as the runner does it, always with the same seed."""
        view = _open(algorithm, problem, self.units, oracle)
        answer: object
        try:
            answer = algorithm.fit(view, generator=_generator())
        except BudgetExhausted:
            answer = view.pareto_set_so_far()
        assert isinstance(answer, ParetoSet)
        return answer, view

    def seen_fit(self, algorithm: Algorithm, problem: ToyProblem) -> tuple[ParetoSet, ProblemView]:
        """As `fit`, but one fit serves all tests that only look at it."""
        key = (repr(algorithm), id(problem), self.units)
        if key not in _FITS:
            _FITS[key] = self.fit(algorithm, problem)
        return _FITS[key]


_FITS: dict[tuple[str, int, int], tuple[ParetoSet, ProblemView]] = {}
"""Toy problems are made once and kept, so that their ids are never used again."""


class PermutationContract:
    """For algorithms that answer permuted preferences over permuted tasks with the same models."""

    units: ClassVar[int] = 3_000

    @pytest.fixture
    def algorithm(self) -> Algorithm:
        """The algorithm under test; override this."""
        raise NotImplementedError

    @pytest.mark.parametrize("order", [(1, 0, 2), (2, 0, 1)])
    def test_order_of_tasks_does_not_matter(
        self, algorithm: Algorithm, order: Sequence[int]
    ) -> None:
        problem = toy_problem(3)
        problems = (problem, problem.reordered(order))
        views = [open_view(p, units=self.units) for p in problems]
        answers = [algorithm.fit(view, generator=_generator()) for view in views]
        p = np.array([*_preferences(3), [0.5, 0.3, 0.2]])
        first, second = (
            score(answer, problem.oracle(frozenset({"validation"})), "validation", preferences)
            for answer, problem, preferences in zip(
                answers, problems, (p, p[:, list(order)]), strict=True
            )
        )
        for a, b in zip(first, second, strict=True):
            expected = a.measurement.loss[list(order)]
            np.testing.assert_allclose(b.measurement.loss, expected, rtol=0, atol=1e-5)
        if isinstance(answers[0].point(p[0]), Predictor):
            return
        for preference in p:
            expected_models = answers[0].models(preference)
            found = answers[1].models(preference[list(order)])
            for one, other in zip(expected_models, found, strict=True):
                torch.testing.assert_close(other, one, rtol=0, atol=1e-6)


def _entry(algorithm: Algorithm) -> Entry[type[Algorithm]]:
    """The entry of the algorithm's class, and of its bound fields where entries share a class."""
    kind = type(algorithm)
    hidden = [f.name for f in fields(kind) if is_bound(f)]
    for entry in ALGORITHMS:
        if entry.load() is kind:
            made = entry.make()
            if all(getattr(made, name) == getattr(algorithm, name) for name in hidden):
                return entry
    raise AssertionError(f"{kind.__name__} must be registered. Use @ALGORITHMS.register.")


def _open(
    algorithm: Algorithm, problem: ToyProblem, units: int, oracle: Oracle | None = None
) -> ProblemView:
    """With the test's inputs inside for the transductive track only."""
    transductive = _entry(algorithm).labels["track"] == "transductive"
    return open_view(problem, units=units, oracle=oracle, transductive=transductive)


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(11)


def _preferences(m: int) -> list[np.typing.NDArray[np.float64]]:
    return [*np.eye(m), np.full(m, 1 / m)]


def _measured(answer: ParetoSet, problem: ToyProblem) -> list[ScoredPoint]:
    """The answers to the corners and the centre on validation."""
    oracle = problem.oracle(frozenset({"validation"}))
    return score(answer, oracle, "validation", np.array(_preferences(len(problem.tasks))))


def _models(answer: ParetoSet) -> list[Tensor]:
    """The models behind the answers to the corners and the centre."""
    return [x for p in _preferences(answer.experts.tasks) for x in answer.models(p)]
