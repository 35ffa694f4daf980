from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.results.conftest import results_of

from fusefront.errors import ParameterError, UnknownNameError
from fusefront.results.archive.export import export
from fusefront.results.escape import for_latex
from fusefront.results.files.record import ProblemFacts, Record
from fusefront.results.files.schema import TABLES, record_table
from fusefront.results.results import Results
from fusefront.results.tables.render import FORMATS, render
from fusefront.results.tables.summary import summary
from fusefront.results.tables.table import table

Scored = Callable[[dict[tuple[str, str], list[float | str]]], Results]


@pytest.fixture
def scored(make_record: Callable[..., Record], make_scores: Callable[..., pd.DataFrame]) -> Scored:
    """Results of `(problem, algorithm)`: a value for each seed, or the status it ended with."""

    def build(cells: dict[tuple[str, str], list[float | str]]) -> Results:
        parts, values = [], {}
        for (problem, algorithm), seeds in cells.items():
            for seed, value in enumerate(seeds):
                status = "done" if isinstance(value, float) or value == "unscored" else value
                parts.append(record_table(make_record(algorithm, problem, seed, status=status)))
                if isinstance(value, float):
                    values[problem, algorithm.upper(), seed] = value
        results = results_of(parts)
        return results.with_frames(scores=make_scores(values, results))

    return build


@pytest.mark.parametrize(
    ("seeds", "text"),
    [
        ([0.5, 0.7], "0.6000 (0.1414)"),
        ([0.5], "0.5000"),
        ([0.5, 0.7, "failed"], "0.6000 (0.1414) [1 failed]"),
        (["failed", "failed"], "[2 failed]"),
        (["skipped", "skipped"], "[2 skipped]"),
        ([0.5, "skipped"], "0.5000 [1 skipped]"),
        ([0.5, "unscored"], "0.5000 [1 not scored]"),
        ([0.5, float("nan")], "0.5000 [1 not scored]"),
    ],
)
def test_a_cell_shows_its_seeds_and_what_failed(
    seeds: list[float | str], text: str, scored: Scored
) -> None:
    results = scored({("p", "a"): seeds, ("p", "b"): [0.1]})
    assert table(results, "hypervolume", direction="maximise").loc["p", "A"] == text


@pytest.mark.parametrize(
    ("show", "direction", "text"),
    [
        ("mean", "maximise", "3.0"),
        ("median-iqr", "maximise", "2.0 (2.5)"),
        ("median", "minimise", "2.0"),
        ("best", "maximise", "6.0"),
        ("best", "minimise", "1.0"),
        ("worst", "maximise", "1.0"),
        ("worst", "minimise", "6.0"),
    ],
)
def test_cell_shows_the_selected_statistic(
    show: str, direction: str, text: str, scored: Scored
) -> None:
    results = scored({("p", "a"): [1.0, 2.0, 6.0]})
    frame = table(results, "hypervolume", show, direction=direction, number=".1f")
    assert frame.loc["p", "A"] == text


def test_the_best_of_a_row_follows_the_direction(scored: Scored) -> None:
    results = scored({("p", "a"): [1.0], ("p", "b"): [2.0], ("p", "c"): [2.0]})
    for direction, best in (("maximise", ["B", "C"]), ("minimise", ["A"])):
        frame = table(results, "hypervolume", direction=direction)
        assert [name for row, name in frame.attrs["best"] if row == "p"] == best


def test_a_cell_with_failures_is_never_the_best(scored: Scored) -> None:
    results = scored({("p", "a"): [9.0, "failed"], ("p", "b"): [2.0, 2.0]})
    assert ("p", "B") in table(results, "hypervolume", direction="maximise").attrs["best"]


