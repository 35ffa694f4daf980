"""The footer of a Parquet file, read without Arrow, as far as it states how much the file contains.

Arrow has the same facts, but its accessor for a column aborts the process if a flipped bit makes
the footer contradict itself. This reader raises an exception instead.

The footer is a structure of Thrift's compact protocol:
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md. Numbers of fields
are those of https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple, final

import pyarrow as pa

_MAGIC_BYTES: Final = 8  # the length of the footer, and `PAR1`
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_NUMBERS: Final = (_I16, _I32, _I64)
_DEPTH: Final = 32
_START: Final = 4  # after `PAR1`
# type, num_values, total_uncompressed_size, total_compressed_size, data_page_offset,
# dictionary_page_offset
_COLUMN_NUMBERS: Final = (1, 5, 6, 7, 9, 11)


class ColumnChunk(NamedTuple):
    """One column of one row group: name, physical type, numbers of values and bytes, and place."""

    name: str
    kind: int
    values: int
    bytes: int
    start: int
    end: int


class Footer(NamedTuple):
    """The content of a file, as the file itself states it."""

    row_groups: int
    columns: list[ColumnChunk]


def read_footer(data: pa.NativeFile) -> Footer:
    """Return the facts in the footer of an open file.

    Raises:
        ValueError: If the footer is damaged.
    """
    size = data.size()
    data.seek(size - _MAGIC_BYTES)
    length = int.from_bytes(data.read(4), "little")
    data.seek(size - _MAGIC_BYTES - length)
    reader = _Reader(data.read(length))
    groups, columns = 0, list[ColumnChunk]()
    try:
        for field, kind in reader.fields():
            if field != 4 or kind != _LIST:  # row_groups
                reader.skip(kind)
                continue
            for _ in reader.items():
                groups += 1
                columns += _columns_of_group(reader)
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("a footer that cannot be read") from error
    _check_places(columns, size - _MAGIC_BYTES - length)
    return Footer(groups, columns)


@final
class _Reader:
    """Reads a structure of the compact protocol from its first byte to its last."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def number(self) -> int:
        """Read an unsigned integer, seven bits per byte."""
        found = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7

    def signed(self) -> int:
        """Read a signed integer, whose sign is its last bit."""
        found = self.number()
        return (found >> 1) ^ -(found & 1)

    def text(self) -> str:
        """Read a text."""
        length = self.number()
        start = self._at
        self._at += length
        if self._at > len(self._data):
            raise IndexError
        return self._data[start : self._at].decode()

    def fields(self) -> Iterator[tuple[int, int]]:
        """Yield number and type of each field of a structure, whose value has to be read next."""
        field = 0
        while head := self._data[self._at]:
            self._at += 1
            field = field + (head >> 4) if head >> 4 else self.signed()
            yield field, head & 15
        self._at += 1

    def items(self) -> Iterator[int]:
        """Yield the type of each item of a list, whose value has to be read next."""
        head = self._data[self._at]
        self._at += 1
        for _ in range(head >> 4 if head >> 4 < 15 else self.number()):
            yield head & 15

    def skip(self, kind: int, depth: int = 0) -> None:
        """Read a value of any type, and forget it."""
        if depth > _DEPTH:
            raise ValueError("a footer that is nested too deeply")
        if kind in _NUMBERS:
            self.number()
        elif kind == _BINARY:
            length = self.number()
            self._at += length
        elif kind in (_LIST, _SET):
            for item in self.items():
                # In a list, true and false take a byte, while those of fields are in their type.
                self.skip(_BYTE if item in (_TRUE, _FALSE) else item, depth + 1)
        elif kind == _STRUCT:
            for _, inside in self.fields():
                self.skip(inside, depth + 1)
        elif kind in (_BYTE, _DOUBLE):
            self._at += 1 if kind == _BYTE else 8
        elif kind not in (_TRUE, _FALSE):
            raise ValueError(f"a footer with a value of type {kind}")


def _columns_of_group(reader: _Reader) -> list[ColumnChunk]:
    columns = list[ColumnChunk]()
    for field, kind in reader.fields():
        if field != 1 or kind != _LIST:  # columns
            reader.skip(kind)
            continue
        for _ in reader.items():
            for inside, type_inside in reader.fields():
                if inside == 3 and type_inside == _STRUCT:  # meta_data
                    columns.append(_column(reader))
                else:
                    reader.skip(type_inside)
    return columns


def _column(reader: _Reader) -> ColumnChunk:
    name, found = "", dict.fromkeys(_COLUMN_NUMBERS, 0)
    for field, kind in reader.fields():
        if field in found and kind in _NUMBERS:
            found[field] = reader.signed()
        elif field == 3 and kind == _LIST:  # path_in_schema
            name = ".".join(reader.text() for _ in reader.items())
        else:
            reader.skip(kind)
    kind, values, size, compressed, data_page, dictionary_page = found.values()
    start = min(data_page, dictionary_page) if dictionary_page else data_page
    return ColumnChunk(name, kind, values, size, start, start + compressed)


def _check_places(columns: list[ColumnChunk], end: int) -> None:
    """Check that the columns follow each other, from the start of the file to its footer.

    The footer has no checksum, unlike the pages. A flipped bit in a place would otherwise give the
    values of another column.
    """
    place = _START
    columns = [column for column in columns if column.values]  # others have no pages and no place
    for column in columns:
        if column.start != place:
            raise ValueError(f"column `{column.name}` at byte {column.start} instead of {place}")
        place = column.end
    if columns and place != end:
        raise ValueError(f"columns that end at byte {place} instead of {end}")
