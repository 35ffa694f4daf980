"""Studies: how algorithms are written, and what makes two runs the same run."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.specs import problems

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.study import Study, merge_studies
from fusefront.errors import ParameterError, PluginError, StudyError, UnknownNameError
from fusefront.registry import Registry

HASHES = {"smoke-left-right": "abc", "smoke-all": "def"}


@dataclass(frozen=True, kw_only=True)
class Toy:
    """Fields of every type."""

    steps: int = 10
    rate: float = 0.5
    loss: str = "ls"
    sweep: tuple[float, ...] = (0.1, 0.2)
    soft: bool = False
    cap: int | None = None


@dataclass(frozen=True, kw_only=True)
class Needy:
    """A field without a default."""

    steps: int


@dataclass(frozen=True, kw_only=True)
class Odd:
    """A field that does not fit into JSON."""

    kind: object = object


@pytest.fixture
def toys() -> Registry[Any]:
    registry: Registry[Any] = Registry("algorithm", {})
    registry.register("toy")(Toy)
    registry.register("needy")(Needy)
    registry.register("odd")(Odd)
    registry.register("no-class")(lambda: None)
    return registry


def canonical(text: str, registry: Registry[Any]) -> AlgorithmSpec:
    return AlgorithmSpec.parse(text, registry).canonical(registry)


def run_id(text: str = "toy", registry: Registry[Any] | None = None, **changes: Any) -> str:
    """Id of the last run of a study of one algorithm."""
    registry = registry or ALGORITHMS
    hashes = changes.pop("hashes", HASHES)
    study = Study(
        problems=problems("smoke-left-right"),
        algorithms=(AlgorithmSpec.parse(text, registry),),
        **{"seeds": 1} | changes,
    )
    return study.canonical(registry).expand(registry, hashes)[-1].run_id


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("toy", {}),
        (" toy ", {}),
        ("toy[]", {}),
        ("toy[steps=3]", {"steps": 3}),
        ("toy [ steps = 3 , rate = 1e-3 ]", {"steps": 3, "rate": 1e-3}),
        ("toy[rate=2]", {"rate": 2.0}),
        ("toy[loss=epo]", {"loss": "epo"}),
        ('toy[loss="a,b]=c"]', {"loss": "a,b]=c"}),
        ("toy[sweep=[1, 2.5],soft=true]", {"sweep": (1.0, 2.5), "soft": True}),
        ("toy[cap=7]", {"cap": 7}),
    ],
)
def test_parameters_are_read_as_the_fields_hold_them(
    toys: Registry[Any], text: str, parameters: dict[str, Any]
) -> None:
    spec = canonical(text, toys)
    assert spec.parameters == parameters
    assert [type(v) for v in spec.parameters.values()] == [type(v) for v in parameters.values()]
    assert spec.load(toys) == Toy(**parameters)


@pytest.mark.parametrize(
    "text", ["toy", "toy[rate=1e-05]", 'toy[loss="a,b]=c",sweep=[1, 2]]', 'toy[loss="é"]']
)
def test_display_name_is_read_back_as_the_same(toys: Registry[Any], text: str) -> None:
    spec = canonical(text, toys)
    assert canonical(spec.display_name, toys) == spec


def test_display_name_does_not_depend_on_the_order_of_parameters(toys: Registry[Any]) -> None:
    names = {
        canonical(t, toys).display_name for t in ("toy[rate=1,steps=2]", "toy[steps=2,rate=1]")
    }
    assert names == {"toy[rate=1.0,steps=2]"}


def test_unknown_parameter_offers_the_nearest(toys: Registry[Any]) -> None:
    with pytest.raises(
        UnknownNameError, match=r"parameter of `toy`.*`stps`\. Did you mean `steps`"
    ):
        canonical("toy[stps=3]", toys)


def test_unknown_algorithm_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"`pwmoe-ls`\. Did you mean `pwemoe-ls`"):
        AlgorithmSpec.parse("pwmoe-ls[steps=3]", ALGORITHMS)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("steps=1.5", "int. Found 1.5 of type float"),
        ("steps=true", "int. Found True of type bool"),
        ("steps=many", "int. Found 'many' of type str"),
        ("rate=fast", "float. Found 'fast'"),
        ("rate=true", "float. Found True"),
        ("loss=3", "str. Found 3"),
        ("soft=1", "bool. Found 1"),
        ("sweep=1", "list. Found 1"),
        ('sweep=[1, "x"]', "float. Found 'x'"),
    ],
)
def test_value_of_another_type_is_refused(toys: Registry[Any], inside: str, expected: str) -> None:
    with pytest.raises(ParameterError, match=rf"`toy\[\w+\]` must be of type {expected}"):
        canonical(f"toy[{inside}]", toys)


@pytest.mark.parametrize(
    "text", ["toy[3]", "toy[=3]", "toy[steps=]", "toy[steps=1,steps=2]", "toy[steps=1", "", "[a=1]"]
)
def test_text_that_cannot_be_read_is_refused(toys: Registry[Any], text: str) -> None:
    with pytest.raises(ParameterError, match="must be"):
        AlgorithmSpec.parse(text, toys)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("needy", "can be called with {}. Found TypeError"),
        ("odd", "must fit into JSON"),
        ("no-class", "must be a frozen keyword-only dataclass"),
    ],
)
def test_plug_in_that_does_not_keep_the_contract_is_refused(
    toys: Registry[Any], name: str, expected: str
) -> None:
    with pytest.raises(PluginError, match=expected):
        canonical(name, toys)


def test_run_id_is_the_same_in_every_version(
    toys: Registry[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fusefront.benchmark.study.study.PROTOCOL_VERSION", 1)
    assert run_id("toy[steps=3]", toys) == "ee4eec775bad8d29"


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "toy[steps=3]"},
        {"hashes": HASHES | {"smoke-left-right": "other"}},
        {"root_seed": 1},
        {"seeds": 2},
        {"budget": 5},
        {"budget": None},
    ],
)
def test_run_id_changes_with_all_that_changes_results(
    toys: Registry[Any], changes: dict[str, Any]
) -> None:
    arguments: dict[str, Any] = {"text": "toy", "registry": toys}
    assert run_id(**(arguments | changes)) != run_id("toy", toys)


def test_run_id_changes_with_the_content_of_a_plug_in(plugins: Callable[[str], Path]) -> None:
    body = """
