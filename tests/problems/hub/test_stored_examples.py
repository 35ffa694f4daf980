from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fusefront.errors import IntegrityError, MissingDataError
from fusefront.problems.hub.mapped_files import CHUNK, StoredExamples

N = 2 * CHUNK + 10
LABELS = np.arange(N, dtype=np.int64) % 3
INPUTS = np.arange(N * 4, dtype=np.uint8).reshape(N, 2, 2)


class Stop(Exception):
    """Raised in place of an interruption."""


class Rows:
    """Return the inputs, record the calls, and stop at an index."""

    def __init__(self, stop: int = N) -> None:
        self.asked: list[int] = []
        self._stop = stop

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        if start >= self._stop:
            raise Stop
        self.asked.append(start)
        return INPUTS[start:stop]


def write(stored: StoredExamples, rows: Rows, source: str = "a") -> list[str]:
    lines: list[str] = []
    stored.write(
        rows, LABELS, shape=(2, 2), dtype="uint8", source={"mirror": source}, report=lines.append
    )
    return lines


@pytest.fixture
def stored(tmp_path: Path) -> StoredExamples:
    return StoredExamples(folder=tmp_path / "mnist" / "test")


def test_examples_are_read_as_they_were_written(stored: StoredExamples) -> None:
    lines = write(stored, Rows())
    examples = stored.load()
    np.testing.assert_array_equal(examples.inputs.numpy(), INPUTS)
    np.testing.assert_array_equal(examples.labels.numpy(), LABELS)
    assert stored.count() == N
    assert lines[-1] == f"{N} of {N} examples, ETA 0:00"


def test_an_interrupted_encoding_resumes_after_the_last_chunk(stored: StoredExamples) -> None:
    with pytest.raises(Stop):
        write(stored, Rows(stop=CHUNK))
    assert stored.facts() is None
    rows = Rows()
    write(stored, rows)
    assert rows.asked == [CHUNK, 2 * CHUNK]
    np.testing.assert_array_equal(stored.load().inputs.numpy(), INPUTS)


def test_another_source_starts_from_the_beginning(stored: StoredExamples) -> None:
    with pytest.raises(Stop):
        write(stored, Rows(stop=CHUNK))
    rows = Rows()
    write(stored, rows, source="b")
    assert rows.asked == [0, CHUNK, 2 * CHUNK]


def test_digest_depends_on_labels(stored: StoredExamples, tmp_path: Path) -> None:
    write(stored, Rows())
    other = StoredExamples(folder=tmp_path / "other")
    other.write(
        Rows(), LABELS[::-1].copy(), shape=(2, 2), dtype="uint8", source={}, report=lambda _: None
    )
    again = StoredExamples(folder=tmp_path / "again")
    write(again, Rows(), source="elsewhere")
    assert stored.digest() != other.digest()
    assert stored.digest() == again.digest()


def test_writing_to_loaded_inputs_leaves_the_file_alone(stored: StoredExamples) -> None:
    write(stored, Rows())
    stored.load().inputs[0] = 99
    np.testing.assert_array_equal(stored.load().inputs.numpy(), INPUTS)


def test_examples_that_are_not_encoded_are_refused(stored: StoredExamples) -> None:
    with pytest.raises(MissingDataError, match="Call `prepare`"):
        stored.load()


@pytest.mark.parametrize("content", [b"", b"\x80\x04."])
def test_a_damaged_file_is_refused_and_never_unpickled(
    stored: StoredExamples, content: bytes
) -> None:
    write(stored, Rows())
    (stored.folder / "inputs.npy").write_bytes(content)
    with pytest.raises(IntegrityError, match="Delete the folder"):
        stored.load()


def test_a_file_of_a_wrong_size_is_refused(stored: StoredExamples) -> None:
    write(stored, Rows())
    np.save(stored.folder / "inputs.npy", INPUTS[:5])
    with pytest.raises(IntegrityError, match="must be as it was written"):
        stored.load()


def test_a_full_disk_is_reported_before_anything_is_written(stored: StoredExamples) -> None:
    with pytest.raises(MissingDataError, match="GB free"):
        stored.write(
            Rows(), LABELS, shape=(10**7, 10**7), dtype="uint8", source={}, report=lambda _: None
        )
