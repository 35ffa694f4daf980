"""Limits of a table on disk, checked before its rows are decoded.

Parquet stores a repeated value once, so a file of a few kilobytes can hold rows that fill the
memory. The limits grow with the file: tables of fusefront are at most some 20 times larger in
memory than on disk, because most of their columns are measured numbers.
"""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .footer import read_footer

ALLOWANCE: Final = 256 << 20
"""Bytes in memory that any file may have."""
RATIO: Final = 200
"""Bytes in memory that a file may have, in addition, per byte on disk."""
ROW_GROUPS: Final = 10_000
COLUMNS: Final = 200

_WIDTHS: Final = {0: 1, 1: 4, 2: 8, 3: 12, 4: 4, 5: 8}
"""Bytes per value, by physical type of Parquet."""
_OFFSET: Final = 4
"""Bytes per text beside its characters."""


def excess(data: pa.NativeFile) -> str:
    """Return in which way the table in an open file is too large to read, or an empty text.

    Raises:
        ValueError: If the footer is damaged.
    """
    groups, columns = read_footer(data)
    if groups > ROW_GROUPS:
        return f"{groups} row groups instead of at most {ROW_GROUPS}"
    if len(columns) > groups * COLUMNS:
        return f"{len(columns) // groups} columns instead of at most {COLUMNS}"
    limit = ALLOWANCE + RATIO * data.size()
    known = sum(c.bytes + c.values * _WIDTHS.get(c.kind, _OFFSET) for c in columns)
    # A column of texts decodes to its number of values times its longest text. The length of that
    # is not known before its values are read, but it cannot exceed all different texts together.
    texts = [column for column in columns if column.kind not in _WIDTHS]
    if known <= limit < known + sum(text.values * text.bytes for text in texts):
        known += _bytes_of_texts(data, sorted({text.name for text in texts}), limit)
    return f"{known >> 20} MiB of rows in {data.size() >> 10} KiB" if known > limit else ""


def _bytes_of_texts(data: pa.NativeFile, columns: list[str], limit: int) -> int:
    """Return the bytes of the texts of these columns, without writing any text out twice.

    Read as a dictionary, a column takes four bytes per value, however long its texts are.
    """
    total = 0
    file = pq.ParquetFile(data, read_dictionary=columns)
    for column in columns:
        for group in range(file.num_row_groups):
            for chunk in file.read_row_group(group, [column]).column(0).chunks:
                total += _bytes_of_chunk(chunk)
                if total > limit:
                    return total
    return total


def _bytes_of_chunk(chunk: pa.Array) -> int:
    if pa.types.is_nested(chunk.type):
        parts = chunk.flatten()
        return sum(map(_bytes_of_chunk, parts if isinstance(parts, list) else [parts]))
    if pa.types.is_dictionary(chunk.type):
        lengths = pc.binary_length(chunk.dictionary).cast(pa.int64()).take(chunk.indices)
        return pc.sum(lengths).as_py() or 0
    return int(chunk.nbytes)
