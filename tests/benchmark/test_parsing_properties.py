"""Properties of parsing that hold for every input, checked on generated ones."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.parameters import (
    check_parameters,
    describe_arguments,
    hyper_parameters,
    parse_parameters,
    write_value,
)
from fusefront.errors import FusefrontError, UnknownNameError
from fusefront.registry import Registry, bound

# The same examples on every machine, so that a failure in CI is a failure here.
quick = settings(max_examples=100, deadline=None, derandomize=True, database=None)

numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
# Control characters and surrogates are not valid in TOML strings, however they are escaped.
texts = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20)
scalars = st.booleans() | numbers | texts
values = scalars | st.lists(scalars, max_size=4)
keys = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


@dataclass(frozen=True, kw_only=True)
class Toy:
    """An algorithm-like class."""

    steps: int = 10
    rate: float = 0.1
    name: str = "x"
    flag: bool = False
    sweep: tuple[float, ...] = (0.1, 0.2)
    hidden: str = bound("mine")


parameters = st.fixed_dictionaries(
    {},
    optional={
        "steps": st.integers(-(2**63), 2**63 - 1),
        "rate": numbers,
        "name": texts,
        "flag": st.booleans(),
        "sweep": st.lists(numbers, max_size=4),
    },
)


@pytest.fixture(scope="module")
def toys() -> Registry[Any]:
    registry: Registry[Any] = Registry("algorithm", {})
    registry.register("toy")(Toy)
    return registry


def as_read(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


@quick
@given(st.dictionaries(keys, values, max_size=4))
def test_written_values_are_read_back(given_values: dict[str, Any]) -> None:
    text = ",".join(f"{key}={write_value(value)}" for key, value in given_values.items())
    assert parse_parameters(text, text) == given_values


@quick
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_an_error_of_ours(text: str) -> None:
    try:
        found = parse_parameters(text, text)
    except FusefrontError:
        return
    assert all(key and "-" not in key for key in found)


@quick
@given(parameters)
def test_canonical_specifications_are_parsed_back(
    toys: Registry[Any], given_values: dict[str, Any]
) -> None:
    spec = AlgorithmSpec(name="toy", parameters=given_values).canonical(toys)
    again = AlgorithmSpec.parse(spec.as_given, toys).canonical(toys)
    assert again == spec
    assert again.redundant == spec.redundant
    assert again.canonical(toys) == again
    assert AlgorithmSpec.parse(spec.full_name, toys).canonical(toys) == spec


@quick
@given(parameters)
def test_only_what_differs_from_the_defaults_is_changed(given_values: dict[str, Any]) -> None:
    converted, changed = check_parameters("toy", given_values, Toy)
    assert Toy(**converted) == Toy(**changed)
    assert all(getattr(Toy(), key) != value for key, value in changed.items())


@quick
@given(st.sampled_from([entry.name for entry in ALGORITHMS]), st.data())
def test_a_name_with_one_letter_changed_suggests_the_name(name: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(name) - 1))
    wrong = name[:position] + "q" + name[position + 1 :]
    if wrong in ALGORITHMS:
        return
    with pytest.raises(UnknownNameError, match="must be a known name") as caught:
        ALGORITHMS[wrong]
    # Shorter names have nearer neighbours than themselves: `ties` and `emr` share half of `tqes`.
    assert len(name) < 8 or "Did you mean" in str(caught.value)


@quick
@given(keys.filter(lambda key: key not in Toy.__dataclass_fields__))
def test_unknown_parameters_are_refused(toys: Registry[Any], key: str) -> None:
    with pytest.raises(UnknownNameError, match="A parameter of `toy`"):
        AlgorithmSpec(name="toy", parameters={key: 1}).canonical(toys)


def test_bound_fields_are_not_parameters(toys: Registry[Any]) -> None:
    with pytest.raises(UnknownNameError, match="Found `hidden`"):
        AlgorithmSpec(name="toy", parameters={"hidden": "x"}).canonical(toys)
    names = [parameter.name for parameter in hyper_parameters(toys["toy"])]
    assert names == ["steps", "rate", "name", "flag", "sweep"]


@pytest.mark.parametrize("name", [entry.name for entry in ALGORITHMS])
def test_hyper_parameters_are_described_and_no_description_is_copied(name: str) -> None:
    entry = ALGORITHMS[name]
    for parameter in hyper_parameters(entry):
        assert parameter.description, parameter.name
    kind: Any = entry.load()
    inherited = {k: v for base in kind.__mro__[1:] for k, v in describe_arguments(base).items()}
    own = {k: v for k, v in describe_arguments(kind).items() if f"    {k}: " in kind.__doc__}
    copied = [k for k, v in own.items() if inherited.get(k) == v]
    assert not copied, f"{kind.__name__} repeats the description of {copied}"
