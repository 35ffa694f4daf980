"""Marks of algorithms that are worse than no merging, and problems that cannot be ranked."""

import csv
import io
import json
from collections.abc import Callable, Mapping

import pandas as pd
import pyarrow as pa
import pytest
from tests.results.conftest import results_of

from fusefront.results.files.record import ProblemFacts, Record
from fusefront.results.files.schema import TABLES, record_table
from fusefront.results.results import Results
from fusefront.results.tables.notes import WORSE_CAPTION, gains, unranked
from fusefront.results.tables.render import render
from fusefront.results.tables.summary import summary
from fusefront.results.tables.table import table

Values = Mapping[tuple[str, str], list[float]]
Made = Callable[[Mapping[str, Values]], Results]
KEYS = ["run_id", "problem", "algorithm", "display_name", "seed"]
GAINS: Values = {
    ("p", "a"): [0.3, 0.1], ("q", "a"): [0.2, 0.2],
    ("p", "b"): [-0.4, 0.1], ("q", "b"): [0.2, 0.2],
    ("p", "c"): [-0.4, -0.1], ("q", "c"): [0.1, 0.1],
}  # fmt: skip
VOLUMES: Values = {key: [0.5 + k / 10] * 2 for k, key in enumerate(GAINS)}


@pytest.fixture
def made(make_record: Callable[..., Record], make_facts: Callable[..., ProblemFacts]) -> Made:
    """Results with scores by metric: a value per seed of `(problem, algorithm)`; two tasks each."""

    def build(metrics: Mapping[str, Values]) -> Results:
        cells = {key: len(seeds) for values in metrics.values() for key, seeds in values.items()}
        parts = [
            record_table(make_record(algorithm, problem, seed))
            for (problem, algorithm), seeds in cells.items()
            for seed in range(seeds)
        ]
        tables = []
        for problem in dict.fromkeys(problem for problem, _ in cells):
            facts = make_facts(problem)
            common = {"problem": problem, "problem_hash": facts.problem_hash, "labels": "{}"}
            rows = [row._asdict() | common for row in facts.anchors]
            tables.append(pa.Table.from_pylist(rows, schema=TABLES["problems"]))
        results = results_of(parts, tables)
        frames = []
        for metric, values in metrics.items():
            runs = results.runs
            keys = zip(runs["problem"], runs["algorithm"], runs["seed"], strict=True)
            found = [values[problem, algorithm][seed] for problem, algorithm, seed in keys]
            reference = "ref_point=1.0" if metric == "hypervolume" else ""
            frames.append(
                results.runs[KEYS].assign(metric=metric, value=found, reference=reference)
            )
        return results.with_frames(scores=pd.concat(frames))

    return build


@pytest.fixture
def results(made: Made) -> Results:
    return made({"hypervolume": VOLUMES, "gain-over-pretrained": GAINS})


def test_gains_are_means_over_seeds(results: Results) -> None:
    assert gains(results).loc["B"].to_dict() == {"p": pytest.approx(-0.15), "q": 0.2}


def test_table_marks_each_cell_that_is_worse_than_the_pretrained_model(results: Results) -> None:
    frame = table(results, "hypervolume", direction="maximise")
    assert frame.attrs["worse"] == [("p", "B"), ("p", "C")]
    assert WORSE_CAPTION in frame.attrs["caption"]
    text, markdown, latex = (render(frame, style) for style in ("text", "markdown", "latex"))
    assert text.splitlines()[2] == (
        "p                               0.5000 (0.0000)     0.7000 (0.0000)†    0.9000 (0.0000)† *"
    )
    assert "| p | 0.5000 (0.0000) | 0.7000 (0.0000)† | **0.9000 (0.0000)**† |" in markdown
    assert r"p & 0.5000 (0.0000) & 0.7000 (0.0000)\textdagger{} &" in latex


def test_summary_marks_algorithms_that_are_worse_on_average(results: Results) -> None:
    frame = summary(results, [("hypervolume", "", "maximise")], ["p", "q"])
    assert frame.attrs["worse"] == [("C", "algorithm")]  # (-0.25 + 0.1) / 2; B: (-0.15 + 0.2) / 2
    assert frame.attrs["more"] == {
        "worse than pretrained": ["0 of 2 problems", "1 of 2 problems", "1 of 2 problems"]
    }
    assert "| C† |" in render(frame, "markdown")
    only_q = summary(results, [("hypervolume", "", "maximise")], ["q"])
    assert only_q.attrs["worse"] == []
    assert WORSE_CAPTION not in only_q.attrs["caption"]


def test_csv_and_json_have_a_column(results: Results) -> None:
    frame = table(results, "hypervolume", direction="maximise")
    rows = list(csv.DictReader(io.StringIO(render(frame, "csv"))))
    assert [row["worse than pretrained"] for row in rows] == ["B, C", "", ""]
    assert rows[0]["B"] == "0.7000 (0.0000)"
    facts = json.loads(render(frame, "json"))
    assert facts["rows"][0]["problem"] == "p"
    assert [row["worse than pretrained"] for row in facts["rows"]] == ["B, C", "", ""]
    assert ["p", "C"] in facts["best"]
    assert facts["caption"] == frame.attrs["caption"]
    means = summary(results, [("hypervolume", "", "maximise")], ["p", "q"])
    assert json.loads(render(means, "json"))["rows"][1]["worse than pretrained"] == (
        "1 of 2 problems"
    )


def test_results_without_the_metric_have_no_marks(made: Made) -> None:
    results = made({"hypervolume": VOLUMES})
    frame = table(results, "hypervolume", direction="maximise")
    assert (frame.attrs["worse"], frame.attrs["more"]) == ([], {})
    assert "†" not in render(frame)


EMPTY: Values = {
    **{("p", name): [value] for name, value in zip("abcde", (0.5, 0, 0, 0, 0.009), strict=True)},
    **{("q", name): [value] for name, value in zip("abcde", (0.5, 0.4, 0, 0, 0), strict=True)},
}
"""On p one of five has more than 1 %, on q two of five."""


def test_hypervolume_does_not_rank_where_nearly_nothing_is_inside(made: Made) -> None:
    results = made({"hypervolume": EMPTY})
    assert unranked(results, results.scores) == ["p"]
    frame = table(results, "hypervolume", direction="maximise")
    assert frame.index[-1] == "average rank (1 of 2 problems)"
    assert list(frame.iloc[-1]) == ["1.00", "2.00", "4.00", "4.00", "4.00"]
    assert frame.loc["p", "A"] == "0.5000"
    assert "p" not in {row for row, _ in frame.attrs["best"]}
    assert "not ranked by hypervolume: p (fewer than a quarter" in frame.attrs["caption"]
    means = summary(results, [("hypervolume", "", "maximise")], ["p", "q"])
    assert means.loc["A", "hypervolume ↑"] == "0.5000"
    assert means.attrs["best"] == []
    assert "not ranked by hypervolume: p " in means.attrs["caption"]
    assert summary(results, [("hypervolume", "", "maximise")], ["q"]).attrs["best"]


def test_the_volume_that_counts_grows_with_the_reference_point(made: Made) -> None:
    """A hundredth of the box up to 2 in two objectives is 0.04."""
    results = made({"hypervolume": {("p", "a"): [0.03], ("p", "b"): [0.02]}})
    far = results.with_frames(scores=results.scores.assign(reference="ref_point=2.0"))
    assert unranked(results, results.scores) == []
    assert unranked(far, far.scores) == ["p"]


def test_other_metrics_always_rank(made: Made) -> None:
    results = made({"expected-utility": EMPTY})
    assert unranked(results, results.scores) == []
