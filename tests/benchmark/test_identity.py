"""Run ids are stable across versions of fusefront, and change with all that changes results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.specs import problems

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.study import study as study_module
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.limits import ResourceRules
from fusefront.benchmark.study.study import RunSpec, Study, keep_ids, merge_studies
from fusefront.entry import Entry
from fusefront.errors import ParameterError, PluginError, StudyError, UnknownNameError
from fusefront.registry import Registry

HASHES = {"smoke-all": "abc", "analytic-quadratic[n_tasks=3]": "def"}
BUILT_IN = ("rewarded-soup", "task-arithmetic[sweep=[0.5]]")
PLUGIN = """\
from dataclasses import dataclass

from fusefront import ALGORITHMS, Algorithm


@ALGORITHMS.register("frozen")
@dataclass(frozen=True, kw_only=True)
class Frozen(Algorithm):
    steps: int = 3

    def fit(self, view, *, generator):
        raise NotImplementedError
"""


@dataclass(frozen=True, kw_only=True)
class Toy:
    steps: int = 10
    version: ClassVar[int] = 1


@pytest.fixture
def toys() -> Registry[Any]:
    registry: Registry[Any] = Registry("algorithm", {})
    registry.register("toy")(Toy)
    return registry


def runs(texts: tuple[str, ...], registry: Registry[Any], **changes: Any) -> list[RunSpec]:
    """The runs of these algorithms on two problems with one seed."""
    specs = tuple(AlgorithmSpec.parse(text, registry) for text in texts)
    study = Study(problems=problems(*HASHES), algorithms=specs, **{"seeds": 1} | changes)
    return study.canonical(registry).expand(registry, HASHES)


def ids(texts: tuple[str, ...], registry: Registry[Any], **changes: Any) -> list[str]:
    return [run.run_id for run in runs(texts, registry, **changes)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "ae9be3621019472c 28c894538f896b76 449d332bac4f0d69 8434d85eaa1425bf"),
        (
            {"root_seed": 7, "budget": None},
            "24fb40d9f4462fe0 0164977dca602948 8c0fd8594739d9f7 6666ca870eb87474",
        ),
        (
            {"precision": "bfloat16"},
            "b145e8336430b0f7 d9af69ddc92b06e0 a5fa9c33fe4bad95 dd32b90106c75f1c",
        ),
    ],
)
def test_ids_are_those_of_the_first_version(
    changes: Mapping[str, Any], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_module, "PROTOCOL_VERSION", 1)
    assert ids(BUILT_IN, ALGORITHMS, **changes) == expected.split()


def test_ids_are_those_of_the_second_protocol() -> None:
    expected = "dc97340a9be1a59b aae0afe7133f0cfc 90b0b250e34db033 733afbbdaa16d991"
    assert ids(BUILT_IN, ALGORITHMS) == expected.split()


def test_ids_of_a_plug_in_are_those_of_the_first_version(
    plugins: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_module, "PROTOCOL_VERSION", 1)
    path = plugins("")
    path.write_text(PLUGIN, encoding="utf-8")
    found = ids((f"{path}:Frozen[steps=4]",), ALGORITHMS)
    assert found == ["efe1354957055423", "8dc7641da4e24153"]


def test_another_version_of_an_algorithm_is_another_run(
    toys: Registry[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ids(("toy",), toys)
    monkeypatch.delattr(Toy, "version")
    assert ids(("toy",), toys) == first  # none is the first
    monkeypatch.setattr(Toy, "version", 2, raising=False)
    second = ids(("toy",), toys)
    monkeypatch.setattr(Toy, "version", 3)
    assert len({*first, *second, *ids(("toy",), toys)}) == 6


@pytest.mark.parametrize("version", [0, "2", 1.5, True])
def test_version_that_is_not_a_positive_integer_is_refused(
    toys: Registry[Any], monkeypatch: pytest.MonkeyPatch, version: object
) -> None:
    monkeypatch.setattr(Toy, "version", version)
    with pytest.raises(PluginError, match=r"`toy\.version` must be an integer >= 1"):
        ids(("toy",), toys)


def test_every_cap_is_part_of_the_id(toys: Registry[Any]) -> None:
    caps = (
        *("labelled_examples", "unlabelled_examples", "validation_evaluations"),
        *("gradient_steps", "model_builds", "wall_seconds"),
    )
    found = [ids(("toy",), toys, caps={cap: 5})[0] for cap in caps]
    found += ids(("toy",), toys)[:1] + ids(("toy",), toys, caps={"wall_seconds": 6})[:1]
    assert len(set(found)) == 8


def test_caps_have_one_spelling_and_reach_the_run(toys: Registry[Any]) -> None:
    one = runs(("toy",), toys, caps={"wall_seconds": 60, "gradient_steps": 5})
    other = runs(("toy",), toys, caps={"gradient_steps": 5, "wall_seconds": 60.0})
    assert [run.run_id for run in one] == [run.run_id for run in other]
    assert one[0].caps == {"gradient_steps": 5, "wall_seconds": 60.0}


@pytest.mark.parametrize(
    ("caps", "error", "expected"),
    [
        ({"gradient_step": 5}, UnknownNameError, r"`gradient_step`\. Did you mean `gradient_steps"),
        ({"units": 5}, UnknownNameError, r"A cap must be a known name\. Found `units`"),
        ({"gradient_steps": 0}, ParameterError, r"`caps\.gradient_steps` must be a positive int"),
        ({"gradient_steps": 1.5}, ParameterError, "positive integer. Found 1.5"),
        ({"gradient_steps": True}, ParameterError, "positive integer. Found True"),
        ({"wall_seconds": "60"}, ParameterError, "positive number. Found '60'"),
        ({"wall_seconds": float("inf")}, ParameterError, "positive number. Found inf"),
    ],
)
def test_other_caps_are_refused(
    toys: Registry[Any], caps: dict[str, Any], error: type[Exception], expected: str
) -> None:
    with pytest.raises(error, match=expected):
        ids(("toy",), toys, caps=caps)


def test_runs_under_other_caps_are_not_mixed() -> None:
    old = Study(problems=problems("smoke-all"), algorithms=(AlgorithmSpec(name="toy"),))
    with pytest.raises(StudyError, match=r"`caps` must be the same as in the existing study"):
        merge_studies(old, replace(old, caps={"gradient_steps": 5}))


def test_resources_and_display_names_are_not_part_of_the_id(toys: Registry[Any]) -> None:
    plain = Study(problems=problems(*HASHES), algorithms=(AlgorithmSpec(name="toy"),), seeds=1)
    changed = replace(
        plain,
        algorithms=(AlgorithmSpec(name="toy", label="Ours"),),
        resources=ResourceRules(defaults={"timeout_seconds": 5}),
    )
    before, after = (s.canonical(toys).expand(toys, HASHES) for s in (plain, changed))
    assert [run.run_id for run in before] == [run.run_id for run in after]
    assert {run.algorithm.display_name for run in after} == {"Ours"}
    assert {run.resources.timeout_seconds for run in after} == {5.0}


def grown(*added: str, **defaults: Any) -> Registry[Any]:
    """The algorithm `toy` after it got the hyper-parameters `warm` and `shape`."""

    @dataclass(frozen=True, kw_only=True)
    class Grown(Toy):
        warm: bool = False
        shape: tuple[int, ...] = (1, 2)

    registry: Registry[Any] = Registry("algorithm", {})
    registry.add(Entry(name="toy", target=Grown, summary="", source="", added=added, **defaults))
    return registry


def test_added_parameters_at_their_defaults_do_not_change_the_id(toys: Registry[Any]) -> None:
    before = ids(("toy[steps=3]",), toys)
    assert ids(("toy[steps=3]",), grown()) != before
    assert ids(("toy[steps=3]",), grown("warm", "shape")) == before
    assert ids(("toy[steps=3,warm=true]",), grown("warm", "shape")) != before
    entry = grown("warm", "shape", defaults={"warm": True})
    assert ids(("toy[steps=3]",), entry) == before  # the default of the entry counts
    assert ids(("toy[steps=3,warm=false]",), entry) != before


def test_runs_are_stored_with_all_parameters(toys: Registry[Any]) -> None:
    (run, *_) = runs(("toy",), grown("warm", "shape"))
    assert run.resolved == '{"shape": [1, 2], "steps": 10, "warm": false}'


def test_runs_computed_before_the_declaration_keep_their_ids() -> None:
    stored = set(ids(("toy",), grown()))
    now = runs(("toy",), grown("warm", "shape"))
    assert {run.run_id for run in keep_ids(now, stored)} == stored
    assert keep_ids(now, set()) == now
    assert keep_ids(now, stored | {run.run_id for run in now}) == now


def test_added_must_name_hyper_parameters() -> None:
    expected = r"`added` of `toy` must name its hyper-parameters\. Found cold\. It has shape, steps"
    with pytest.raises(PluginError, match=expected):
        ids(("toy",), grown("cold"))
