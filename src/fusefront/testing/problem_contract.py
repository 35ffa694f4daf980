"""The contract of problems: inherit from `ProblemContract` and define a `problem` fixture."""

import re
from typing import ClassVar

import numpy as np
import pytest
import torch

from ..metrics.nondominated import nondominated
from ..problems.base import Anchors, Batch, DistributionOracle, Oracle, Problem, Split
from ..problems.experts import ExpertPool

VISIBLE: frozenset[Split] = frozenset({"calibration", "validation"})
MEASURED: tuple[Split, ...] = ("validation", "test")


class ProblemContract:
    """Tests of one problem, on a few of its examples.

    ```python
    class TestMine(ProblemContract):
        @pytest.fixture(scope="class")
        @classmethod
        def problem(cls) -> Problem:
            return MyProblem()
    ```
    """

    examples: ClassVar[int] = 24
    """Number of examples of each task that models are measured on."""

    @pytest.fixture(scope="class")
    @classmethod
    def problem(cls) -> Problem:
        """The problem under test; override this."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def prepared(cls, problem: Problem) -> Problem:
        """The problem after its preparation."""
        problem.prepare(lambda line: None)
        return problem

    @pytest.fixture(scope="class")
    @classmethod
    def pool(cls, prepared: Problem) -> ExpertPool:
        """Its experts."""
        return prepared.pool()

    @pytest.fixture(scope="class")
    @classmethod
    def oracle(cls, prepared: Problem) -> Oracle:
        """Its oracle of the splits that a fit sees."""
        return prepared.oracle(VISIBLE)

    @pytest.fixture
    def batch(self, oracle: Oracle) -> Batch:
        """Three calibration examples of each task."""
        rows = [torch.arange(3)] * len(oracle.length("calibration"))
        return oracle.batch("calibration", rows, labelled=True)

    def test_preflight_passes_after_preparation(self, prepared: Problem) -> None:
        findings = list(prepared.preflight())
        assert findings
        assert all(ok for _, ok, _ in findings), findings

    def test_tasks_are_two_or_more_different_names(self, problem: Problem) -> None:
        assert len(problem.tasks) >= 2
        assert len(set(problem.tasks)) == len(problem.tasks)
        assert all(name and name.isprintable() for name in problem.tasks)

    def test_hash_is_hex_and_repeatable(self, prepared: Problem) -> None:
        assert re.fullmatch(r"[0-9a-f]{8,64}", prepared.hash())
        assert prepared.hash() == prepared.hash()

    def test_pool_has_one_expert_per_task_and_finite_weights(
        self, problem: Problem, pool: ExpertPool
    ) -> None:
        assert pool.names == problem.tasks
        assert pool.pretrained.dtype == pool.task_vectors.dtype == torch.float32
        assert torch.isfinite(pool.pretrained).all()
        assert torch.isfinite(pool.task_vectors).all()
        assert (pool.task_vectors != 0).any(dim=1).all(), (
            "An expert must differ from the pretrained model."
        )

    @pytest.mark.parametrize("split", MEASURED)
    def test_anchors_have_their_shapes_and_experts_beat_the_pretrained_model(
        self, prepared: Problem, split: Split
    ) -> None:
        anchors, m = prepared.anchors(split), len(prepared.tasks)
        assert anchors.pretrained.shape == anchors.n.shape == (m,)
        assert anchors.experts.shape == anchors.experts_loss.shape == (m, m)
        np.testing.assert_allclose(anchors.objectives(anchors.expert), 0)
        np.testing.assert_allclose(anchors.objectives(anchors.pretrained), 1)
        gain = anchors.expert - anchors.pretrained
        assert (gain > 0 if anchors.quantity == "accuracy" else gain < 0).all()

    def test_every_task_has_sufficient_resolution(self, prepared: Problem) -> None:
        assert (prepared.anchors("test").resolution >= 10).all(), prepared.anchors("test")

    @pytest.mark.parametrize("split", MEASURED)
    def test_anchors_are_what_the_models_measure(
        self, prepared: Problem, pool: ExpertPool, split: Split
    ) -> None:
        anchors, oracle = prepared.anchors(split), prepared.oracle(frozenset({split}))
        assert_measured(anchors, oracle, pool, split)

    def test_an_oracle_has_only_the_requested_splits(self, prepared: Problem) -> None:
        for split in VISIBLE:
            with pytest.raises((KeyError, LookupError)):
                prepared.oracle(frozenset({"test"})).length(split)
        with pytest.raises((KeyError, LookupError)):
            prepared.oracle(VISIBLE).length("test")

    def test_batch_is_split_by_task_and_repeatable(self, oracle: Oracle) -> None:
        rows = [torch.tensor([2, 0])] * len(oracle.length("calibration"))
        first = oracle.batch("calibration", rows, labelled=True)
        second = oracle.batch("calibration", rows, labelled=True)
        assert torch.equal(first.inputs, second.inputs)
        assert [s.stop - s.start for s in first.segments] == [2] * len(rows)
        assert first.labels is not None
        assert len(first) == 2 * len(rows)

    def test_an_unlabelled_batch_has_no_labels(self, oracle: Oracle) -> None:
        rows = [torch.arange(2)] * len(oracle.length("calibration"))
        assert oracle.batch("calibration", rows, labelled=False).labels is None

    def test_losses_are_finite_and_depend_on_the_parameters(
        self, oracle: Oracle, pool: ExpertPool, batch: Batch
    ) -> None:
        params = pool.pretrained.clone().requires_grad_()
        losses = oracle.losses(params, batch)
        assert losses.shape == (len(pool),)
        assert torch.isfinite(losses).all()
        for loss in losses:
            (gradient,) = torch.autograd.grad(loss, params, retain_graph=True)
            assert torch.isfinite(gradient).all()
            assert (gradient != 0).any()

    def test_gradient_is_the_slope_of_the_loss(
        self, oracle: Oracle, pool: ExpertPool, batch: Batch
    ) -> None:
        params = (pool.pretrained + 0.5 * pool.task_vectors.mean(0)).requires_grad_()
        oracle.losses(params, batch).sum().backward()  # type: ignore[no-untyped-call]
        assert params.grad is not None
        direction = pool.task_vectors[0]
        step = 2e-3
        with torch.no_grad():
            ahead = oracle.losses(params + step * direction, batch).sum().double()
            behind = oracle.losses(params - step * direction, batch).sum().double()
        slope = float((ahead - behind) / (2 * step))
        computed = float(params.grad.double() @ direction.double())
        assert computed == pytest.approx(slope, rel=0.1, abs=2e-3 * (1 + abs(slope)))

    def test_entropies_are_within_their_range_or_do_not_apply(
        self, oracle: Oracle, pool: ExpertPool, batch: Batch
    ) -> None:
        if not isinstance(oracle, DistributionOracle):
            pytest.skip("the tasks have only losses")
        found = oracle.entropies(pool.pretrained, batch)
        assert found.shape == (len(pool),)
        assert (found >= 0).all()

    def test_measuring_is_repeatable_and_leaves_the_model_unchanged(
        self, oracle: Oracle, pool: ExpertPool
    ) -> None:
        params = pool.pretrained + pool.task_vectors[0]
        before = params.clone()
        first = oracle.measure(params, "validation", self.examples)
        oracle.measure(pool.pretrained, "validation", self.examples)
        second = oracle.measure(params, "validation", self.examples)
        assert torch.equal(params, before)
        np.testing.assert_array_equal(first.loss, second.loss)
        np.testing.assert_array_equal(first.value, second.value)

    def test_outcomes_average_to_the_value(
        self, prepared: Problem, oracle: Oracle, pool: ExpertPool
    ) -> None:
        found = oracle.measure(pool.pretrained, "validation", self.examples)
        if prepared.anchors("validation").quantity == "loss":
            np.testing.assert_array_equal(found.value, found.loss)
            return
        assert [len(o) for o in found.outcomes] == found.n.tolist()
        np.testing.assert_allclose(found.value, [o.mean() for o in found.outcomes])

    def test_forwards_count_no_more_than_every_example_of_every_task(self, oracle: Oracle) -> None:
        lengths = oracle.length("validation")
        assert max(lengths) <= oracle.forwards("validation") <= sum(lengths)
        few = min(5, *lengths)
        assert few <= oracle.forwards("validation", few) <= few * len(lengths)

    def test_calibration_and_validation_share_no_example_with_test(self, prepared: Problem) -> None:
        seen, hidden = prepared.oracle(VISIBLE), prepared.oracle(frozenset({"test"}))
        if prepared.anchors("test").quantity == "loss":
            pytest.skip("the test is exact and has no examples")
        test = _rows(hidden, "test")
        assert not _rows(seen, "calibration") & test
        assert not _rows(seen, "validation") & test

    def test_a_known_front_is_nondominated_and_no_merge_is_beyond_it(
        self, prepared: Problem, pool: ExpertPool
    ) -> None:
        front = prepared.true_front()
        if front is None:
            pytest.skip("the true front is not known")
        assert front.shape[1] == len(pool)
        assert np.isfinite(front).all()
        assert nondominated(front).all()
        anchors, oracle = prepared.anchors("test"), prepared.oracle(frozenset({"test"}))
        generator = torch.Generator().manual_seed(0)
        for draw in torch.rand(64, len(pool), generator=generator) * 1.2:
            merged = pool.pretrained + draw @ pool.task_vectors
            g = anchors.objectives(oracle.measure(merged, "test").value)
            assert (front - g).min(axis=1).max() <= 1e-5, (draw, g)  # float32 merges


def assert_measured(anchors: Anchors, oracle: Oracle, pool: ExpertPool, split: Split) -> None:
    """Assert that anchors are the values of the models, up to the rounding of one example."""
    room = 1e-5 if anchors.quantity == "loss" else 1.01 / anchors.n
    models = [pool.pretrained, *(pool.pretrained + vector for vector in pool.task_vectors)]
    stated = np.vstack([anchors.pretrained, anchors.experts])
    for params, values in zip(models, stated, strict=True):
        assert (np.abs(oracle.measure(params, split).value - values) <= room).all()
    if anchors.average is not None:
        average = pool.pretrained + pool.task_vectors.mean(0)
        assert (np.abs(oracle.measure(average, split).value - anchors.average) <= room).all()


def _rows(oracle: Oracle, split: Split) -> set[bytes]:
    """Return the inputs of a split as bytes."""
    rows = [torch.arange(n) for n in oracle.length(split)]
    inputs = oracle.batch(split, rows, labelled=False).inputs.flatten(1)
    return {row.tobytes() for row in inputs.numpy()}
