"""Ranges: which value belongs to a position, on which scale, and which ranges are refused."""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pytest

from fusefront.domains import Count, Fraction, PositiveFloat, domains
from fusefront.errors import ParameterError
from fusefront.ranges import Choices, LinearRange, LogRange


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Fields with a range, and one without."""

    rate: Annotated[PositiveFloat, LogRange(low=1e-4, high=1e-2)] = 1e-3
    keep: Annotated[Fraction, LinearRange(low=0.1, high=0.9)] = 0.2
    width: Annotated[Count, Choices(values=(32, 64))] = 64
    free: PositiveFloat = 1.0


def test_fields_have_the_range_that_they_declare() -> None:
    known = domains(Fields)
    assert known["rate"].range == LogRange(low=1e-4, high=1e-2)
    assert known["width"].range == Choices(values=(32, 64))
    assert known["free"].range is None


def test_a_range_leaves_the_domain_as_it_is() -> None:
    known = domains(Fields)
    assert str(known["keep"]) == "in [0, 1]"
    assert 1.0 in known["keep"]
    assert 1.1 not in known["keep"]
    assert known["keep"].limits == (0.0, 1.0)


def test_equal_steps_are_equal_ratios_on_a_log_scale() -> None:
    values = [LogRange(low=1e-4, high=1e-1).at(k / 3, like=0.1) for k in range(4)]
    assert values == [1e-4, 1e-3, 1e-2, 1e-1]


def test_values_have_three_digits_and_the_type_of_the_default() -> None:
    assert LinearRange(low=0, high=1).at(0.123456, like=0.5) == 0.123
    whole = LogRange(low=30, high=1000).at(0.5, like=300)
    assert whole == 173
    assert type(whole) is int


def test_choices_divide_the_positions_evenly() -> None:
    choices = Choices(values=("a", "b", "c"))
    found = [choices.at(place, like="a") for place in np.arange(300) / 300]
    assert [found.count(value) for value in "abc"] == [100, 100, 100]
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (LinearRange(low=0.0, high=0.5), "from 0 to 0.5"),
        (LogRange(low=1e-5, high=1e-3), "from 1e-05 to 0.001, log scale"),
        (Choices(values=(4, 8)), "among 4, 8"),
    ],
)
def test_ranges_describe_themselves(one: Any, text: str) -> None:
    assert str(one) == text


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (LinearRange, {"low": 1, "high": 1}, "`low` of a range must be below `high`. Found 1 and"),
        (LogRange, {"low": 0, "high": 1}, "on a log scale must be above 0. Found 0."),
        (Choices, {"values": (1,)}, "must be at least two"),
    ],
)
def test_ranges_without_a_choice_are_refused(kind: Any, arguments: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        kind(**arguments)
