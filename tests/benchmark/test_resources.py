"""Resources of runs: which rule wins, and what is refused."""

from typing import Any

import pytest

from fusefront.benchmark.study.limits import ResourceRules, Resources, parse_bytes
from fusefront.errors import ParameterError, UnknownNameError

KNOWN = ("map", "map[points=4]", "smoke-all")


def resolved(defaults: dict[str, Any], overrides: dict[str, dict[str, Any]]) -> Resources:
    """Resolve the rules for map[points=4] on smoke-all."""
    rules = ResourceRules(defaults=defaults, overrides=overrides).checked(KNOWN)
    return rules.resolve(("smoke-all", "map"), ("smoke-all", "map[points=4]"))


def test_limits_default_to_none() -> None:
    assert resolved({}, {}) == Resources(timeout_seconds=None, memory_bytes=None, retries=2)


def test_overrides_change_only_what_they_say() -> None:
    found = resolved(
        {"timeout_seconds": 60, "memory_bytes": "2 GiB", "retries": 1},
        {"map": {"timeout_seconds": 5}, "smoke-all": {"retries": 2}},
    )
    assert found == Resources(timeout_seconds=5.0, memory_bytes=2 * 2**30, retries=2)


@pytest.mark.parametrize("names", [("map", "smoke-all"), ("smoke-all", "map")])
def test_the_later_of_two_wins(names: tuple[str, str]) -> None:
    assert resolved({"retries": 9}, {names[0]: {"retries": 1}, names[1]: {"retries": 2}}) == (
        Resources(retries=2)
    )


def test_a_name_with_parameters_wins_wherever_it_stands() -> None:
    found = resolved({}, {"map[points=4]": {"retries": 1}, "map": {"retries": 2}})
    assert found.retries == 1


def test_an_override_can_lift_a_limit() -> None:
    limits = {"timeout_seconds": 60, "memory_bytes": "1 MB"}
    found = resolved(limits, {"map": {"timeout_seconds": 0, "memory_bytes": 0}})
    assert (found.timeout_seconds, found.memory_bytes) == (None, None)


def test_other_algorithms_are_not_touched() -> None:
    rules = ResourceRules(overrides={"map[points=4]": {"retries": 3}})
    assert rules.resolve(("map", "smoke-all"), ("map", "smoke-all")) == Resources()


@pytest.mark.parametrize(
    ("text", "size"),
    [(7, 7), ("2 GiB", 2**31), ("1.5KiB", 1536), ("500 MB", 500_000_000), ("3 kB", 3000)],
)
def test_memory_is_read(text: object, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["2", "2 gib", "GiB", -1, 1.5, True, "-1 GiB", None])
def test_other_memory_is_refused(text: object) -> None:
    with pytest.raises(
        ParameterError, match=r"integer number of bytes >= 0, or text with a unit, such as `2 GiB`"
    ):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("values", "error", "expected"),
    [
        ({"timeout": 5}, UnknownNameError, r"A key of `resources`.*Did you mean `timeout_seconds`"),
        ({"timeout_seconds": -1}, ParameterError, r"`resources\.timeout_seconds` must be"),
        ({"timeout_seconds": "5"}, ParameterError, r"number of seconds.*Found '5'"),
        ({"timeout_seconds": True}, ParameterError, r"number of seconds.*Found True"),
        ({"timeout_seconds": float("nan")}, ParameterError, r"number of seconds.*Found nan"),
        ({"retries": 1.0}, ParameterError, r"`resources\.retries` must be an integer"),
        ({"retries": -1}, ParameterError, r"`resources\.retries` must be an integer"),
    ],
)
def test_other_settings_are_refused(
    values: dict[str, Any], error: type[Exception], expected: str
) -> None:
    with pytest.raises(error, match=expected):
        resolved(values, {})


def test_an_override_of_what_the_study_lacks_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"`smoke-al`\. Did you mean `smoke-all`"):
        resolved({}, {"smoke-al": {"retries": 1}})


def test_a_mistake_in_an_override_is_reported_with_its_name() -> None:
    with pytest.raises(ParameterError, match=r'`resources\."map"\.retries` must be'):
        resolved({}, {"map": {"retries": "2"}})
