"use strict";
// Draws the charts of a page from the JSON beside them, moves their pointers by keys, copies advice, and switches light and dark.
(() => {
  const root = document.documentElement, said = document.getElementById("said"), plots = new Map();
  const colour = name => getComputedStyle(root).getPropertyValue(name).trim();
  const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
  const short = value => value == null ? "–" : Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : Number(value).toPrecision(4);
  const seriesOf = line => {
    const stroke = colour(line.kind === "guide" ? "--dim" : "--c" + line.colour % 8);
    const series = { label: line.name, stroke, width: line.kind === "guide" ? 1 : 2, spanGaps: true, value: (_, value) => short(value),
      dash: line.kind === "guide" ? [4, 4] : DASHES[line.dash % DASHES.length], points: { show: false } };
    if (line.kind === "points") { series.paths = () => null; series.points = { show: true, size: 5, fill: stroke, width: 0 }; }
    if (line.kind === "bars") { series.paths = uPlot.paths.bars({ size: [0.9, 80] }); series.fill = stroke; series.width = 0; }
    if (line.kind === "line" && line.values.filter(value => value != null).length < 40) series.points = { show: true, size: 4, fill: stroke };
    return series;
  };
  const mark = spec => u => {
    if (!spec.marked) return;
    const [place, word] = spec.marked, x = Math.round(u.valToPos(place, "x", true)), ctx = u.ctx, right = x > u.bbox.left + u.bbox.width / 2;
    ctx.save(); ctx.strokeStyle = colour("--good"); ctx.fillStyle = colour("--good"); ctx.setLineDash([4, 4]); ctx.lineWidth = devicePixelRatio;
    ctx.beginPath(); ctx.moveTo(x, u.bbox.top); ctx.lineTo(x, u.bbox.top + u.bbox.height); ctx.stroke();
    ctx.font = 12 * devicePixelRatio + "px system-ui, sans-serif"; ctx.textAlign = right ? "right" : "left"; ctx.textBaseline = "top";
    ctx.fillText(word, x + (right ? -5 : 5) * devicePixelRatio, u.bbox.top + 3 * devicePixelRatio); ctx.restore();
  };
  // Whole numbers, as epochs are, have ticks at whole numbers; over many decades a line for each digit would make a grey band.
  const WHOLE = [...Array(16).keys()].flatMap(power => [1, 2, 5].map(digit => digit * 10 ** power)), MOST_DECADES = 8;
  const decades = (_, splits) => {
    const tens = splits.filter(value => value > 0 && Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6);
    if (tens.length < 3) return splits;
    const every = Math.ceil(tens.length / MOST_DECADES);
    return splits.map(value => tens.includes(value) && tens.indexOf(value) % every === 0 ? value : null);
  };
  const optionsOf = (spec, width) => {
    const axis = name => ({ stroke: colour("--dim"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 },
      label: name || undefined, labelSize: 20, labelFont: "12px system-ui, sans-serif", font: "12px system-ui, sans-serif" });
    const scale = { time: false }, flat = spec.x.values.length < 2 || spec.x.values[0] === spec.x.values[spec.x.values.length - 1];
    if (flat) { const at = spec.x.values[0] || 0; scale.range = () => [at - 1, at + 1]; }
    const bars = spec.lines.some(line => line.kind === "bars"), xs = spec.x.values;
    if (bars && xs.length > 1) { const half = (xs[1] - xs[0]) / 2; scale.range = () => [xs[0] - half, xs[xs.length - 1] + half]; }
    const values = (_, ticks) => ticks.map(tick => tick == null ? "" : Math.abs(tick) >= 1e6 || tick && Math.abs(tick) < 1e-4 ? tick.toExponential(1) : String(+tick.toPrecision(6)));
    const unit = bars ? { y: { range: (_, low, high) => [0, high * 1.05 || 1] } } : spec.shares ? { y: { range: [0, 1.02] } } : spec.log ? { y: { distr: 3 } } : {};
    const x_axis = { ...axis(spec.x.name), values, size: 32, labelSize: 18, ...(!bars && xs.every(Number.isInteger) ? { incrs: WHOLE } : {}) };
    const y_axis = { ...axis(spec.y), size: 58, values };
    if (spec.log && !bars && !spec.shares) { y_axis.filter = decades; y_axis.grid.filter = decades; y_axis.ticks.filter = decades; }
    const height = spec.small ? 170 : spec.square ? Math.min(340, Math.max(240, width * 0.75)) : 240;
    return { width, height, scales: { x: scale, ...unit }, axes: [x_axis, y_axis],
      cursor: { sync: spec.sync ? { key: spec.sync } : undefined, drag: { x: true, y: false } },
      series: [{ label: spec.x.name, value: (_, value) => short(value) }, ...spec.lines.map(seriesOf)], hooks: { draw: [mark(spec)] } };
  };
  const draw = (place, spec) => {
    const old = plots.get(place), width = Math.floor(place.clientWidth);
    if (width < 40) return;
    if (old) old.destroy();
    const u = new uPlot(optionsOf(spec, width), [spec.x.values, ...spec.lines.map(line => line.values)], place);
    plots.set(place, u);
    place.querySelectorAll(".u-legend .u-series:not(:first-child) th").forEach(name => {
      name.tabIndex = 0; name.setAttribute("role", "button");
      name.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); name.click(); } });
    });
  };
  const keyed = place => event => {
    const u = plots.get(place), spec = specs.get(place), last = spec.x.values.length - 1, now = u ? u.cursor.idx : null;
    if (!u || event.target !== place || last < 0) return;
    const at = now == null || now < 0 ? 0 : now;
    const next = { ArrowLeft: at - 1, ArrowRight: now == null ? 0 : at + 1, Home: 0, End: last, PageUp: at - 10, PageDown: at + 10 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(last, next)), line = spec.lines.find(each => each.values[to] != null);
    const scale = "y", value = line ? line.values[to] : null;
    u.setCursor({ left: u.valToPos(spec.x.values[to], "x"), top: value == null ? 10 : u.valToPos(value, scale) });
    said.textContent = `${spec.x.name} ${short(spec.x.values[to])}: ` + spec.lines.filter(each => each.kind !== "guide").map(each => `${each.name} ${short(each.values[to])}`).join(", ");
  };
  const specs = new Map();
  const attach = place => {
    draw(place, specs.get(place));
    place.addEventListener("keydown", keyed(place));
    new ResizeObserver(() => {
      const u = plots.get(place), spec = specs.get(place);
      if (spec && (!u || Math.abs(u.width - Math.floor(place.clientWidth)) > 1)) draw(place, spec);
    }).observe(place);
  };
  const place_charts = within => within.querySelectorAll("figure.chart").forEach(figure => {
    const place = figure.querySelector(".plot");
    if (specs.has(place)) return;
    specs.set(place, JSON.parse(figure.querySelector("script").textContent));
    attach(place);
  });
  const forget = place => { plots.get(place)?.destroy(); plots.delete(place); specs.delete(place); };
  const show = (place, spec) => {
    // A chart that grows keeps what a person has hidden in it; one with other lines is drawn anew.
    const old = specs.get(place), u = plots.get(place), shape = each => JSON.stringify([each.lines.map(line => [line.name, line.kind, line.values.length < 40]), each.log, each.marked]);
    specs.set(place, spec);
    if (!old) attach(place);
    else if (u && shape(old) === shape(spec)) u.setData([spec.x.values, ...spec.lines.map(line => line.values)]);
    else draw(place, spec);
  };
  const again = () => specs.forEach((spec, place) => draw(place, spec));
  window.dlcli = { forget, show, short };
  place_charts(document);

  // What is cut at a side fades there: a sign that it can be scrolled, which no phone shows of itself.
  const WIDE = ".scroll, pre, .graph";
  const hint = box => {
    const left = box.scrollLeft > 1, right = box.scrollLeft + box.clientWidth < box.scrollWidth - 1;
    box.dataset.more = left && right ? "both" : left ? "left" : right ? "right" : "";
  };
  document.addEventListener("scroll", event => { if (event.target.matches?.(WIDE)) hint(event.target); }, true);
  const sized = new ResizeObserver(seen => seen.forEach(({ target }) => { const box = target.closest(WIDE); if (box) hint(box); }));
  document.querySelectorAll(WIDE).forEach(box => { sized.observe(box); [...box.children].forEach(child => sized.observe(child)); });

  document.addEventListener("click", async event => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const text = button.dataset.copy;
    try { await navigator.clipboard.writeText(text); } catch {
      const area = document.createElement("textarea");
      area.value = text; document.body.append(area); area.select(); document.execCommand("copy"); area.remove(); button.focus();
    }
    button.textContent = "copied"; said.textContent = `copied ${text}`;
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });

  const theme = document.getElementById("theme"), dark = matchMedia("(prefers-color-scheme: dark)");
  const kept = () => { try { return localStorage.getItem("dlcli-theme"); } catch { return null; } };
  const isDark = () => (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  const named = () => {
    const other = isDark() ? "light" : "dark", korean = root.lang === "ko";
    theme.textContent = korean ? { light: "밝게", dark: "어둡게" }[other] : other;
    theme.setAttribute("aria-label", korean ? theme.textContent : `switch to ${other}`);
  };
  if (["light", "dark"].includes(kept())) { root.dataset.theme = kept(); again(); }
  theme.hidden = false; named();
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("dlcli-theme", root.dataset.theme); } catch { /* a page from a file may have no place for it */ }
    named(); again();
  });
  dark.addEventListener("change", () => { named(); again(); });
  addEventListener("languagechange", named);
})();