def test_an_algorithm_that_failed_ranks_last_and_changes_no_other_rank(scored: Scored) -> None:
    results = scored(
        {
            ("p", "a"): [3.0], ("p", "b"): [2.0], ("p", "c"): [2.0],
            ("q", "a"): [1.0], ("q", "b"): [2.0], ("q", "c"): [3.0],
            ("r", "a"): [9.0], ("r", "b"): ["failed"], ("r", "c"): [1.0],
            ("s", "a"): ["failed"], ("s", "b"): ["failed"], ("s", "c"): ["skipped"],
        }
    )  # fmt: skip
    frame = table(results, "hypervolume", direction="maximise")
    assert frame.index[-1] == "average rank (3 of 4 problems)"
    assert frame.iloc[-1].tolist() == ["1.67", "2.50", "1.83"]
    assert frame.loc["r", "B"] == "[1 failed]"


def test_an_algorithm_that_always_fails_does_not_empty_the_ranks(scored: Scored) -> None:
    results = scored(
        {
            ("p", "a"): [3.0], ("p", "b"): [2.0, "failed"], ("p", "c"): ["failed"],
            ("q", "a"): [3.0], ("q", "b"): [4.0], ("q", "c"): ["failed"],
        }
    )  # fmt: skip
    for direction, expected in (
        ("maximise", ["1.50", "1.75", "2.75"]),
        ("minimise", ["1.00", "2.25", "2.75"]),
    ):
        frame = table(results, "hypervolume", direction=direction)
        assert frame.iloc[-1].tolist() == expected


def test_caption_describes_the_numbers(scored: Scored) -> None:
    results = scored({("p", "a"): [0.5, 0.7], ("p", "b"): [0.1, 0.1]})
    assert table(results, "hypervolume", direction="maximise").attrs["caption"] == (
        "hypervolume ↑, higher is better; mean (standard deviation) over 2 seeds; "
        "reference ref_point (1.1, 1.1); budget 20000 units; protocol 1"
    )


def test_one_reference_is_shown_and_it_can_be_chosen(scored: Scored) -> None:
    results = scored({("p", "a"): [0.5]})
    second = results.scores.assign(value=0.25, reference="ref_point (1, 1)")
    results = results.with_frames(scores=pd.concat([results.scores, second]))
    first = table(results, "hypervolume", direction="maximise")
    chosen = table(results, "hypervolume", direction="maximise", reference="ref_point (1, 1)")
    assert (first.loc["p", "A"], chosen.loc["p", "A"]) == ("0.5000", "0.2500")
    assert "ref_point (1, 1)" in chosen.attrs["caption"]
    with pytest.raises(UnknownNameError, match="Reference"):
        table(results, "hypervolume", direction="maximise", reference="ref_point (2, 2)")


def test_arguments_outside_what_is_allowed_are_refused(scored: Scored) -> None:
    results = scored({("p", "a"): [0.5]})
    with pytest.raises(UnknownNameError, match="Did you mean `hypervolume`"):
        table(results, "hypervolum", direction="maximise")
    with pytest.raises(ParameterError, match="`direction`"):
        table(results, "hypervolume", direction="up")
    with pytest.raises(ParameterError, match="`show`"):
        table(results, "hypervolume", "variance", direction="maximise")
    with pytest.raises(ParameterError, match="`number`"):
        table(results, "hypervolume", direction="maximise", number="four")


@pytest.fixture
def frame(scored: Scored) -> pd.DataFrame:
    results = scored({("p_1", "a"): [0.5, 0.7], ("p_1", "b&c"): ["failed", 0.1]})
    return table(results, "hypervolume", direction="maximise")


def test_text_is_aligned_and_marks_the_best(frame: pd.DataFrame) -> None:
    assert render(frame).splitlines() == [
        "problem                                       A                  B&C",
        "─" * 70,
        "p_1                             0.6000 (0.1414) *  0.1000 [1 failed]",
        "average rank (1 of 1 problems)             1.00 *               2.00",
        frame.attrs["caption"] + "; * best",
    ]


def test_markdown_is_a_table_with_the_best_in_bold(frame: pd.DataFrame) -> None:
    lines = render(frame, "markdown").splitlines()
    assert lines[:3] == [
        "| problem | A | B&C |",
        "|---|---:|---:|",
        "| p_1 | **0.6000 (0.1414)** | 0.1000 [1 failed] |",
    ]
    assert lines[-1] == frame.attrs["caption"]


