from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from fusefront.algorithms.answer_files import load_answer, save_answer
from fusefront.algorithms.pareto_set import (
    ConstantSet,
    FiniteSet,
    MapSet,
    ParetoSet,
    PerTask,
    Point,
    Recipe,
)
from fusefront.algorithms.training.decoder import ConstantCoefficients, TrainedMap
from fusefront.errors import AnswerFileError
from fusefront.problems.experts import Coefficients, ExpertPool
from fusefront.testing.toy_problem import toy_problem


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaled(Recipe):
    experts: ExpertPool
    scales: Tensor
    power: float = 1.0

    def __call__(self, preference: Tensor) -> Point:
        return Coefficients(values=self.scales * preference**self.power)


def pool() -> ExpertPool:
    return toy_problem(2).pool()


def answers() -> list[ParetoSet]:
    experts = pool()
    half = experts.altered(experts.task_vectors / 2)
    coefficients = Coefficients(values=torch.tensor([0.2, 0.7]))
    weights = experts.pretrained + 1
    trained = TrainedMap(
        decoder=ConstantCoefficients(), experts=experts, parameters=(torch.tensor([0.1, 0.2]),)
    )
    return [
        ConstantSet(experts=experts, answer=coefficients, trainable_parameters=2),
        ConstantSet(experts=experts, answer=weights),
        ConstantSet(experts=half, answer=coefficients),
        ConstantSet(experts=experts, answer=PerTask(points=(coefficients, weights))),
        FiniteSet(
            experts=experts, points=[coefficients, weights], objectives=np.array([[0, 1], [1, 0.0]])
        ),
        MapSet(experts=experts, function=trained, state_bytes=8),
        MapSet(experts=half, function=Scaled(experts=half, scales=torch.ones(2), power=2.0)),
    ]


@pytest.mark.parametrize("index", range(7))
def test_answers_come_back_as_they_were(index: int, tmp_path: Path) -> None:
    answer = answers()[index]
    save_answer(answer, tmp_path / "answer.safetensors")
    found = load_answer(tmp_path / "answer.safetensors", pool())
    assert type(found) is type(answer)
    assert found.storage_bytes() == answer.storage_bytes()
    assert found.trainable_parameters == answer.trainable_parameters
    assert found.experts.original == answer.experts.original
    for p in ([1.0, 0.0], [0.3, 0.7]):
        for a, b in zip(answer.models(p), found.models(p), strict=True):
            assert torch.equal(a, b)


def test_coefficients_and_trained_maps_take_few_bytes(tmp_path: Path) -> None:
    for index in (0, 5):
        save_answer(answers()[index], tmp_path / "answer.safetensors")
        assert (tmp_path / "answer.safetensors").stat().st_size < 2_000


def test_closures_cannot_be_stored(tmp_path: Path) -> None:
    answer = MapSet(experts=pool(), function=lambda p: Coefficients(values=p))
    with pytest.raises(AnswerFileError, match=r"`Recipe`.*function"):
        save_answer(answer, tmp_path / "answer.safetensors")
    assert not list(tmp_path.iterdir())


def test_other_experts_are_refused(tmp_path: Path) -> None:
    save_answer(answers()[0], tmp_path / "answer.safetensors")
    here = pool()
    other = ExpertPool(
        pretrained=here.pretrained,
        task_vectors=here.task_vectors + 1e-3,
        layout=here.layout,
        names=here.names,
    )
    with pytest.raises(AnswerFileError, match="experts it was made of"):
        load_answer(tmp_path / "answer.safetensors", other)


def test_files_that_are_no_answers_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"
    with pytest.raises(AnswerFileError, match=r"some\.safetensors"):
        load_answer(path, pool())
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(AnswerFileError, match=r"some\.safetensors"):
        load_answer(path, pool())
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(AnswerFileError, match="Found none"):
        load_answer(path, pool())


@pytest.mark.parametrize("target", ["os:system", "this:s", "fusefront.problems.view:ProblemView"])
def test_only_classes_of_answers_are_ever_made(target: str, tmp_path: Path) -> None:
    path = tmp_path / "answer.safetensors"
    save_answer(answers()[0], path)
    data = path.read_bytes()
    assert load_answer(path, pool())
    old = b"fusefront.algorithms.pareto_set:ConstantSet"
    assert old in data
    path.write_bytes(data.replace(old, target.encode().ljust(len(old), b" ")))
    with pytest.raises(AnswerFileError):
        load_answer(path, pool())
