import pandas as pd

from fusefront.results.tables.render import render


def test_wide_text_goes_into_blocks_that_each_have_the_index() -> None:
    frame = pd.DataFrame({"one": ["1"], "two": ["2"], "three": ["3"]}, index=["row"])
    whole = render(frame)
    assert whole.count("row") == 1
    narrow = render(frame, width=13)
    assert narrow.count("row") == 2
    assert all(len(line) <= 13 for line in narrow.splitlines())
    assert [c for c in narrow if c.isdigit()] == ["1", "2", "3"]
