"""Study files are read back as written, and every mistake is reported with file and key."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.specs import problems

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.file import read_study, write_study
from fusefront.benchmark.study.study import Study
from fusefront.errors import StudyError

PLUGIN = """
@ALGORITHMS.register("mine")
@dataclass(frozen=True, kw_only=True)
class Mine(Algorithm):
    name: str = "x"

    def fit(self, view, *, generator):
        return zeros(view)
"""
GOOD = 'problems = ["smoke-all"]\nalgorithms = ["map"]\n'


def read(path: Path) -> Study:
    return read_study(path, ALGORITHMS)


@pytest.mark.parametrize("budget", [None, 5])
def test_study_is_read_back_as_it_was_written(tmp_path: Path, budget: int | None) -> None:
    specs = [
        AlgorithmSpec.parse(text, ALGORITHMS).canonical(ALGORITHMS)
        for text in ("map", "sobol-pool[points=4,upper=2]", "task-arithmetic[sweep=[0.5]]")
    ]
    study = Study(
        problems=problems("smoke-all"), algorithms=tuple(specs), seeds=2, root_seed=7, budget=budget
    )
    write_study(tmp_path / "study.toml", study)
    assert read(tmp_path / "study.toml") == study


def test_what_is_not_said_is_default(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(GOOD)
    study = read(tmp_path / "study.toml")
    assert (study.seeds, study.root_seed, study.budget) == (3, 0, 100_000)


def test_plug_in_is_looked_for_beside_the_study_file(
    plugins: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = plugins(PLUGIN)
    (tmp_path / "study.toml").write_text(
        GOOD.replace('"map"', """'./mine.py:Mine[name="é,[]"]'"""), encoding="utf-8"
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    study = read(tmp_path / "study.toml")
    (spec,) = study.algorithms
    assert (spec.file, spec.attribute, spec.parameters) == (path, "Mine", {"name": "é,[]"})
    write_study(tmp_path / "elsewhere" / "copy.toml", study)
    assert read(tmp_path / "elsewhere" / "copy.toml") == study


def test_plug_in_in_a_folder_with_brackets_is_read_back(
    plugins: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "[a] b").mkdir()
    path = plugins(PLUGIN).rename(tmp_path / "[a] b" / "mine.py")
    spec = AlgorithmSpec.parse(f'{path}:Mine[name="y"]', ALGORITHMS).canonical(ALGORITHMS)
    study = Study(problems=problems("smoke-all"), algorithms=(spec,))
    write_study(tmp_path / "study.toml", study)
    assert read(tmp_path / "study.toml") == study


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (GOOD + "sedes = 3", r"a key must be.*`sedes`\. Did you mean `seeds`"),
        (GOOD + "seeds = '3'", r"`seeds` must be an integer\. Found '3'"),
        (GOOD + "seeds = true", r"`seeds` must be an integer"),
        (GOOD + "root_seed = -1", r"`root_seed` must be 0 or more\. Found -1"),
        (GOOD + "budget = 1.5", r"`budget` must be an integer"),
        (GOOD + "seeds = 0", r"at least one problem, one algorithm and one seed"),
        (
            'problems = ["smoke-all"]',
            r"at least one problem, one algorithm and one seed\. Found 1, 0",
        ),
        (
            'problems = "smoke-all"\nalgorithms = ["map"]',
            r"`problems` must be a list\. Found 'smoke-all'",
        ),
        ('problems = []\nalgorithms = ["map"]', r"`problems` must have at least 1 item"),
        (GOOD.replace("map", "mapp"), r"`mapp`\. Did you mean `map`"),
        (GOOD.replace("map", "map[a]"), r"Parameters must be `key=value`"),
        (GOOD.replace("map", "sobol-pool[point=4]"), r"`point`\. Did you mean `points`"),
        (
            GOOD.replace("map", "sobol-pool[points=x]"),
            r"`sobol-pool\[points\]` must be of type int",
        ),
        (GOOD.replace("smoke-all", "smoke-al"), r"`smoke-al`\. Did you mean `smoke-all`"),
        (GOOD.replace("map", "./absent.py:Mine"), r"absent.py` must be a Python file"),
        ("problems = [", r"must be a TOML file"),
        ("\x00", r"must be a TOML file"),
    ],
)
def test_mistake_is_reported_with_the_file(tmp_path: Path, content: str, expected: str) -> None:
    path = tmp_path / "mistake.toml"
    path.write_text(content)
    with pytest.raises(StudyError, match=expected) as caught:
        read(path)
    assert "mistake.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"absent\.toml` must be a TOML file"):
        read(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes(b"problems = ['\xe9']")
    with pytest.raises(StudyError, match=r"latin\.toml` must be a TOML file"):
        read(tmp_path / "latin.toml")


def test_the_study_is_named_even_if_the_path_of_another_file_starts_with_its_path(
    tmp_path: Path,
) -> None:
    path = tmp_path / "study.toml"
    path.write_text('problems = ["smoke-all"]\nalgorithms = ["study.toml.py:Mine"]\n')
    with pytest.raises(StudyError) as caught:
        read_study(path, ALGORITHMS)
    assert str(caught.value).startswith(f"In `{path}`: `algorithms[0]`: `{path}.py` must be")
