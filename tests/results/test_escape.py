"""Names are literal in every format, whatever they hold."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tests.results.conftest import results_of

from fusefront.results.archive.export import export
from fusefront.results.escape import for_latex, for_markdown, for_spreadsheet, printable
from fusefront.results.files.record import Record
from fusefront.results.files.schema import record_table
from fusefront.results.plots.front import plot_front
from fusefront.results.results import Results
from fusefront.results.tables.render import FORMATS, render
from fusefront.results.tables.table import table

FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-1+cmd|'x'!A0", "@SUM(A1)", "\t=1", "\r=1", "-1 (A1)"]
HOSTILE = [
    *FORMULAS,
    "\x1b]0;title\x07\x1b[2Jmap",
    "two\nlines",
    "\u202egnp.exe",
    "<script>alert(1)</script>",
    "[map](javascript:alert(1))",
    r"\input{/etc/passwd} $x$ & % #",
    r"$\unknown$",
    "[optional",
]


@pytest.fixture(params=HOSTILE)
def hostile(
    request: pytest.FixtureRequest,
    make_record: Callable[..., Record],
    make_scores: Callable[..., pd.DataFrame],
) -> tuple[str, Results]:
    """A display name, and results with it."""
    name = request.param
    record = make_record("ties", "p", 0)
    part = record_table(record)
    place = part.schema.get_field_index("display_name")
    part = part.set_column(place, part.schema.field(place), [[name]])
    results = results_of([part])
    return name, results.with_frames(scores=make_scores({("p", name, 0): 0.5}, results))


@pytest.mark.parametrize("format", FORMATS)
def test_no_format_passes_control_characters_on(hostile: tuple[str, Results], format: str) -> None:
    name, results = hostile
    frame = table(results, "hypervolume", direction="maximise")
    plain = table(results, "hypervolume", direction="maximise").rename(columns={name: "plain"})
    plain.attrs["caption"] = frame.attrs["caption"]
    text = render(frame, format)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert text.count("\n") == render(plain, format).count("\n")


def test_csv_of_a_table_has_no_formula(hostile: tuple[str, Results]) -> None:
    _, results = hostile
    text = render(table(results, "hypervolume", direction="maximise"), "csv")
    (_, name), *_ = csv.reader(io.StringIO(text))
    assert name[0] not in "=+-@\t\r"


def test_markdown_has_neither_html_nor_links(hostile: tuple[str, Results]) -> None:
    text = render(table(hostile[1], "hypervolume", direction="maximise"), "markdown")
    assert "<" not in text
    assert "](" not in text


def test_exported_tables_have_no_formula(hostile: tuple[str, Results], tmp_path: Path) -> None:
    name, results = hostile
    export(results, tmp_path / "csv", format="csv", tables=["runs"])
    text = (tmp_path / "csv" / "runs.csv").read_bytes().decode()
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["display_name"] == (f"'{name}" if name in FORMULAS else name)
    assert row["units"] == "1000"
    export(results, tmp_path / "xlsx.xlsx", format="xlsx", tables=["runs"])
    sheet = pd.read_excel(tmp_path / "xlsx.xlsx", sheet_name="runs")
    assert sheet["display_name"][0].startswith("'") == (name in FORMULAS)
    export(results, tmp_path / "json", format="json", tables=["runs"])
    (row,) = json.loads((tmp_path / "json" / "runs.json").read_text(encoding="utf-8"))
    assert row["display_name"] == name


def test_figures_show_names_as_they_are(hostile: tuple[str, Results], tmp_path: Path) -> None:
    assert plot_front(hostile[1], tmp_path / "front.svg").stat().st_size > 0


@pytest.mark.parametrize("cell", ["-0.5", "-0.5000 (0.1000)", "-1.20k [1 failed]", "-inf", "ties"])
def test_numbers_are_no_formulas(cell: str) -> None:
    assert for_spreadsheet(cell) == cell


@pytest.mark.parametrize(
    ("escape", "text", "expected"),
    [
        (printable, "a\x1b[1m\u2028\ud800", r"a\x1b[1m\u2028\ud800"),
        (printable, "ärger ≈ 模型", "ärger ≈ 模型"),
        (for_markdown, r"a\|b `c` *d* &lt; B&C", r"a\\\|b \`c\` \*d\* &amp;lt; B&C"),
        (for_markdown, "[x](y) <z>", r"[x]\(y) &lt;z&gt;"),
        (for_latex, "[x] & *", r"{[}x] \& *"),
        (for_latex, "*", "{*}"),
        (for_latex, "a\nb", r"a\textbackslash{}nb"),
    ],
)
def test_special_characters_become_literal(
    escape: Callable[[str], str], text: str, expected: str
) -> None:
    assert escape(text) == expected
