"""Write the tables of docs/ from the results of `make bench`: `python -m benches.report JSON`."""

import json
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent.parent / "docs"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"


def row(info: dict[str, Any]) -> str:
    """Return one line of the table."""
    spread = info["spread"]
    ratio = f"{info['ratio']:.2f}" + (f" ({spread[0]:.2f} to {spread[1]:.2f})" if spread else "")
    goal = "" if info["goal"] is None else f"{info['goal']:g}"
    reached = "" if info["goal"] is None else ("yes" if info["ratio"] >= info["goal"] else "no")
    sides = f"{info['ours']:.3g} {info['unit']} | {info['theirs']:.3g} {info['unit']}"
    return f"| {info['what']} | {info['peer']} | {sides} | {ratio} | {goal} | {reached} |"


def write(page: Path, table: list[str]) -> None:
    """Replace the table between the marks of a page."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(before + BEGIN + "\n".join(table) + "\n" + END + after)


def main() -> None:
    """Write both tables; a table without measurements is left as it is."""
    found = [b["extra_info"] for b in json.loads(Path(sys.argv[1]).read_text())["benchmarks"]]
    timed = [row(info) for info in found if "what" in info]
    if timed:
        head = (
            "| what | compared with | fusefront | other | ratio (range of pairs) | aim | reached |"
        )
        write(
            DOCS / "performance.md", [head, "| --- | --- | --- | --- | --- | --- | --- |", *timed]
        )
    compared = [
        f"| {info['method']} | {info['peer']} | {info['difference']:.1e} | {info['note']} |"
        for info in found
        if "method" in info
    ]
    if compared:
        head = "| method | compared with | largest difference | note |"
        write(DOCS / "correctness" / "peers.md", [head, "| --- | --- | --- | --- |", *compared])


if __name__ == "__main__":
    main()
