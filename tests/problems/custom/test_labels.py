from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from fusefront.errors import StudyError
from fusefront.problems.custom import classes
from fusefront.problems.custom.classes import class_names
from fusefront.problems.custom.problem_file import CustomData, CustomTask
from fusefront.problems.custom.rows import Origin

CONFIG = {"id2label": {"1": "dog", "0": "cat"}}


def task(*labels: str) -> CustomTask:
    data = CustomData(all="x.csv", text=("text",), label="y", labels=labels)
    return CustomTask(name="pets", expert="e", data=data)


def encode_classes(
    given: Sequence[str], names: Sequence[str], task: CustomTask, declared: Sequence[str] = ()
) -> NDArray[np.int64]:
    origin, rows = Origin("x.csv", "y"), range(9, 9 + len(given))
    return classes.encode_classes(given, names, task, declared, origin=origin, rows=rows)


def test_class_names_come_from_the_file_the_expert_or_the_examples() -> None:
    assert class_names(task("no", "yes"), {}, ["0", "1"]) == ["no", "yes"]
    assert class_names(task(), CONFIG, ["0", "1"]) == ["cat", "dog"]
    assert class_names(task(), {}, ["b", "a", "b"]) == ["a", "b"]
    assert class_names(task(), {}, ["2", "0"]) == ["0", "1", "2"]
    generic = {"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}
    assert class_names(task("no", "yes"), generic, []) == ["no", "yes"]


def test_labels_in_a_different_order_than_the_head_are_refused() -> None:
    with pytest.raises(StudyError, match="in the order of the expert's head"):
        class_names(task("dog", "cat"), CONFIG, [])


def test_a_wrong_number_of_labels_is_refused() -> None:
    with pytest.raises(StudyError, match="2 names, as the head has"):
        class_names(task("cat", "dog", "cow"), CONFIG, [])


def test_classes_are_names_or_numbers() -> None:
    assert encode_classes(["dog", "cat", "1"], ["cat", "dog"], task()).tolist() == [1, 0, 1]


@pytest.mark.parametrize("wrong", ["cow", "2", "-1"])
def test_an_unknown_class_is_named(wrong: str) -> None:
    with pytest.raises(StudyError) as caught:
        encode_classes(["cat", wrong], ["cat", "dog"], task())
    assert str(caught.value).startswith(
        "Column `y` of `x.csv` must contain only classes of task `pets`: cat, dog. "
        f"Found `{wrong}` in row 11. "
    )


def test_an_unknown_class_of_a_folder_of_images_is_named() -> None:
    with pytest.raises(StudyError, match=r"^Folders of `p` must .* Found `cow` as the name of a"):
        classes.encode_classes(
            ["cat", "cow"], ["cat", "dog"], task(), origin=Origin("p", ""), rows=[0, 1]
        )


def test_names_that_are_numbers_are_names_whatever_their_order() -> None:
    names = ["0", "2", "1"]
    assert encode_classes(["0", "2", "1"], names, task()).tolist() == [0, 1, 2]
    assert encode_classes(["1.0", "02"], names, task()).tolist() == [2, 1]


def test_star_ratings_are_given_by_their_names() -> None:
    assert class_names(task("1", "2", "3"), {}, ["1", "3"]) == ["1", "2", "3"]
    assert encode_classes(["1", "3", "2"], ["1", "2", "3"], task()).tolist() == [0, 2, 1]
    with pytest.raises(StudyError, match="Found `0`"):
        encode_classes(["1", "0"], ["1", "2", "3"], task())


def test_a_head_without_names_has_one_number_per_row() -> None:
    assert class_names(task(), {}, ["7", "0"], rows=2) == ["0", "1"]
    with pytest.raises(StudyError, match="Found `7`"):
        encode_classes(["0", "7"], ["0", "1"], task())
    with pytest.raises(StudyError, match="2 names, as the head has"):
        class_names(task("a", "b", "c"), {}, ["a"], rows=2)


def test_names_that_the_data_declares_are_matched_with_those_of_the_head() -> None:
    declared = ("dog", "cat")
    assert class_names(task(), {}, ["0", "1"], rows=2, declared=declared) == ["dog", "cat"]
    assert encode_classes(["0", "1"], ["cat", "dog"], task(), declared).tolist() == [1, 0]
    assert encode_classes(["0", "1"], ["no", "yes"], task(), declared).tolist() == [0, 1]
    with pytest.raises(StudyError, match="Found `-1`"):
        encode_classes(["0", "-1"], ["cat", "dog"], task(), declared)
