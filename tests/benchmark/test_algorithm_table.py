"""Algorithms as tables of a study file: parameters, grids, display names."""

import dataclasses
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.benchmark.conftest import Command
from tests.specs import problems

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.file import read_study, write_study
from fusefront.benchmark.study.limits import ResourceRules, Resources
from fusefront.benchmark.study.study import Study, merge_studies
from fusefront.benchmark.study.suites import SUITES
from fusefront.errors import StudyError
from fusefront.registry import Registry

HEAD = 'problems = ["smoke-all", "smoke-left-right"]\n'


def read(folder: Path, text: str) -> Study:
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return read_study(folder / "study.toml", ALGORITHMS)


def names(study: Study) -> list[str]:
    return [spec.display_name for spec in study.algorithms]


def table(body: str) -> str:
    return f"{HEAD}[[algorithms]]\n{body}\n"


def test_a_grid_is_the_product_of_its_lists(tmp_path: Path) -> None:
    study = read(
        tmp_path,
        table(
            'name = "pwemoe-ls"\nparameters = { steps = 500 }\n'
            "grid = { initial = [0.3, 0.6], layers = [1, 2] }"
        ),
    )
    assert [dict(spec.parameters) for spec in study.algorithms] == [
        {"steps": 500, "layers": 1},  # 0.3 and 2 are defaults
        {"steps": 500},
        {"steps": 500, "layers": 1, "initial": 0.6},
        {"steps": 500, "initial": 0.6},
    ]


def test_values_of_a_grid_may_be_lists(tmp_path: Path) -> None:
    study = read(
        tmp_path, table('name = "task-arithmetic"\ngrid = { sweep = [[0.1], [0.1, 0.5]] }')
    )
    assert [spec.parameters["sweep"] for spec in study.algorithms] == [(0.1,), (0.1, 0.5)]


def test_texts_and_tables_stand_in_one_list(tmp_path: Path) -> None:
    study = read(
        tmp_path,
        HEAD + 'algorithms = ["map", { name = "sobol-pool[points=4]", display_name = "Sobol" }]',
    )
    assert names(study) == ["map", "Sobol"]
    assert study.algorithms[1].full_name == "sobol-pool[points=4]"


def test_display_names_have_parameters_in_them_defaults_too(tmp_path: Path) -> None:
    study = read(
        tmp_path,
        table(
            'name = "pwemoe-ls"\ngrid = { layers = [1, 2] }\n'
            'display_name = "PWEMoE {{{layers}}} from {initial:.2f}, {routed}"'
        ),
    )
    assert names(study) == ["PWEMoE {1} from 0.30, mlp", "PWEMoE {2} from 0.30, mlp"]


