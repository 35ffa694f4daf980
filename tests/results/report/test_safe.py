import base64
import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusefront.results.report.safe import as_json, number, script_hash


@given(st.dictionaries(st.text(), st.lists(st.text() | st.integers() | st.none())))
def test_json_reads_back_and_has_no_markup(data: dict[str, list[object]]) -> None:
    text = as_json(data)
    assert json.loads(text) == data
    assert not set("<>&") & set(text)
    assert text.isascii()


def test_json_has_no_values_that_browsers_refuse() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json([float("nan")])


def test_numbers_are_rounded_to_significant_digits_or_missing() -> None:
    assert number(123456.0) == 123500
    assert number(0.000123456, 2) == 0.00012
    for missing in (np.nan, np.inf, pd.NA, None):
        assert number(missing) is None


def test_hash_is_that_of_the_policy() -> None:
    digest = base64.b64encode(hashlib.sha256(b"x = 1").digest()).decode()
    assert script_hash("x = 1") == f"'sha256-{digest}'"
