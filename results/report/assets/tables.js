"use strict";
// Tables that can be sorted and filtered.
report.tables = (() => {
  const { data, element } = report;
  // Texts begin with their number: "2-5 =", "0.312 [0.29, 0.33]".
  const leading = (value) => typeof value === "number" ? value : parseFloat(value);

  // Numbers before texts, and missing values last in both directions.
  function compare(a, b, first, second, column, direction) {
    const [x, y] = [leading(a), leading(b)];
    if (Number.isNaN(x) !== Number.isNaN(y)) return (Number.isNaN(x) ? 1 : -1) * (direction === "asc" ? 1 : -1);
    return Number.isNaN(x) ? String(a ?? "").localeCompare(String(b ?? ""), "en", { numeric: true }) : x - y;
  }

  // `< 0.3` and `>= 2` compare numbers; anything else must be part of the text.
  function matches(wanted, value) {
    const [, sign, limit] = /^\s*(<=|>=|<|>|=)\s*(-?[\d.]+(?:e-?\d+)?)\s*$/i.exec(wanted) ?? [];
    if (!sign) return String(value ?? "").toLowerCase().includes(wanted.trim().toLowerCase());
    const [x, y] = [leading(value), Number(limit)];
    return { "<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y, "=": x === y }[sign];
  }

  function text(cell, params) {
    const node = document.createElement("span");
    const value = cell.getValue();
    const shown = typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(4) : value ?? "–";
    node.textContent = params.marked?.has(value) ? `${value} †` : String(shown);
    return node;
  }

  function columns(titles, marked, frozen) {
    return titles.map((title, place) => ({
      title, field: `c${place}`, titleFormatter: "plaintext", formatter: text,
      formatterParams: place === 0 && marked ? { marked } : {},
      sorter: title === "algorithm" || title === "problem" ? "string" : compare,
      headerFilter: "input", headerFilterFunc: matches, minWidth: 80, ...(place < titles.length - 1 ? { maxWidth: 320 } : {}),
      headerFilterParams: { elementAttributes: { "aria-label": `Filter ${title}`, spellcheck: "false" } },
      frozen: frozen && place === 0,
    }));
  }

  // Headings can be reached and activated by keyboard.
  function useKeyboard(table) {
    for (const column of table.getColumns()) {
      const heading = column.getElement();
      heading.querySelector(".tabulator-col-title-holder").tabIndex = 0;
      heading.addEventListener("keydown", (event) => {
        if (event.target.tagName === "INPUT" || !["Enter", " "].includes(event.key)) return;
        event.preventDefault();
        const descending = heading.getAttribute("aria-sort") === "ascending";
        table.setSort(column.getField(), descending ? "desc" : "asc");
      });
    }
  }

  function make(id, filter, count, source, marked) {
    const rows = source.rows.map((row) => Object.fromEntries(row.map((value, place) => [`c${place}`, value])));
    const table = new Tabulator(`#${id}`, {
      data: rows, columns: columns(source.columns, marked, window.innerWidth > 700),
      layout: "fitDataStretch", maxHeight: "480px", placeholder: "No row matches.", selectableRows: false,
      columnDefaults: { headerSortTristate: false, resizable: false },
    });
    const tell = (shown) => { element(count).textContent = `${shown} of ${rows.length} rows`; };
    table.on("tableBuilt", () => useKeyboard(table));
    table.on("dataFiltered", (filters, found) => tell(found.length));
    tell(rows.length);
    element(filter).addEventListener("input", (event) => {
      const wanted = event.target.value;
      table.setFilter((row) => Object.values(row).some((value) => matches(wanted, value)));
    });
    return table;
  }

  return {
    board: make("board", "board-filter", "board-count", data.board, new Set(data.board.worse)),
    runs: make("runs-table", "runs-filter", "runs-count", data.runs, null),
  };
})();
