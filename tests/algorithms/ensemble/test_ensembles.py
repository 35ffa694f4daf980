"""Logits fusion against slow twins, ReACT against its normal equations and limits."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import Tensor
from torch.nn import functional

from fusefront.algorithms.ensemble.dynamic_logits_fusion import DynamicLogitsFusion
from fusefront.algorithms.ensemble.logits_fusion import LogitsFusion
from fusefront.algorithms.ensemble.react import Aligned, AlignedMap, ReACT
from fusefront.algorithms.pareto_set import MapSet, ParetoSet
from fusefront.benchmark.score.measure import score
from fusefront.benchmark.study.problem_spec import ProblemSpec
from fusefront.errors import NotApplicableError
from fusefront.problems.experts import Coefficients
from fusefront.problems.predictor import Predictor
from fusefront.testing.toy_problem import ToyProblem, open_view, toy_problem

P = np.array([0.5, 0.2, 0.3])


@pytest.fixture
def problem() -> ToyProblem:
    return toy_problem(3)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def predictor(answer: ParetoSet, preference: np.typing.NDArray[np.float64]) -> Predictor:
    point = answer.point(preference)
    assert isinstance(point, Predictor)
    return point


def features_and_heads(problem: ToyProblem, models: list[Tensor]) -> list[Tensor]:
    """`(K, n, H)` validation features of the models for each task."""
    oracle = problem.oracle(frozenset({"validation"}))
    each = [oracle.split_features(model, "validation") for model in models]
    return [torch.stack(of_task) for of_task in zip(*each, strict=True)]


class TestLogitsFusion:
    def test_prediction_minimises_the_weighted_divergence_to_the_experts(
        self, problem: ToyProblem
    ) -> None:
        answer = LogitsFusion().fit(open_view(problem), generator=generator())
        found = predictor(answer, P)
        (features, *_) = features_and_heads(problem, answer.models(P))
        logs = functional.linear(features[:, :1], *problem.heads[0]).log_softmax(-1)[:, 0]
        ours = found.logits(features[:, :1], problem.heads[0]).softmax(-1)[0]

        def divergence(free: np.typing.NDArray[np.float64]) -> float:
            q = torch.from_numpy(free).softmax(0)
            return float(sum(w * (q * (q.log() - e)).sum() for w, e in zip(P, logs, strict=True)))

        best = minimize(divergence, np.zeros(3), method="Nelder-Mead", tol=1e-10).x
        np.testing.assert_allclose(ours, torch.from_numpy(best).softmax(0), atol=1e-4)

    def test_corners_are_the_experts_and_cost_one_pass(self, problem: ToyProblem) -> None:
        answer = LogitsFusion().fit(open_view(problem), generator=generator())
        oracle = problem.oracle(frozenset({"validation"}))
        scored = score(answer, oracle, "validation", np.eye(3))
        for task, found in enumerate(scored):
            expert = oracle.measure(problem.pretrained + problem.task_vectors[task], "validation")
            np.testing.assert_allclose(found.measurement.loss, expert.loss, rtol=1e-5)
            np.testing.assert_array_equal(found.measurement.value, expert.value)
            assert found.passes == 1

    def test_a_pass_is_counted_for_every_expert_that_matters(self, problem: ToyProblem) -> None:
        answer = LogitsFusion().fit(open_view(problem), generator=generator())
        assert predictor(answer, P).passes == 3
        assert predictor(answer, np.array([0.5, 0.5, 0])).passes == 2

    def test_no_single_model_is_returned(self, problem: ToyProblem) -> None:
        answer = LogitsFusion().fit(open_view(problem), generator=generator())
        with pytest.raises(Exception, match=r"must be a single model\. Found a GeometricMean of 3"):
            answer.model(P)


class TestDynamicLogitsFusion:
    def test_corners_predict_as_the_experts(self, problem: ToyProblem) -> None:
        answer = DynamicLogitsFusion().fit(open_view(problem), generator=generator())
        oracle = problem.oracle(frozenset({"validation"}))
        for task, found in enumerate(score(answer, oracle, "validation", np.eye(3))):
            expert = oracle.measure(problem.pretrained + problem.task_vectors[task], "validation")
            np.testing.assert_allclose(found.measurement.loss, expert.loss, rtol=1e-4)
            assert found.passes == 2

    def test_scale_of_every_example_equals_that_of_a_slow_implementation(
        self, problem: ToyProblem
    ) -> None:
        answer = DynamicLogitsFusion().fit(open_view(problem), generator=generator())
        head = problem.heads[1]
        features = features_and_heads(problem, answer.models(P))[1][:, :12]
        found = predictor(answer, P).logits(features, head)
        for n in range(12):
            base, *experts = (functional.linear(f[n], *head).log_softmax(0) for f in features)
            best = min(
                (self.error(base, experts, 0.1 * k), 0.1 * k) for k in range(21)
            )  # the least error, the least scale among equals
            expected = base + best[1] * self.direction(base, experts)
            torch.testing.assert_close(found[n].softmax(0), expected.softmax(0), atol=1e-5, rtol=0)

    @staticmethod
    def direction(base: Tensor, experts: list[Tensor]) -> Tensor:
        return torch.stack([float(p) * (e - base) for p, e in zip(P, experts, strict=True)]).sum(0)

    def error(self, base: Tensor, experts: list[Tensor], scale: float) -> float:
        moved = (base + scale * self.direction(base, experts)).log_softmax(0)
        here = float((moved.exp() * (moved - base)).sum())
        there = [float((e.exp() * (e - base)).sum()) for e in experts]
        return sum(float(p) * (here - t) ** 2 for p, t in zip(P, there, strict=True))


class TestReACT:
    @staticmethod
    def products(problem: ToyProblem, c: float) -> list[tuple[Tensor, Tensor]]:
        """Features Z, E of the merged model and of the expert on the full calibration split."""
        oracle = problem.oracle(frozenset({"calibration"}))
        merged = problem.pretrained + c * problem.task_vectors.sum(0)
        z = oracle.split_features(merged, "calibration")
        e = [
            oracle.split_features(problem.pretrained + v, "calibration")
            for v in problem.task_vectors
        ]
        return [(z[t].double(), e[t][t].double()) for t in range(3)]

    def test_matrix_minimises_the_weighted_errors_and_distances_to_the_procrustes_maps(
        self, problem: ToyProblem
    ) -> None:
        # 10 batches of 30 pass over 60 and 50 examples 5 and 6 times.
        algorithm = ReACT(steps=10, batch_size=30)
        answer = algorithm.fit(open_view(problem), generator=generator())
        point = predictor(answer, P)
        assert isinstance(point, Aligned)
        pairs = self.products(problem, 0.3)
        times = [300 / len(z) for z, _ in pairs]

        def orthogonal(z: Tensor, e: Tensor) -> Tensor:
            u, _, vh = torch.linalg.svd(e.T @ z)
            found: Tensor = u @ vh
            return found

        w = point.matrix.double().requires_grad_()
        objective = sum(
            p * (n * (z @ w.T - e).square().sum() + 0.1 * (w - orthogonal(z, e)).square().sum())
            for p, n, (z, e) in zip(P, times, pairs, strict=True)
        )
        assert isinstance(objective, Tensor)
        (gradient,) = torch.autograd.grad(objective, w)
        assert float(gradient.abs().max()) < 1e-2 * float(objective.detach())

    def test_features_are_unchanged_where_the_merged_model_is_the_expert(
        self, problem: ToyProblem
    ) -> None:
        equal = problem.with_equal_experts()
        algorithm = ReACT(coefficient=1 / 3, steps=4)
        point = predictor(algorithm.fit(open_view(equal), generator=generator()), P)
        assert isinstance(point, Aligned)
        torch.testing.assert_close(point.matrix, torch.eye(8), atol=1e-3, rtol=0)

    def test_features_come_nearer_to_the_experts(self, problem: ToyProblem) -> None:
        answer = ReACT().fit(open_view(problem), generator=generator())
        for task, (z, e) in enumerate(self.products(problem, 0.3)):
            point = predictor(answer, np.eye(3)[task])
            assert isinstance(point, Aligned)
            moved = z @ point.matrix.double().T
            assert float((moved - e).square().sum()) < 0.5 * float((z - e).square().sum())

    def test_logits_are_those_of_a_folded_head(self, problem: ToyProblem) -> None:
        found = AlignedMap(
            merged=Coefficients(values=torch.zeros(3)),
            grams=torch.eye(8).expand(3, -1, -1),
            crosses=torch.randn(3, 8, 8, generator=generator()),
        )(torch.from_numpy(P).float())
        features = torch.randn(1, 5, 8, generator=generator())
        expected = functional.linear(features[0] @ found.matrix.T, *problem.heads[0])
        torch.testing.assert_close(found.logits(features, problem.heads[0]), expected)
        assert found.passes == 1

    def test_storage_is_a_model_and_two_matrices_per_task(self, problem: ToyProblem) -> None:
        answer = ReACT(steps=2).fit(open_view(problem), generator=generator())
        assert isinstance(answer, MapSet)
        assert answer.storage_bytes() == problem.pretrained.nbytes + 4 * 3 * 2 * 8 * 8


@pytest.mark.parametrize("algorithm", [LogitsFusion(), DynamicLogitsFusion(), ReACT()])
def test_tasks_without_predicted_distributions_are_refused(
    algorithm: LogitsFusion | DynamicLogitsFusion | ReACT,
) -> None:
    view = open_view(ProblemSpec.parse("analytic-quadratic").load())
    with pytest.raises(NotApplicableError, match="distributions"):
        algorithm.fit(view, generator=generator())
