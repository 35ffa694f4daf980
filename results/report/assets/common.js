"use strict";
// The data, the algorithms in colour, and what all figures share.
const report = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const MOST = 10;
  const SYMBOLS = ["circle", "square2", "triangle2", "diamond2", "star", "wye", "cross", "times", "asterisk", "plus"];
  const DASHES = ["", "6 2", "2 2", "8 2 2 2", "4 2", "8 2 2 2 2 2", "12 3"];
  const listeners = [];
  let slots = new Map(data.highlight.map((index, slot) => [index, slot]));

  const colour = (index) => `var(--c${slots.get(index)})`;
  const symbol = (index) => SYMBOLS[slots.get(index)];
  const dash = (index) => DASHES[slots.get(index) % DASHES.length];

  // Add or remove an algorithm; the others keep their colours.
  function toggle(index, on) {
    if (!on) slots.delete(index);
    else if (slots.size < MOST) {
      const used = new Set(slots.values());
      slots.set(index, SYMBOLS.findIndex((_, slot) => !used.has(slot)));
    }
    listeners.forEach((draw) => draw());
  }

  function reset() {
    slots = new Map(data.highlight.map((index, slot) => [index, slot]));
    listeners.forEach((draw) => draw());
  }

  const element = (id) => document.getElementById(id);

  function fill(select, options) {
    select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
  }

  // Quote for a POSIX shell.
  const quoted = (text) => /^[\w@%+=:,./!-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

  // The arguments that select the results, without problems if the command names its own.
  function selected(problem) {
    const kept = [];
    for (let i = 0; i < data.selection.length; i += 2) {
      if (problem && data.selection[i] === "-p") continue;
      kept.push(data.selection[i], data.selection[i + 1]);
    }
    return problem ? [...kept, "-p", problem] : kept;
  }

  function command(words) {
    return ["fusefront", ...words].map(quoted).join(" ");
  }

  const coloured = () => [...slots.keys()].sort((a, b) => slots.get(a) - slots.get(b));

  function plotCommand(kind, problem, more = []) {
    const names = coloured().flatMap((index) => ["--highlight", data.names[index]]);
    const file = ["-o", `${kind}.pdf`];
    return command(["plot", data.source, "--kind", kind, ...selected(problem), ...more, ...names, ...file]);
  }

  function legend(place, shown, line) {
    const items = coloured().filter((index) => shown.has(index)).map((index) => {
      const item = document.createElement("span");
      const dot = Plot.dot([[12, 8]], { x: "0", y: "1", symbol: symbol(index), fill: colour(index), stroke: colour(index), r: 4 });
      const marks = line ? [Plot.line([[0, 8], [24, 8]], { x: "0", y: "1", stroke: colour(index), strokeWidth: 2, strokeDasharray: dash(index) }), dot] : [dot];
      const sample = Plot.plot({ width: 24, height: 16, margin: 0, axis: null, x: { domain: [0, 24], range: [0, 24] }, y: { domain: [0, 16], range: [0, 16] }, marks });
      sample.setAttribute("aria-hidden", "true");
      item.append(sample, label(index));
      return item;
    });
    place.replaceChildren(...items);
  }

  const label = (index) => data.systems.includes(index) ? `${data.names[index]} (system)` : data.names[index];

  // Draw into a figure: the picture, its legend, a note and the command.
  function show(id, { plot, shown, note, text, line }) {
    const figure = element(id);
    for (const svg of [plot, ...plot.querySelectorAll("svg")].filter((node) => node.localName === "svg" && node.ariaLabel)) svg.setAttribute("role", "img");
    figure.querySelector(".drawing").replaceChildren(plot);
    legend(figure.querySelector(".legend"), shown, line);
    figure.querySelector(".note").textContent = note;
    figure.querySelector(".command code").textContent = text;
  }

  const counted = (shown, left, why) => `${shown} ${shown === 1 ? "algorithm" : "algorithms"}${left ? `; ${left} ${why}` : ""}.`;

  const width = (id) => Math.max(280, element(id).querySelector(".drawing").clientWidth);

  return { data, element, fill, toggle, reset, colour, symbol, dash, coloured, command, plotCommand, selected, label, show, width, counted, listeners, MOST, has: (index) => slots.has(index) };
})();
