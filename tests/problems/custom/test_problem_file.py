import subprocess
import sys
from pathlib import Path

import pytest

from fusefront.errors import StudyError
from fusefront.problems.custom import problem_entry
from fusefront.problems.custom.problem_file import read_problem_file

TASK = """
[[tasks]]
name = "{name}"
expert = "{name}"
[tasks.data]
all = "{name}.parquet"
text = "text"
"""
TWO = TASK.format(name="a") + TASK.format(name="b")
HEAD = 'name = "mine"\npretrained = "base"\n'


def written(folder: Path, content: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(content)
    return path


def test_defaults_are_those_that_the_guide_names(tmp_path: Path) -> None:
    found = read_problem_file(written(tmp_path, HEAD + TWO))
    assert (found.name, found.pretrained, found.pooling, found.max_length) == (
        "mine",
        "base",
        "classifier",
        128,
    )
    assert found.folder == tmp_path
    assert [found.head(task.name) for task in found.tasks] == ["expert", "expert"]
    data = found.task("b").data
    assert (data.sources, data.inputs, data.label) == (("b.parquet",), ("text",), "label")
    assert found.fractions == (0.4, 0.2, 0.4)


def test_an_entry_is_made_without_loading_torch(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + TWO)
    code = (
        "import sys; from pathlib import Path\n"
        "from fusefront.problems.custom import problem_entry\n"
        f"e = problem_entry(Path({str(path)!r}))\n"
        "print(e.name, e.labels['tasks'], e.labels['modality'])\n"
        "print([m for m in ('torch', 'numpy', 'pandas', 'transformers') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert found == "mine 2 language\n[]\n"
    assert problem_entry(path).file == path


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            'nme = "mine"\n' + HEAD + TWO,
            "a key must be a known .* mean `name`",
        ),
        ("name = 3\npretrained = 'b'\n" + TWO, "`name` must be a string. Found 3"),
        ("pretrained = 'b'\n" + TWO, "`name` must be given. Found no such key"),
        ("name = 'My Pair'\npretrained = 'b'\n" + TWO, "`name` must be lower-case words"),
        (HEAD + TASK.format(name="a"), "`tasks` must have at least 2 items. Found 1"),
        (HEAD + TASK.format(name="a") * 2, r"`tasks\[0\]\.name` must be unique across tasks"),
        (HEAD + TWO + "labl = 'y'\n", r"a key of `tasks\[1\]\.data` .* Found `labl`. Did you mean"),
        (HEAD + TWO + "labels = ['a', 'a']\n", "labels` must be a list of distinct names"),
        (HEAD + TWO + "image = 'x'\n", "must name the column of the inputs"),
        (HEAD + TWO + "test = 'x'\n", "`tasks\\[1\\].data.all` must not be given together with"),
        ("fractions = [0.5, 0.5]\n" + HEAD + TWO, "3 positive numbers that sum to 1"),
        ("fractions = [0.5, 0.4, 0.4]\n" + HEAD + TWO, "3 positive numbers that sum to 1"),
        (
            HEAD + "pooling = 'men'\n" + TWO,
            "`pooling` must be one of 'classifier', 'cls'",
        ),
        (HEAD + "pooling = 'cls'\n" + TWO, r"`tasks\[0\]\.head` must be `fit` or a file"),
        (HEAD + "max_length = 0\n" + TWO, "`max_length` must be 1 or more. Found 0"),
        (HEAD + "max_length = true\n" + TWO, "`max_length` must be an integer"),
        (HEAD + "module = 'm.py:make'\n" + TWO, "must have `tensor` inputs exactly if"),
        (HEAD + TWO.replace("text = ", "tensor = "), "must have `tensor` inputs exactly if"),
        (
            HEAD + TWO.replace('text = "text"', 'text = ["a", "b", "c"]'),
            r"`tasks\[0\]\.data\.text` must have at most 2 items. Found 3",
        ),
        (HEAD + TASK.format(name="a") + "[broken", "must be a TOML file"),
    ],
)
def test_an_error_names_file_and_key_path(tmp_path: Path, content: str, reason: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(StudyError, match=reason) as caught:
        read_problem_file(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="must be a TOML file"):
        read_problem_file(tmp_path / "none.toml")


def test_the_former_key_of_the_pretrained_model_still_works(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD.replace("pretrained", "base") + TWO)
    with pytest.warns(DeprecationWarning, match="`base` is a former name. Use `pretrained`"):
        assert read_problem_file(path).pretrained == "base"
    path = written(tmp_path, 'base = "other"\n' + HEAD + TWO)
    with pytest.raises(StudyError, match="`pretrained` must be given once"):
        read_problem_file(path)
