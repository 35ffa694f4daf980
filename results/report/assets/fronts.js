"use strict";
// Objectives on two tasks of a problem.
report.fronts = (() => {
  const { data, element, fill } = report;
  const LIMIT = 1.5;
  const front = () => data.fronts[Number(element("fronts-problem").value)];

  // The points that no other beats, from left to right.
  function nondominated(points) {
    let least = Infinity;
    return points.toSorted((a, b) => a.x - b.x || a.y - b.y).filter((p) => p.y < least && ((least = p.y), true));
  }

  function project(own) {
    const [x, y] = [Number(element("fronts-x").value), Number(element("fronts-y").value)];
    const of = (index) => (row) => ({ index, x: row[x], y: row[y], name: index === null ? "" : report.label(index) });
    const known = (p) => p.x !== null && p.y !== null;
    const points = own.points.map(([index, rows]) => rows.map(of(index)).filter(known));
    const anchors = Object.entries(own.anchors).flatMap(([kind, rows]) =>
      rows.map((row, place) => ({ ...of(null)(row), name: kind === "expert" ? `expert ${own.tasks[place]}` : kind })).filter(known));
    return { points, anchors };
  }

  function domain(values) {
    const [low, high] = d3.extent([0, 1, ...values.filter((value) => value <= LIMIT)]);
    const margin = (high - low) * 0.05;
    return [low - margin, high + margin];
  }

  function marksOf(index, points, plane) {
    const grey = !report.has(index);
    const stroke = grey ? "var(--grey)" : report.colour(index);
    const line = Plot.line(nondominated(points), { x: "x", y: "y", curve: "step-after", stroke, strokeWidth: grey ? 0.7 : 1.8, strokeDasharray: grey ? "" : report.dash(index), clip: true });
    const style = grey ? { r: 1.5, fill: stroke } : { r: 4, symbol: report.symbol(index), fill: stroke, stroke };
    const dots = Plot.dot(points, { x: "x", y: "y", clip: true, ...style });
    return plane ? [line, dots] : [dots];
  }

  function draw() {
    const own = front();
    const { points, anchors } = project(own);
    const plane = own.tasks.length === 2;
    const all = points.flat();
    const beyond = all.filter((p) => p.x > LIMIT || p.y > LIMIT).length;
    const order = own.points.map(([index], place) => [index, points[place]]).sort(([a], [b]) => report.has(a) - report.has(b));
    const shown = [...all, ...anchors];
    const width = Math.min(report.width("fronts"), 760);
    const task = (id) => own.tasks[Number(element(id).value)];
    const plot = Plot.plot({
      width, height: Math.min(width * 0.8, 560), grid: true, marginLeft: 50, marginBottom: 42,
      ariaLabel: `Fronts on ${own.problem}`, ariaDescription: "Objectives on two tasks, lower is better",
      x: { domain: domain(shown.map((p) => p.x)), label: `g of ${task("fronts-x")} (lower is better)` },
      y: { domain: domain(shown.map((p) => p.y)), label: `g of ${task("fronts-y")} (lower is better)` },
      marks: [
        Plot.frame({ stroke: "var(--line)" }),
        ...order.flatMap(([index, own]) => marksOf(index, own, plane)),
        Plot.dot(anchors, { x: "x", y: "y", symbol: "times", stroke: "var(--reference)", r: 5, clip: true }),
        Plot.text(anchors, { x: "x", y: "y", text: "name", dy: -10, fill: "var(--reference)", stroke: "var(--back)", clip: true }),
        Plot.tip(shown, Plot.pointer({ x: "x", y: "y", maxRadius: 25, fill: "var(--back)", title: (p) => `${p.name}\n${p.x}, ${p.y}` })),
      ],
    });
    const absent = Object.entries(own.absent).map(([why, names]) => `${names.slice(0, 5).join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}: ${why}`);
    const notes = ["The run of median expected utility of each algorithm, on test data", ...absent];
    if (beyond) notes.push(`${beyond} points beyond g = ${LIMIT} not shown`);
    report.show("fronts", { plot, shown: new Set(own.points.map(([index]) => index)), note: `${notes.join("; ")}.`, line: plane, text: report.plotCommand("front", own.problem) });
  }

  function choose() {
    const tasks = front().tasks.map((task, place) => [place, task]);
    fill(element("fronts-x"), tasks);
    fill(element("fronts-y"), tasks);
    element("fronts-y").value = Math.min(1, tasks.length - 1);
    draw();
  }

  fill(element("fronts-problem"), data.fronts.map((own, place) => [place, own.problem]));
  // Two tasks are easiest to read.
  element("fronts-problem").value = Math.max(0, data.fronts.findIndex((own) => own.tasks.length === 2));
  element("fronts-problem").addEventListener("change", choose);
  for (const id of ["fronts-x", "fronts-y"]) element(id).addEventListener("change", draw);
  report.listeners.push(draw);
  return { draw, choose };
})();