def test_a_plug_in_is_looked_for_beside_the_file(
    plugins: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = plugins(
        """
@ALGORITHMS.register("mine")
@dataclass(frozen=True, kw_only=True)
class Mine(Algorithm):
    scale: float = 1.0

    def fit(self, view, *, generator):
        return zeros(view)
"""
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    text = table('name = "./mine.py:Mine"\ngrid = {scale = [1, 2]}\ndisplay_name = "M {scale}"')
    study = read(tmp_path, text)
    assert names(study) == ["M 1.0", "M 2.0"]
    assert {spec.file for spec in study.algorithms} == {path}
    write_study(tmp_path / "elsewhere" / "copy.toml", study)
    copy = read_study(tmp_path / "elsewhere" / "copy.toml", ALGORITHMS)
    assert copy == study
    assert names(copy) == names(study)


FULL = (
    'suite = "smoke"\nseeds = 2\nroot_seed = 4\nbudget = 0\nprecision = "bfloat16"\n'
    'problems = ["smoke-all"]\n'
    "[caps]\ngradient_steps = 10\nwall_seconds = 60\n"
    '[resources]\ntimeout_seconds = 60\nmemory_bytes = "2 GiB"\n'
    '[resources."pwemoe-ls[layers=1]"]\nretries = 2\ntimeout_seconds = 0\n'
    '[[algorithms]]\nname = "pwemoe-ls"\nparameters = { layers = 1 }\n'
    'display_name = "a {{b}} \\"c\\" é"\n'
)


def test_everything_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    study = read(tmp_path, FULL)
    write_study(tmp_path / "copy.toml", study)
    copy = read_study(tmp_path / "copy.toml", ALGORITHMS)
    assert copy == study
    assert names(copy) == names(study) == ['a {b} "c" é']
    assert copy.caps == {"gradient_steps": 10, "wall_seconds": 60.0}
    (run, _) = copy.expand(ALGORITHMS, {"smoke-all": "abc"})
    assert run.resources == Resources(memory_bytes=2**31, retries=2)
    frozen = tomllib.loads((tmp_path / "copy.toml").read_text(encoding="utf-8"))
    assert "suite" not in frozen


def test_a_suite_is_taken_over_where_the_file_says_nothing(tmp_path: Path) -> None:
    suite = SUITES["smoke"].load()
    study = read(tmp_path, 'suite = "smoke"\nseeds = 5')
    assert names(study) == list(suite.algorithms)
    assert (problem_names(study), study.seeds) == (list(suite.problems), 5)
    assert study.budget == suite.budget
    study = read(tmp_path, 'suite = "smoke"\nalgorithms = ["map"]')
    assert (problem_names(study), names(study)) == (list(suite.problems), ["map"])
    study = read(tmp_path, 'suite = "smoke"\nproblems = ["smoke-all"]\nbudget = 7')
    assert problem_names(study) == ["smoke-all"]
    assert (names(study), study.budget) == (list(suite.algorithms), 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            table('name = "map"\nparameter = { points = 4 }'),
            r"a key of `algorithms\[0\]`.*mean `parameters`",
        ),
        (table('name = "mapp"'), r"`algorithms\[0\]`: .*`mapp`\. Did you mean `map`"),
        (table("parameters = {}"), r"`algorithms\[0\].name` must be given"),
        (table('name = "map"\nparameters = 3'), r"`algorithms\[0\].parameters` must be a table"),
        (table('name = "map"\nparameters = { poins = 3 }'), r"`poins`\. Did you mean `points`"),
        (table('name = "map"\nparameters = { points = "x" }'), r"`map\[points\]` must be of type"),
        (
            table('name = "map"\nparameters = { points = 1979-05-27 }'),
            r"parameters.points` must be a number",
        ),
        (
            table('name = "map"\ngrid = { points = 3 }'),
            r"grid.points` must be a non-empty list",
        ),
        (
            table('name = "map"\ngrid = { points = [] }'),
            r"grid.points` must be a non-empty list",
        ),
        (
            table('name = "map"\nparameters = { points = 3 }\ngrid = { points = [3] }'),
            r"given once.*Found `points` twice",
        ),
        (table('name = "map[points=3]"\nparameters = { points = 3 }'), r"Found `points` twice"),
        (table('name = "map"\ndisplay_name = "a {point}"'), r"`point`\. Did you mean `points`"),
        (table('name = "map"\ndisplay_name = "a {"'), r"with parameters in braces"),
        (table('name = "map"\ndisplay_name = "a {points:%%%}"'), r"with parameters in braces"),
        (table('name = "map"\ndisplay_name = "{points.real}"'), r"A field of `display_name`"),
        (table('name = "map"\ndisplay_name = " "'), r"one line of text"),
        (
            table('name = "map"\ndisplay_name = 3'),
            r"display_name` must be a string. Found 3",
        ),
        (
            table('name = "map"\ngrid = { points = [3, 4] }\ndisplay_name = "a"'),
            r"must be unique.*Found `a` for `map\[points=3\]` and `map\[points=4\]`",
        ),
        (
            HEAD + 'algorithms = ["experts", {name = "map", display_name = "experts"}]',
            r"must be unique.*Found `experts` for `experts` and `map`",
        ),
        (
            HEAD + 'algorithms = ["map", {name = "map[points=25]", display_name = "a"}]',
            r"must have one display name\. Found `map` and `a` for `map`",
        ),
        (
            HEAD + "algorithms = [3]",
            r"`algorithms\[0\]` must be a name or a table. Found 3",
        ),
        ('suite = "smok"', r"`smok`\. Did you mean `smoke`"),
        ("suite = 3", r"`suite` must be a string"),
        ('suite = "smoke"\nproblems = []', r"`problems` must have at least 1 item"),
        ('suite = "smoke"\ncaps = 3', r"`caps` must be a table"),
        ('suite = "smoke"\n[caps]\ngradient_step = 3', r"A cap.*Did you mean `gradient_steps`"),
        ('suite = "smoke"\n[resources]\nretry = 3', r"A key of `resources`.*`retries`"),
        ('suite = "smoke"\n[resources."mapp"]\nretries = 3', r"`mapp`\. Did you mean `map`"),
        (
            'suite = "smoke"\n[resources]\nmemory_bytes = "2 G"',
            r"text with a unit, such as `2 GiB`",
        ),
        (
            'suite = "smoke"\nprecision = "float16"',
            r"`precision` must be one of 'float32' or",
        ),
        ('suite = "smoke"\n[caps]\nseeds = 3', r"`seeds` must be above the first `\[table\]`"),
        ('suite = "smoke"\n[resources]\nbudget = 3', r"`budget` must be above the first"),
        (
            'suite = "smoke"\n[resources."map"]\nroot_seed = 3',
            r"`root_seed` must be above the first",
        ),
        (table('name = "map"\nseeds = 3'), r"`seeds` must be above the first"),
        ('suite = "smoke"\nseeds = = 3', r"must be a TOML file.*line 2"),
    ],
)
def test_mistake_is_reported_with_the_file(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(StudyError, match=expected) as caught:
        read(tmp_path, text)
    assert "study.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_was_given_is_kept_should_the_defaults_change(tmp_path: Path) -> None:
    for default in (10, 20):
        registry: Registry[Any] = Registry("algorithm", {})
        toy = dataclasses.make_dataclass("Toy", [("steps", int, default)], frozen=True)
        registry.register("toy")(toy)
        if default == 10:
            specs = tuple(
                AlgorithmSpec(name="toy", parameters={"steps": n}, label=f"{n} steps")
                for n in (10, 20)
            )
            rules = ResourceRules(overrides={"toy[steps=20]": {"retries": 1}})
            study = Study(problems=problems("smoke-all"), algorithms=specs, resources=rules)
            before = study.canonical(registry).canonical(registry)
            write_study(tmp_path / "study.toml", before)
    after = read_study(tmp_path / "study.toml", registry)
    assert names(after) == names(before) == ["10 steps", "20 steps"]
    assert [spec.full_name for spec in before.algorithms] == ["toy", "toy[steps=20]"]
    assert [spec.full_name for spec in after.algorithms] == ["toy[steps=10]", "toy"]
    assert [run.resolved for run in after.expand(registry, {"smoke-all": "a"})][:2] == [
        '{"steps": 10}',
        '{"steps": 20}',
    ]


def test_overrides_of_resources_may_be_spelled_otherwise(tmp_path: Path) -> None:
    study = read(
        tmp_path,
        'problems = ["analytic-quadratic[angle=60,n_tasks=3]"]\nalgorithms = ["map[points=4]"]\n'
        '[resources."map[upper=1, points=4]"]\nretries = 1\n'
        '[resources."analytic_quadratic[n_tasks=3,angle=60]"]\ntimeout_seconds = 5\n',
    )
    (run, *_) = study.expand(ALGORITHMS, dict.fromkeys(problem_names(study), "a"))
    assert run.resources == Resources(retries=1, timeout_seconds=5.0)


def problem_names(study: Study) -> list[str]:
    return [spec.name for spec in study.problems]


def test_the_last_study_decides_on_display_names_and_resources() -> None:
    old, new = (
        Study(
            problems=problems("smoke-all"),
            algorithms=(
                AlgorithmSpec(name="map", label=label),
                AlgorithmSpec(name="experts" if label == "old" else "pretrained"),
            ),
            resources=ResourceRules(defaults={"retries": n}, overrides={label: {"retries": 5}}),
        )
        for n, label in ((1, "old"), (2, "new"))
    )
    both = merge_studies(old, new)
    assert names(both) == ["new", "experts", "pretrained"]
    assert both.resources.defaults == {"retries": 2}
    assert set(both.resources.overrides) == {"old", "new"}


def test_a_display_name_goes_to_the_last_algorithm_that_takes_it() -> None:
    old, new = (
        Study(problems=problems("smoke-all"), algorithms=(AlgorithmSpec(name=name, label="Best"),))
        for name in ("map", "experts")
    )
    assert names(merge_studies(old, new)) == ["map", "Best"]


def test_no_algorithm_takes_the_full_name_of_another() -> None:
    old, new = (
        Study(problems=problems("smoke-all"), algorithms=(AlgorithmSpec(name=name, label=label),))
        for name, label in (("map", None), ("experts", "map"))
    )
    with pytest.raises(StudyError, match=r"Found `map` for `map` and `experts`"):
        merge_studies(old, new)


def test_options_override_the_file(
    tmp_path: Path, fusefront: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.toml").write_text(FULL, encoding="utf-8")
    options: list[Any] = ["-a", "map", "-p", "smoke-left-right", "--seeds", 3, "--budget", 9]
    told = fusefront("run", "study.toml", *options, "--dry-run")
    assert told.status == 0, told.err
    assert "smoke-left-right\n  |-- map x 3" in told.out
    assert "3 runs of at most 9 units" in told.out
    assert "at most 10 gradient_steps each" in told.out
