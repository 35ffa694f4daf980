"use strict";
// The choice of algorithms, and the first drawing of everything.
(() => {
  const { data, element } = report;
  const boxes = data.names.map((name, index) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.addEventListener("change", () => report.toggle(index, box.checked));
    label.append(box, ` ${report.label(index)}`);
    return { label, box };
  });
  element("chooser-list").append(...boxes.map(({ label }) => label));

  function sync() {
    const full = report.coloured().length >= report.MOST;
    boxes.forEach(({ box }, index) => {
      box.checked = report.has(index);
      box.disabled = full && !box.checked;
    });
    element("chooser-count").textContent = `${report.coloured().length} in colour${full ? ", the most" : ""}`;
  }

  element("chooser-filter").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    boxes.forEach(({ label }) => { label.hidden = !label.textContent.toLowerCase().includes(wanted); });
  });
  element("chooser-reset").addEventListener("click", report.reset);
  const metric = data.metric === "expected-utility" ? [] : ["--metric", data.metric];
  element("board-command").textContent = report.command(["table", data.source, ...report.selected(), ...metric, "--top", "all"]);

  const draw = () => report.listeners.forEach((one) => one());
  report.listeners.push(sync);
  report.fronts.choose();
  draw();
  let last = window.innerWidth;
  let timer = 0;
  window.addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (window.innerWidth === last) return;
      last = window.innerWidth;
      draw();
    }, 150);
  });
})();
