import pickle
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, Strict, model_validator

from fusefront.errors import ParameterError, StudyError
from fusefront.toml_models import (
    KeyRefused,
    Texts,
    TomlTable,
    naming,
    parse_table,
    read_toml,
    rename_key,
)

FILE = Path("study.toml")


class Limits(TomlTable):
    seconds: Annotated[int, Field(ge=1)] = 1
    rate: float = 1.0


class Item(TomlTable):
    name: str
    mode: Literal["fast", "slow"] = "fast"


class Study(TomlTable):
    names: Texts = ()
    items: Annotated[tuple[Item, ...], Strict(False)] = ()
    limits: dict[str, Limits] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> "Study":
        if len(self.items) > 2:
            raise KeyRefused("items[2].name", "must not be given. Found a third item.")
        return self


def test_values_are_read_as_they_are() -> None:
    study = parse_table(Study, {"names": ["a"], "limits": {"x": {"rate": 2}}}, file=FILE)
    assert study.names == ("a",)
    assert study.limits["x"].rate == 2.0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"nams": []}, "a key must be a known name. Found `nams`. Did you mean `names`?"),
        (
            {"items": [{"nme": "a"}]},
            "a key of `items[0]` must be a known name. Found `nme`. Did you mean `name` or `mode`?",
        ),
        (
            {"limits": {"x": {"second": 1}}},
            "a key of `limits.x` must be a known name. Found `second`. Did you mean `seconds`?",
        ),
        ({"names": "a"}, "`names` must be a list. Found 'a'."),
        ({"names": [1]}, "`names[0]` must be a string. Found 1."),
        ({"items": [3]}, "`items[0]` must be a table. Found 3."),
        ({"items": [{}]}, "`items[0].name` must be given. Found no such key."),
        ({"items": [{"name": "a"}] * 3}, "`items[2].name` must not be given. Found a third item."),
        ({"limits": {"x": {"seconds": 0}}}, "`limits.x.seconds` must be 1 or more. Found 0."),
        ({"limits": {"x": {"seconds": True}}}, "must be an integer. Found True."),
        ({"limits": {"x": {"rate": "1"}}}, "`limits.x.rate` must be a number. Found '1'."),
        ({"items": [{"name": "a", "mode": "x"}]}, "must be one of 'fast' or 'slow'. Found 'x'."),
    ],
)
def test_errors_name_file_and_key_path(content: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as caught:
        parse_table(Study, content, file=FILE)
    assert str(caught.value).startswith("In `study.toml`, ")
    assert str(caught.value).endswith(message)


def test_the_place_of_a_table_is_part_of_the_key_path() -> None:
    with pytest.raises(StudyError, match=r"`caps\.x\.seconds` must be"):
        parse_table(Limits, {"seconds": "1"}, file=FILE, place="caps.x")


def test_a_former_key_is_renamed_with_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match="`old` is a former name. Use `new`"):
        assert rename_key({"old": 1, "b": 2}, "old", "new", file=FILE) == {"new": 1, "b": 2}
    assert rename_key({"new": 1}, "old", "new", file=FILE) == {"new": 1}
    with pytest.raises(StudyError, match="must be given once"):
        rename_key({"old": 1, "new": 1}, "old", "new", file=FILE)


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("[broken")
    with pytest.raises(StudyError, match="must be a TOML file"):
        read_toml(tmp_path / "x.toml")


def test_an_error_names_its_file_once(tmp_path: Path) -> None:
    path = tmp_path / "absent.toml"
    with pytest.raises(StudyError) as caught, naming(path), naming(path):
        read_toml(path)
    assert str(caught.value).startswith(f"`{path}` must be a TOML file.")
    assert caught.value.file == path


def test_an_error_of_another_file_is_put_into_the_file_that_refers_to_it(tmp_path: Path) -> None:
    path, inner = tmp_path / "study.toml", tmp_path / "study.toml.d"
    with pytest.raises(StudyError) as caught, naming(path):
        raise ParameterError(f"`{inner}` must exist.")
    assert str(caught.value) == f"In `{path}`: `{inner}` must exist."
    assert caught.value.file == path
    assert pickle.loads(pickle.dumps(caught.value)).file == path
