"use strict";
// The board: asks for the table of runs and the curves of the chosen ones, and changes in the page what has changed.
(() => {
  const PAUSE = 2000, place = name => document.getElementById(name);
  const waiting = place("waits-for");
  if (waiting && !waiting.dataset.fault) {
    const ask = async () => {
      try { if ((await (await fetch(`/ready/${encodeURIComponent(waiting.dataset.run)}`)).json()).ready) { location.reload(); return; } } catch { /* asked again */ }
      setTimeout(ask, 1000);
    };
    ask();
  }
  const table = place("runs");
  if (!table) return;
  const head = table.tHead, body = table.tBodies[0], charts = place("board-charts"), note = place("curves-note"), fault = place("fault"), count = place("count");
  const rows = new Map(), figures = new Map(), kept = JSON.parse(sessionStorage.getItem("dlcli-board") || "{}");
  const state = { filter: kept.filter || "", sort: kept.sort || "", chosen: new Set(kept.chosen || []), touched: kept.touched || false, version: "", heads: "", curves: "", asked: "" };
  place("filter").value = state.filter;
  const keep = () => sessionStorage.setItem("dlcli-board", JSON.stringify({ filter: state.filter, sort: state.sort, chosen: [...state.chosen], touched: state.touched }));
  const made = (name, properties = {}, ...inside) => { const element = Object.assign(document.createElement(name), properties); element.append(...inside); return element; };
  const query = pairs => pairs.filter(pair => pair[1]).map(pair => pair.map(encodeURIComponent).join("=")).join("&");

  const drawHead = columns => {
    const text = JSON.stringify([columns, state.sort]);
    if (text === state.heads) return;
    state.heads = text;
    const cells = [{ name: "run", head: "run" }, ...columns].map(column => {
      const cell = made("th", { scope: "col", className: column.right ? "right" : "" }), down = state.sort === "-" + column.name, up = state.sort === column.name;
      cell.setAttribute("aria-sort", up ? "ascending" : down ? "descending" : "none");
      const button = made("button", { type: "button", title: column.name, textContent: column.head + (up ? " ▲" : down ? " ▼" : "") });
      button.dataset.sort = down ? column.name : up ? "" : "-" + column.name;
      cell.append(button);
      return cell;
    });
    const focused = head.contains(document.activeElement) ? [...head.querySelectorAll("button")].indexOf(document.activeElement) : -1;
    head.replaceChildren(made("tr", {}, made("th", { scope: "col" }, made("span", { className: "unseen", textContent: "curves" })), ...cells));
    if (focused >= 0) head.querySelectorAll("button")[focused]?.focus();
  };
  const madeRow = (row, columns) => {
    const box = made("input", { type: "checkbox", checked: state.chosen.has(row.run) });
    box.setAttribute("aria-label", `curves of ${row.run}`);
    box.dataset.run = row.run;
    const link = made("a", { href: row.group ? "#" : `/run/${encodeURIComponent(row.run)}`, textContent: row.group ? row.run + "/…" : row.run, title: row.group ? `the runs of ${row.run}` : row.run });
    if (row.group) link.dataset.group = row.run;
    const cells = row.cells.map((text, at) => made("td", { textContent: text, className: columns[at].right ? "right" : "" }));
    return { element: made("tr", {}, made("td", {}, box), made("th", { scope: "row" }, link), ...cells), cells, box, texts: row.cells };
  };
  const drawRows = (found, rebuild) => {
    const columns = found.columns, now = new Set(found.rows.map(row => row.run)), status = columns.findIndex(column => column.name === "status");
    if (rebuild) rows.clear();
    for (const [run] of rows) if (!now.has(run)) { rows.get(run).element.remove(); rows.delete(run); }
    const order = [];
    for (const row of found.rows) {
      let kept = rows.get(row.run);
      if (!kept) rows.set(row.run, kept = madeRow(row, columns));
      row.cells.forEach((text, at) => { if (kept.texts[at] !== text) kept.cells[at].textContent = text; });
      kept.texts = row.cells;
      if (status >= 0) { const name = row.alive ? "alive" : row.group ? "" : row.status; if (kept.cells[status].className !== name) kept.cells[status].className = name; }
      order.push(kept.element);
    }
    if (rebuild) body.replaceChildren(...order);
    else order.forEach((element, at) => { if (body.rows[at] !== element) body.insertBefore(element, body.rows[at] || null); });
  };
  const drawTable = found => {
    const before = state.heads.split("]")[0], rebuild = JSON.stringify([found.columns, state.sort]) !== state.heads && (drawHead(found.columns), true);
    drawRows(found, rebuild);
    const only = found.rows.length < found.listed ? `the first ${found.rows.length} of ${found.listed} rows, ` : "";
    const words = `${only}${found.chosen} of ${found.all} runs, ${found.alive} training`;
    if (count.textContent !== words) count.textContent = words;
    if (!state.touched) {
      const first = found.rows.filter(row => row.alive).slice(0, 8), wanted = first.length ? first : found.rows.slice(0, 3);
      state.chosen = new Set(wanted.map(row => row.run));
      rows.forEach((row, run) => { row.box.checked = state.chosen.has(run); });
    }
  };
  const drawCurves = found => {
    const titles = new Set(found.charts.map(spec => spec.title));
    for (const [title, figure] of figures) if (!titles.has(title)) { dlcli.forget(figure.plot); figure.element.remove(); figures.delete(title); }
    for (const spec of found.charts) {
      let figure = figures.get(spec.title);
      if (!figure) {
        const plot = made("div", { className: "plot", tabIndex: 0 }), values = made("div", { className: "scroll" });
        plot.setAttribute("role", "group");
        const details = made("details", {}, made("summary", { textContent: `Values of ${spec.title}` }), values);
        figure = { plot, element: made("figure", { className: "chart" }, made("figcaption", { textContent: spec.title }), plot, details), details, values };
        details.addEventListener("toggle", () => drawValues(figure));
        figures.set(spec.title, figure);
        charts.append(figure.element);
      }
      figure.spec = spec;
      figure.plot.setAttribute("aria-label", spec.words);
      dlcli.show(figure.plot, spec);
      drawValues(figure);
    }
    note.textContent = found.charts.length ? found.missing.join("; ") : found.missing.join("; ") || "No run is chosen: mark one in the table.";
  };
  const drawValues = figure => {
    if (!figure.details.open) return;
    const { spec } = figure, step = Math.max(1, Math.ceil(spec.x.values.length / 100)), lines = spec.lines.filter(line => line.kind !== "guide");
    const header = made("tr", {}, ...[spec.x.name, ...lines.map(line => line.name)].map(name => made("th", { scope: "col", className: "right", textContent: name })));
    const found = spec.x.values.map((x, at) => [x, ...lines.map(line => line.values[at])]).filter((_, at) => at % step === 0);
    const values = found.map(([x, ...rest]) => made("tr", {}, made("th", { scope: "row", className: "right", textContent: x }), ...rest.map(value => made("td", { className: "right", textContent: dlcli.short(value) }))));
    figure.values.replaceChildren(made("table", {}, made("thead", {}, header), made("tbody", {}, ...values)));
  };
  const asked = async address => {
    const answer = await fetch(address), content = await answer.json();
    if (content.error) throw Object.assign(new Error([content.error.message, content.error.hint].filter(Boolean).join(" – ")), { told: true });
    return content;
  };
  let running = null, again = false;
  const look = async () => {
    const filters = state.filter.split(";").map(each => ["filter", each.trim()]);
    const found = await asked(`/runs.json?${query([...filters, ["sort", state.sort], ["since", state.version]])}`);
    if (found.value) drawTable(found.value);
    state.version = found.version;
    const names = [...state.chosen], key = names.join("\n");
    const curves = await asked(`/curves.json?${query([...names.map(name => ["run", name]), ["since", key === state.asked ? state.curves : ""]])}`);
    if (curves.value) drawCurves(curves.value);
    state.curves = curves.version; state.asked = key;
    fault.hidden = true;
  };
  const update = () => {
    if (running) { again = true; return running; }
    running = look().catch(error => { fault.textContent = error.told ? error.message : "The board does not answer: was it ended?"; fault.hidden = false; })
      .finally(() => { running = null; if (again) { again = false; update(); } });
    return running;
  };
  const anew = () => { state.version = ""; keep(); return update(); };
  place("filter-form").addEventListener("submit", event => { event.preventDefault(); state.filter = place("filter").value; anew(); });
  place("none-chosen").addEventListener("click", () => { state.chosen.clear(); state.touched = true; rows.forEach(row => { row.box.checked = false; }); keep(); update(); });
  head.addEventListener("click", event => { const button = event.target.closest("button"); if (button) { state.sort = button.dataset.sort; anew(); } });
  body.addEventListener("click", event => {
    const { group } = event.target.dataset;
    if (group) { event.preventDefault(); state.filter = place("filter").value = `run~${group}/`; anew(); }
  });
  body.addEventListener("change", event => {
    const { run } = event.target.dataset;
    state.touched = true;
    if (event.target.checked) state.chosen.add(run); else state.chosen.delete(run);
    keep(); update();
  });
  const beat = async () => { if (!document.hidden) await update(); setTimeout(beat, PAUSE); };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) update(); });
  beat();
})();
