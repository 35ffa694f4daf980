import importlib
import inspect
import pkgutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from fusefront import algorithms, errors
from fusefront.algorithms.pareto_set import (
    ConstantSet,
    FiniteSet,
    MapSet,
    ParetoSet,
    PerTask,
    Point,
    PreferenceMap,
)
from fusefront.algorithms.pareto_set_files import (
    load_answer,
    load_pareto_set,
    save_answer,
    save_pareto_set,
)
from fusefront.algorithms.storable import NAMES, STORABLE
from fusefront.algorithms.training.decoder import ConstantCoefficients, Decoder, TrainedMap
from fusefront.errors import ParetoSetFileError
from fusefront.problems.experts import Coefficients, ExpertPool
from fusefront.problems.predictor import Predictor
from fusefront.testing.toy_problem import toy_problem

SAMPLES = Path(__file__).parent / "samples"


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaled(PreferenceMap):
    experts: ExpertPool
    scales: Tensor
    power: float = 1.0

    def __call__(self, preference: Tensor) -> Point:
        return Coefficients(values=self.scales * preference**self.power)


def pool() -> ExpertPool:
    return toy_problem(2).pool()


def pareto_sets() -> list[ParetoSet]:
    experts = pool()
    half = experts.altered(experts.task_vectors / 2)
    coefficients = Coefficients(values=torch.tensor([0.2, 0.7]))
    weights = experts.pretrained + 1
    trained = TrainedMap(
        decoder=ConstantCoefficients(), experts=experts, parameters=(torch.tensor([0.1, 0.2]),)
    )
    return [
        ConstantSet(experts=experts, constant=coefficients, trainable_parameters=2),
        ConstantSet(experts=experts, constant=weights),
        ConstantSet(experts=half, constant=coefficients),
        ConstantSet(experts=experts, constant=PerTask(points=(coefficients, weights))),
        FiniteSet(
            experts=experts, points=[coefficients, weights], objectives=np.array([[0, 1], [1, 0.0]])
        ),
        MapSet(experts=experts, function=trained, state_bytes=8),
        MapSet(experts=half, function=Scaled(experts=half, scales=torch.ones(2), power=2.0)),
    ]


@pytest.mark.parametrize("index", range(7))
def test_pareto_sets_are_read_back_unchanged(index: int, tmp_path: Path) -> None:
    pareto_set = pareto_sets()[index]
    save_pareto_set(pareto_set, tmp_path / "set.safetensors")
    found = load_pareto_set(tmp_path / "set.safetensors", pool())
    assert type(found) is type(pareto_set)
    assert found.storage_bytes() == pareto_set.storage_bytes()
    assert found.trainable_parameters == pareto_set.trainable_parameters
    assert found.experts.original == pareto_set.experts.original
    for p in ([1.0, 0.0], [0.3, 0.7]):
        for a, b in zip(pareto_set.models(p), found.models(p), strict=True):
            assert torch.equal(a, b)


def test_coefficients_and_trained_maps_take_few_bytes(tmp_path: Path) -> None:
    for index in (0, 5):
        save_pareto_set(pareto_sets()[index], tmp_path / "set.safetensors")
        assert (tmp_path / "set.safetensors").stat().st_size < 2_000


def test_closures_cannot_be_stored(tmp_path: Path) -> None:
    pareto_set = MapSet(experts=pool(), function=lambda p: Coefficients(values=p))
    with pytest.raises(ParetoSetFileError, match=r"`PreferenceMap`.*function"):
        save_pareto_set(pareto_set, tmp_path / "set.safetensors")
    assert not list(tmp_path.iterdir())


def test_other_experts_are_refused(tmp_path: Path) -> None:
    save_pareto_set(pareto_sets()[0], tmp_path / "set.safetensors")
    here = pool()
    other = ExpertPool(
        pretrained=here.pretrained,
        task_vectors=here.task_vectors + 1e-3,
        layout=here.layout,
        names=here.names,
    )
    with pytest.raises(ParetoSetFileError, match="experts it was made of"):
        load_pareto_set(tmp_path / "set.safetensors", other)


def test_other_files_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"
    with pytest.raises(ParetoSetFileError, match=r"some\.safetensors"):
        load_pareto_set(path, pool())
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ParetoSetFileError, match=r"some\.safetensors"):
        load_pareto_set(path, pool())
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(ParetoSetFileError, match="Found none"):
        load_pareto_set(path, pool())


