"use strict";
// Cost against quality, the heat map, and curves over the budget.
report.figures = (() => {
  const { data, element, fill } = report;
  const ALL = "";
  const costs = Object.keys(data.cells.costs);
  const sign = data.direction === "maximise" ? -1 : 1;
  const metric = data.metric === "expected-utility" ? [] : ["--metric", data.metric];
  const byProblem = d3.group(data.cells.rows, (row) => row[0]);
  const problems = (names) => [...(names.length > 1 ? [[ALL, `all ${names.length} (mean)`]] : []), ...names.map((name) => [name, name])];
  const mean = (values) => values.length && values.every((value) => value !== null) ? d3.mean(values) : null;

  // Quality and costs of each algorithm, on a problem or as means over all.
  function averages(problem) {
    const rows = problem === ALL ? data.cells.rows : byProblem.get(problem);
    return [...d3.group(rows, (row) => row[1])].map(([index, own]) => {
      const whole = problem !== ALL || own.length === data.cells.problems.length;
      const [quality, ...spent] = d3.range(2, 3 + costs.length).map((place) => mean(own.map((row) => row[place])));
      return { index, name: report.label(index), quality: whole ? quality : null, spent };
    });
  }

  function best(rows) {
    let least = Infinity;
    return rows.filter((row) => !data.systems.includes(row.index)).toSorted((a, b) => a.x - b.x || sign * (a.quality - b.quality))
      .filter((row) => sign * row.quality < least && ((least = sign * row.quality), true));
  }

  function drawCost() {
    const problem = element("cost-problem").value;
    const place = costs.indexOf(element("cost-cost").value);
    const found = averages(problem);
    const rows = found.filter((row) => row.quality !== null && row.spent[place] !== null);
    const positive = rows.map((row) => row.spent[place]).filter((value) => value > 0);
    const log = positive.length > 0 && d3.max(positive) / d3.min(positive) > 20;
    const edge = log ? d3.min(positive) / 2 : 0;
    for (const row of rows) row.x = Math.max(row.spent[place], edge);
    const title = data.cells.costs[costs[place]];
    const zeros = log && positive.length < rows.length ? ", 0 at the left edge" : "";
    const grey = rows.filter((row) => !report.has(row.index));
    const plot = Plot.plot({
      width: Math.min(report.width("cost"), 900), height: 430, grid: true, marginLeft: 56, marginBottom: 42,
      ariaLabel: `${data.title} against ${title}`,
      x: { type: log ? "log" : "linear", label: `${title} (lower is better${zeros})`, tickFormat: d3.format("~s"), inset: 10, ...(log ? { ticks: 5 } : {}) },
      y: { label: data.title, nice: true, inset: 8 },
      marks: [
        Plot.frame({ stroke: "var(--line)" }),
        Plot.line(best(rows), { x: "x", y: "quality", curve: "step-after", stroke: "var(--reference)" }),
        Plot.dot(grey, { x: "x", y: "quality", r: 3, stroke: "var(--grey)", fill: (row) => data.systems.includes(row.index) ? "none" : "var(--grey)" }),
        ...rows.filter((row) => report.has(row.index)).map((row) => Plot.dot([row], { x: "x", y: "quality", r: 6, symbol: report.symbol(row.index), stroke: report.colour(row.index), strokeWidth: 2, fill: data.systems.includes(row.index) ? "none" : report.colour(row.index) })),
        Plot.tip(rows, Plot.pointer({ x: "x", y: "quality", maxRadius: 25, fill: "var(--back)", title: (row) => `${row.name}\n${title}: ${d3.format(",~r")(row.spent[place])}\n${data.title}: ${row.quality.toPrecision(4)}` })),
      ],
    });
    const note = report.counted(rows.length, found.length - rows.length, "without a result or its cost");
    const text = report.plotCommand("cost-quality", problem, ["--cost", costs[place].replaceAll("_", "-"), ...metric]);
    report.show("cost", { plot, shown: new Set(rows.map((row) => row.index)), note, text, line: false });
  }

  const FEW = 30;

  function drawHeat() {
    const order = averages(ALL).sort((a, b) => (a.quality === null) - (b.quality === null) || sign * (a.quality - b.quality));
    const all = element("heat-all").checked || order.length <= FEW;
    const kept = order.filter((row, place) => all || place < FEW || report.has(row.index)).map((row) => row.index);
    const cells = data.cells.rows.filter((row) => kept.includes(row[1]) && row[2] !== null);
    const values = data.cells.rows.map((row) => row[2]).filter((value) => value !== null).sort(d3.ascending);
    const domain = sign > 0 ? [values[0], d3.quantile(values, 0.95)] : [d3.quantile(values, 0.05), values.at(-1)];
    const margin = report.width("heat") < 500 ? 120 : 190;
    const wide = Math.max(46, Math.min(110, (report.width("heat") - margin - 20) / data.cells.problems.length));
    const colour = { type: "linear", scheme: "cividis", domain, clamp: true, reverse: sign < 0, label: data.title };
    const shade = d3.scaleLinear(domain, sign > 0 ? [0, 1] : [1, 0]).clamp(true);
    const fits = (text, most) => text.length > most ? `${text.slice(0, most - 1)}…` : text;
    const plot = Plot.plot({
      width: margin + 20 + wide * data.cells.problems.length, height: 115 + 17 * kept.length, marginLeft: margin, marginTop: 105, marginRight: 20, marginBottom: 10,
      ariaLabel: `${data.title} by algorithm and problem`, color: colour,
      x: { domain: data.cells.problems, axis: "top", label: null, tickRotate: -40, tickSize: 0, tickFormat: (name) => fits(name, 18) },
      y: { domain: kept, label: null, tickSize: 0, tickFormat: (index) => fits(report.label(index), Math.floor(margin / 6.2)) },
      marks: [
        Plot.cell(cells, { x: (row) => row[0], y: (row) => row[1], fill: (row) => row[2], inset: 0.5, title: (row) => `${report.label(row[1])} on ${row[0]}: ${row[2]}`, tip: { fill: "var(--back)" } }),
        Plot.text(cells, { x: (row) => row[0], y: (row) => row[1], text: (row) => row[2].toFixed(2), fill: (row) => shade(row[2]) < 0.55 ? "#ffffff" : "#000000", fontSize: 10, pointerEvents: "none" }),
      ],
    });
    const box = document.createElement("div");
    box.append(Plot.legend({ color: colour, width: Math.min(320, report.width("heat")), marginLeft: 20, marginRight: 20, tickFormat: ".2~f", ticks: 4 }), plot);
    const note = all ? `${kept.length} algorithms.` : `The first ${FEW} of ${order.length} algorithms and those in colour.`;
    report.show("heat", { plot: box, shown: new Set(), note, text: report.plotCommand("heat-map", ALL, metric), line: false });
  }

  function courses(problem) {
    const { problems, values } = data.curves;
    const place = problems.indexOf(problem);
    return values.map((own, index) => {
      const known = problem === ALL ? (own.every((one) => one) ? own : []) : own[place] ? [own[place]] : [];
      return { index, values: known.length ? data.curves.places.map((_, k) => d3.mean(known, (one) => one[k])) : null };
    }).filter((one) => one.values);
  }

  function drawCurves() {
    const problem = element("curves-problem").value;
    const found = courses(problem).sort((a, b) => report.has(a.index) - report.has(b.index));
    const rows = found.map(({ index, values }) => values.map((y, k) => ({ x: data.curves.places[k], y, name: report.label(index) })));
    const plot = Plot.plot({
      width: Math.min(report.width("curves"), 900), height: 430, grid: true, marginLeft: 56, marginBottom: 42,
      ariaLabel: `Expected utility over the budget, ${problem || "all problems"}`,
      x: { type: "log", label: "Units spent", tickFormat: d3.format("~s"), ticks: 5 },
      y: { label: `Expected utility on ${data.curves.measured} (lower is better)` },
      marks: [
        Plot.frame({ stroke: "var(--line)" }),
        ...found.map(({ index }, place) => Plot.line(rows[place], report.has(index)
          ? { x: "x", y: "y", curve: "step-after", stroke: report.colour(index), strokeWidth: 2, strokeDasharray: report.dash(index) }
          : { x: "x", y: "y", curve: "step-after", stroke: "var(--grey)", strokeWidth: 0.7 })),
        Plot.tip(rows.flat(), Plot.pointer({ x: "x", y: "y", maxRadius: 20, fill: "var(--back)", title: (p) => `${p.name}\n${d3.format(",.0f")(p.x)} units: ${p.y.toFixed(3)}` })),
      ],
    });
    const note = report.counted(found.length, data.names.length - found.length, `without milestones on ${problem === ALL ? "some problem" : "this problem"}`);
    report.show("curves", { plot, shown: new Set(found.map((one) => one.index)), note, text: report.plotCommand("anytime", problem), line: true });
  }

  fill(element("cost-problem"), problems(data.cells.problems));
  fill(element("cost-cost"), Object.entries(data.cells.costs));
  for (const id of ["cost-problem", "cost-cost"]) element(id).addEventListener("change", drawCost);
  element("heat-all").closest("label").hidden = data.names.length <= FEW;
  element("heat-all").addEventListener("change", drawHeat);
  report.listeners.push(drawCost, drawHeat);
  if (data.curves) {
    fill(element("curves-problem"), problems(data.curves.problems));
    element("curves-problem").addEventListener("change", drawCurves);
    report.listeners.push(drawCurves);
  }
})();