@ALGORITHMS.register("mine")
@dataclass(frozen=True, kw_only=True)
class Mine(Algorithm):
    def fit(self, view, *, generator):
        return zeros(view)
"""
    path = plugins(body)
    before = run_id(f"{path}:Mine")
    assert run_id(f"{path}:Mine") == before
    plugins(body + "# changed\n")
    assert run_id(f"{path}:Mine") != before


def test_plug_in_known_already_may_be_called_by_its_name(plugins: Callable[[str], Path]) -> None:
    path = plugins(
        """
@ALGORITHMS.register("mine")
@dataclass(frozen=True, kw_only=True)
class Mine(Algorithm):
    steps: int = 1

    def fit(self, view, *, generator):
        return zeros(view)
"""
    )
    first = canonical(f"{path}:Mine[steps=2]", ALGORITHMS)
    assert canonical("mine[steps=2]", ALGORITHMS) == first
    assert (first.file, first.attribute) == (path, "Mine")


@pytest.mark.parametrize(
    "text", ["toy[steps=10]", "toy[rate=0.5,soft=false]", "toy[sweep=[0.1,0.2]]"]
)
def test_default_spelled_out_is_the_default(toys: Registry[Any], text: str) -> None:
    assert canonical(text, toys) == canonical("toy", toys)
    assert run_id(text, toys) == run_id("toy", toys)


def test_integer_for_a_float_is_the_same_run(toys: Registry[Any]) -> None:
    assert run_id("toy[rate=1]", toys) == run_id("toy[rate=1.0]", toys)


def test_study_names_nothing_twice(toys: Registry[Any]) -> None:
    texts = ("toy[steps=3]", "toy", "toy[steps=10]", "toy[steps=3,rate=0.5]")
    study = Study(
        problems=problems("smoke-left-right", "smoke_left_right", "smoke-all"),
        algorithms=tuple(AlgorithmSpec.parse(text, toys) for text in texts),
        seeds=1,
    ).canonical(toys)
    assert [spec.name for spec in study.problems] == ["smoke-left-right", "smoke-all"]
    assert [spec.display_name for spec in study.algorithms] == ["toy[steps=3]", "toy"]
    assert len({run.run_id for run in study.expand(toys, HASHES)}) == 4


def test_order_changes_no_run_id(toys: Registry[Any]) -> None:
    specs = tuple(AlgorithmSpec.parse(text, toys) for text in ("toy", "toy[steps=3]"))
    study = Study(problems=problems("smoke-left-right", "smoke-all"), algorithms=specs, seeds=2)
    turned = replace(study, problems=study.problems[::-1], algorithms=specs[::-1])
    ids = [run.run_id for run in study.expand(toys, HASHES)]
    other = [run.run_id for run in turned.expand(toys, HASHES)]
    assert ids != other
    assert sorted(ids) == sorted(other)
    assert len(set(ids)) == 8


def test_every_algorithm_runs_once_before_any_runs_twice(toys: Registry[Any]) -> None:
    study = Study(
        problems=problems("smoke-left-right"),
        algorithms=tuple(AlgorithmSpec.parse(t, toys) for t in ("toy", "toy[steps=3]")),
        seeds=2,
    )
    assert [run.seed for run in study.expand(toys, HASHES)] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"seeds": 0}, "at least one problem, one algorithm and one seed. Found 1, 1 and 0"),
        ({"problems": ()}, "Found 0, 1 and 3"),
        ({"algorithms": ()}, "Found 1, 0 and 3"),
        ({"root_seed": -1}, "`root_seed` must be"),
        ({"budget": 0}, "`budget` must be"),
    ],
)
def test_study_that_cannot_run_is_refused(
    toys: Registry[Any], changes: dict[str, Any], expected: str
) -> None:
    spec = AlgorithmSpec(name="toy")
    study = Study(problems=problems("smoke-all"), algorithms=(spec,))
    with pytest.raises(StudyError, match=expected):
        replace(study, **changes).canonical(toys)


def test_unknown_problem_offers_the_nearest(toys: Registry[Any]) -> None:
    with pytest.raises(UnknownNameError, match=r"Did you mean `smoke-left-right`"):
        Study.of(problems=["smoke-lft-right"], algorithms=["toy"], registry=toys)


def test_merged_studies_hold_both(toys: Registry[Any]) -> None:
    old = Study(problems=problems("smoke-all"), algorithms=(AlgorithmSpec(name="toy"),), seeds=3)
    new = Study(
        problems=problems("smoke-all", "smoke-left-right"),
        algorithms=(AlgorithmSpec(name="map"),),
        seeds=1,
    )
    both = merge_studies(old, new)
    assert [spec.name for spec in both.problems] == ["smoke-all", "smoke-left-right"]
    assert [spec.name for spec in both.algorithms] == ["toy", "map"]
    assert both.seeds == 3


@pytest.mark.parametrize("changes", [{"root_seed": 1}, {"budget": 1}])
def test_studies_that_cannot_be_compared_are_not_merged(changes: dict[str, Any]) -> None:
    old = Study(problems=problems("smoke-all"), algorithms=(AlgorithmSpec(name="toy"),))
    with pytest.raises(StudyError, match=r"must be the same as in the existing study.*Use another"):
        merge_studies(old, replace(old, **changes))


def test_precision_is_part_of_the_identity_and_float32_is_what_it_always_was(
    toys: Registry[Any],
) -> None:
    study = Study(problems=problems("smoke-all"), algorithms=(AlgorithmSpec(name="toy"),), seeds=1)
    plain, half = (
        replace(study, precision=precision).expand(toys, HASHES)[0]
        for precision in ("float32", "bfloat16")
    )
    assert plain.run_id == study.expand(toys, HASHES)[0].run_id != half.run_id
    assert (plain.precision, half.precision) == ("float32", "bfloat16")
    with pytest.raises(StudyError, match=r"float32 or bfloat16.*float16"):
        replace(study, precision="float16").canonical(toys)  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="precision"):
        merge_studies(study, replace(study, precision="bfloat16"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pwemoe-ls[routed=mlps]", r'one of "mlp", "attention", "all", "tensors". Found "mlps"'),
        ("pwemoe-ls[layers=3]", r"one of 0, 1, 2. Found 3"),
    ],
)
def test_a_value_that_is_none_of_the_choices_is_refused(text: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        AlgorithmSpec.parse(text, ALGORITHMS).canonical(ALGORITHMS)