@pytest.mark.parametrize(
    "name", ["os:system", "this:s", "fusefront.problems.view:ProblemView", "NoSuchClass"]
)
def test_only_storable_classes_are_ever_called(name: str, tmp_path: Path) -> None:
    path = tmp_path / "set.safetensors"
    save_pareto_set(pareto_sets()[0], path)
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        metadata = dict(file.metadata())
    assert '"ConstantSet"' in metadata["description"]
    metadata["description"] = metadata["description"].replace("ConstantSet", name)
    save_file(tensors, path, metadata)
    with pytest.raises(ParetoSetFileError, match=r"Pareto set|needs the class"):
        load_pareto_set(path, pool())


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pareto sets that version 0.1.0 wrote for the toy problem of two tasks."""
    path = tmp_path_factory.mktemp("samples")
    with zipfile.ZipFile(SAMPLES / "pareto-sets-format-1.zip") as archive:
        archive.extractall(path)
    return path


NAMES_IN_SAMPLES = [
    name.removesuffix(".safetensors")
    for name in zipfile.ZipFile(SAMPLES / "pareto-sets-format-1.zip").namelist()
    if name not in {"pool.safetensors", "expected.safetensors"}
]


@pytest.mark.parametrize("name", NAMES_IN_SAMPLES)
def test_files_of_format_1_give_the_models_they_gave(
    name: str, samples: Path, tmp_path: Path
) -> None:
    """The pool comes with the samples, because training rounds differently between machines."""
    stored, here = load_file(samples / "pool.safetensors"), pool()
    experts = ExpertPool(
        pretrained=stored["pretrained"],
        task_vectors=stored["task_vectors"],
        layout=here.layout,
        names=here.names,
    )
    expected = load_file(samples / "expected.safetensors")
    found = load_pareto_set(samples / f"{name}.safetensors", experts)
    save_pareto_set(found, tmp_path / "again.safetensors")
    again = load_pareto_set(tmp_path / "again.safetensors", experts)
    for pareto_set in (found, again):
        for i, preference in enumerate(([1.0, 0.0], [0.3, 0.7])):
            for j, model in enumerate(pareto_set.models(preference)):
                waves = torch.cos(torch.arange(len(model), dtype=torch.float64))
                sums = torch.stack([model.double().sum(), model.double() @ waves])
                torch.testing.assert_close(sums, expected[f"{name}/{i}/{j}"], rtol=0, atol=1e-4)


def test_every_storable_class_of_fusefront_has_a_name() -> None:
    for module in pkgutil.walk_packages(algorithms.__path__, f"{algorithms.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and value.__module__ == module.name:
                path = f"{module.name}:{value.__name__}"
                storable = issubclass(
                    value, (ParetoSet, PerTask, PreferenceMap, Predictor, Decoder)
                )
                assert path in NAMES or not storable or inspect.isabstract(value), path
    assert len(NAMES) == len(STORABLE)
    for name, path in STORABLE.items():
        owner, _, attribute = path.partition(":")
        assert getattr(importlib.import_module(owner), attribute).__name__ == name


def test_old_names_warn_and_work(tmp_path: Path) -> None:
    point = Coefficients(values=torch.tensor([0.2, 0.7]))
    with pytest.warns(DeprecationWarning, match=r"ConstantSet\.answer.*`constant`"):
        old = ConstantSet(experts=pool(), answer=point)
    with pytest.warns(DeprecationWarning, match=r"ConstantSet\.answer.*`constant`"):
        assert old.answer is point  # type: ignore[attr-defined] # an InitVar to mypy
    assert old.constant is point
    with pytest.raises(TypeError, match="must be given a point"):
        ConstantSet(experts=pool())
    with pytest.warns(DeprecationWarning, match="save_pareto_set"):
        save_answer(old, tmp_path / "set.safetensors")
    with pytest.warns(DeprecationWarning, match="load_pareto_set"):
        assert load_answer(tmp_path / "set.safetensors", pool()).output == "constant"


def test_the_former_name_of_the_error_is_deprecated() -> None:
    with pytest.warns(DeprecationWarning, match="`ParetoSetFileError`"):
        assert errors.AnswerFileError is ParetoSetFileError
