"""A text file that is not UTF-8 is refused with the encoding, or the row, that was found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fusefront.errors import IntegrityError
from fusefront.problems.custom.tables import read_table

ROWS = {
    "csv": 'text,label\nred cat,0\n"two\nlines",1\ncafé,0\n',
    "tsv": 'text\tlabel\nred cat\t0\n"two\nlines"\t1\ncafé\t0\n',
    "jsonl": '{"text": "red cat", "label": 0}\n{"text": "a\\nb", "label": 1}\n'
    '{"text": "café", "label": 0}\n',
}
FORMATS = pytest.mark.parametrize("kind", list(ROWS))


def read(path: Path) -> list[str]:
    found = read_table(path, ["text", "label"])["text"]
    return found if isinstance(found, list) else found.to_pylist()


@FORMATS
@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-16", "a byte order mark of UTF-16"),
        ("utf-32", "a byte order mark of UTF-32"),
        ("utf-16-le", "zero bytes, as in UTF-16 without a byte order mark"),
        ("utf-16-be", "zero bytes, as in UTF-16 without a byte order mark"),
        ("latin-1", "the byte 0xe9 in row 3"),
    ],
)
def test_another_encoding_is_named(tmp_path: Path, kind: str, encoding: str, found: str) -> None:
    path = tmp_path / f"d.{kind}"
    path.write_bytes(ROWS[kind].encode(encoding))
    with pytest.raises(IntegrityError) as caught:
        read(path)
    assert str(caught.value) == (
        f"`{path}` must be encoded as UTF-8. Found {found}. Save it again as UTF-8."
    )


@pytest.mark.parametrize(
    "change", [lambda text: text, lambda text: "\ufeff" + text], ids=["plain", "marked"]
)
@FORMATS
def test_utf8_is_read_with_and_without_a_mark(
    tmp_path: Path, kind: str, change: Callable[[str], str]
) -> None:
    path = tmp_path / f"d.{kind}"
    path.write_bytes(change(ROWS[kind]).encode())
    assert read(path)[2] == "café"


def test_a_header_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes("text,label,prénom\na,0,x\n".encode("latin-1"))
    with pytest.raises(IntegrityError, match=r"the byte 0xe9 in the names of the columns\. "):
        read(path)


def test_another_fault_of_the_file_keeps_its_own_reason(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text('{"text": "café"}\n[1]\n', encoding="utf-8")
    with pytest.raises(IntegrityError, match="list instead of an object in line 2"):
        read(path)