def test_latex_is_escaped_with_booktabs_and_the_best_in_bold(frame: pd.DataFrame) -> None:
    text = render(frame, "latex")
    assert r"p\_1 & \textbf{0.6000 (0.1414)} & 0.1000 [1 failed] \\" in text
    assert r"problem & A & B\&C \\" in text
    assert r"hypervolume $\uparrow$, higher is better" in text
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert rule in text


def test_latex_specials_are_made_literal() -> None:
    assert for_latex(r"50% of a_b & {c}^2 ~ $x #1 \y") == (
        r"50\% of a\_b \& \{c\}\textasciicircum{}2 \textasciitilde{} \$x \#1 \textbackslash{}y"
    )


def test_csv_has_bare_texts(frame: pd.DataFrame) -> None:
    assert render(frame, "csv").splitlines()[:2] == [
        "problem,A,B&C",
        "p_1,0.6000 (0.1414),0.1000 [1 failed]",
    ]


@pytest.mark.parametrize("format", FORMATS)
def test_a_frame_without_best_or_caption_is_rendered_too(format: str) -> None:
    plain = pd.DataFrame({"x": [np.float64(1.5)]}, index=["row"])
    assert "1.5" in render(plain, format)
    assert "*" not in render(plain, format)


def test_an_unknown_format_names_the_known() -> None:
    with pytest.raises(ParameterError, match="text, markdown, latex, csv"):
        render(pd.DataFrame(), "xlsx")


def simplex_points(n: int, m: int) -> list[list[float]]:
    """`n` points that do not dominate each other."""
    points: list[list[float]] = np.random.default_rng(0).dirichlet(np.ones(m), size=n).tolist()
    return points


@pytest.fixture
def large(make_record: Callable[..., Record], make_facts: Callable[..., ProblemFacts]) -> Results:
    """Eight objectives: 100 points of A are too many for the exact hypervolume, 3 of B are not."""
    parts = [
        record_table(make_record(name, "p", objectives=simplex_points(n, 8)))
        for name, n in (("a", 100), ("b", 3))
    ]
    facts = make_facts("p", 8)
    common = {"problem": "p", "problem_hash": facts.problem_hash, "labels": facts.labels}
    rows = [row._asdict() | common for row in facts.anchors]
    results = results_of(parts, [pa.Table.from_pylist(rows, schema=TABLES["problems"])])
    keys = ["run_id", "problem", "algorithm", "display_name", "seed"]
    scores = results.runs[keys].assign(metric="hypervolume", value=0.5, reference="ref_point=1.1")
    return results.with_frames(scores=scores)


def test_approximate_hypervolumes_are_marked(large: Results, tmp_path: Path) -> None:
    frame = table(large, "hypervolume", direction="maximise")
    assert list(frame.loc["p"]) == ["≈0.5000", "0.5000"]
    assert frame.attrs["caption"].endswith(
        "≈ includes an approximate hypervolume (relative error about 1e-3)"
    )
    means = summary(large, [("hypervolume", "", "maximise")], ["p"])
    assert list(means["hypervolume ↑"]) == ["≈0.5000", "0.5000"]
    assert "≈" in means.attrs["caption"]
    assert r"$\approx$0.5000" in render(frame, "latex")
    export(large, tmp_path / "out", format="csv", tables=["scores"])
    text = (tmp_path / "out" / "scores.csv").read_text(encoding="utf-8")
    assert text.count("ref_point=1.1 (approximate)") == 1
    assert text.count("ref_point=1.1") == 2


def test_other_metrics_of_the_same_runs_are_not_marked(large: Results) -> None:
    other = large.with_frames(scores=large.scores.assign(metric="units"))
    frame = table(other, "units", direction="minimise")
    assert "≈" not in render(frame)


def test_text_has_styles_on_a_terminal_only(
    frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b" not in render(frame)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[1m0.6000" in render(frame)
