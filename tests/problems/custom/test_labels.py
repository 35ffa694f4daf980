import pytest

from fusefront.errors import StudyError
from fusefront.problems.custom.examples import class_names, encode_classes
from fusefront.problems.custom.problem_file import CustomData, CustomTask

CONFIG = {"id2label": {"1": "dog", "0": "cat"}}


def task(*labels: str) -> CustomTask:
    data = CustomData(all="x.csv", text=("text",), label="y", labels=labels)
    return CustomTask(name="pets", expert="e", data=data)


def test_class_names_come_from_the_file_the_expert_or_the_examples() -> None:
    assert class_names(task("no", "yes"), {}, [0, 1]) == ["no", "yes"]
    assert class_names(task(), CONFIG, [0, 1]) == ["cat", "dog"]
    assert class_names(task(), {}, ["b", "a", "b"]) == ["a", "b"]
    assert class_names(task(), {}, [2, 0]) == ["0", "1", "2"]
    generic = {"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}
    assert class_names(task("no", "yes"), generic, []) == ["no", "yes"]


def test_labels_in_a_different_order_than_the_head_are_refused() -> None:
    with pytest.raises(StudyError, match="in the order of the expert's head"):
        class_names(task("dog", "cat"), CONFIG, [])


def test_a_wrong_number_of_labels_is_refused() -> None:
    with pytest.raises(StudyError, match="2 names, as the expert's head has"):
        class_names(task("cat", "dog", "cow"), CONFIG, [])


def test_classes_are_names_or_numbers() -> None:
    assert encode_classes(["dog", "cat", 1], ["cat", "dog"], task()).tolist() == [1, 0, 1]


@pytest.mark.parametrize("wrong", ["cow", 2, -1])
def test_an_unknown_class_is_named(wrong: str | int) -> None:
    with pytest.raises(StudyError, match=r"`pets` must be of its 2 classes, cat, dog") as caught:
        encode_classes(["cat", wrong], ["cat", "dog"], task())
    assert repr(wrong) in str(caught.value)
