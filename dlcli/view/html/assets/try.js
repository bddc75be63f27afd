"use strict";
// The page to try a model by hand: fields from the schema of the model, a canvas for pictures, and the answers as bars.
(() => {
  const place = name => document.getElementById(name), form = place("try-form");
  if (!form) return;
  const told = JSON.parse(form.dataset.told), SIZE = 280, MOST_CHOICES = 200;
  const WORDS = {
    en: { title: "Try it", about: "served by dlcli", ask: "Ask the model", clear: "Clear", other: "한국어", draw: "draw here, or drop a picture", dark: "dark ink on light ground", file: "drop files here, or choose them", text: "text",
      seen: "seen in training", elsewhere: "From a program:", none: "Nothing was drawn or chosen.", lost: "The server does not answer.", empty: "may stay empty", list: "a JSON list of the shape", rows: "rows of csv below a header, the latest last" },
    ko: { title: "써 보기", about: "dlcli가 제공합니다", ask: "모델에게 묻기", clear: "지우기", other: "English", draw: "여기에 그리거나 그림을 끌어다 놓으세요", dark: "밝은 바탕에 어두운 선", file: "파일을 끌어다 놓거나 고르세요", text: "글",
      seen: "학습 때의 범위", elsewhere: "프로그램에서:", none: "그리거나 고른 것이 없습니다.", lost: "서버가 대답하지 않습니다.", empty: "비워 둘 수 있음", list: "다음 모양의 JSON 목록", rows: "머리글 아래 csv 행들, 가장 최근 것이 마지막" },
  };
  let language = (navigator.language || "en").startsWith("ko") ? "ko" : "en";
  const word = name => WORDS[language][name];
  const made = (name, properties = {}, ...inside) => { const element = Object.assign(document.createElement(name), properties); element.append(...inside); return element; };
  const labelled = (words, input, hint, whole) => made("label", { className: whole ? "whole" : "" }, made("span", { textContent: words }), input, ...(hint ? [made("small", { textContent: hint })] : []));
  const range = seen => seen ? `${word("seen")}: ${+seen[0].toPrecision(6)} … ${+seen[1].toPrecision(6)}` : "";
  let readers = [], files = [];

  const pictureShape = field => {
    const [height, width, colours] = field.shape || [];
    return field.kind === "array" && width && height <= 512 && width <= 512 && field.shape.length <= 3 && (colours === undefined || colours === 1 || colours === 3) ? { height, width, colours } : null;
  };
  const pixelsOf = (canvas, field, shape, ink) => {
    const small = made("canvas", { width: shape.width, height: shape.height }), context = small.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(canvas, 0, 0, shape.width, shape.height);
    const data = context.getImageData(0, 0, shape.width, shape.height).data, [low, high] = field.seen || [0, 255];
    const value = shade => { const all = low + (ink ? 255 - shade : shade) / 255 * (high - low); return Number.isInteger(low) && Number.isInteger(high) && high - low > 1 ? Math.round(all) : all; };
    const at = (row, column) => {
      const start = 4 * (row * shape.width + column), [red, green, blue] = data.slice(start, start + 3);
      if (shape.colours === 3) return [value(red), value(green), value(blue)];
      const grey = value(.299 * red + .587 * green + .114 * blue);
      return shape.colours === 1 ? [grey] : grey;
    };
    return Array.from({ length: shape.height }, (_, row) => Array.from({ length: shape.width }, (_, column) => at(row, column)));
  };
  // What is drawn is brought into the middle and to the size of what it was trained on.
  const centred = (canvas, drawn) => {
    if (!drawn.box) return canvas;
    const [left, top, right, bottom] = drawn.box, size = Math.max(right - left, bottom - top, 1), whole = made("canvas", { width: SIZE, height: SIZE }), context = whole.getContext("2d");
    const scale = .8 * SIZE / size;
    context.fillRect(0, 0, SIZE, SIZE);
    context.drawImage(canvas, left, top, right - left, bottom - top, (SIZE - (right - left) * scale) / 2, (SIZE - (bottom - top) * scale) / 2, (right - left) * scale, (bottom - top) * scale);
    return whole;
  };
  const drawing = () => {
    const canvas = made("canvas", { width: SIZE, height: SIZE, tabIndex: 0 }), context = canvas.getContext("2d"), state = { canvas, box: null, filled: false };
    canvas.setAttribute("aria-label", word("draw"));
    const clear = () => { context.fillStyle = "#000"; context.fillRect(0, 0, SIZE, SIZE); state.box = null; state.filled = false; };
    clear();
    let last = null;
    const point = event => { const box = canvas.getBoundingClientRect(); return [(event.clientX - box.left) * SIZE / box.width, (event.clientY - box.top) * SIZE / box.height]; };
    const stroke = (from, to) => {
      Object.assign(context, { strokeStyle: "#fff", lineWidth: 22, lineCap: "round", lineJoin: "round" });
      context.beginPath(); context.moveTo(...from); context.lineTo(...to); context.stroke();
      for (const [x, y] of [from, to]) {
        const old = state.box || [x, y, x, y];
        state.box = [Math.max(0, Math.min(old[0], x - 12)), Math.max(0, Math.min(old[1], y - 12)), Math.min(SIZE, Math.max(old[2], x + 12)), Math.min(SIZE, Math.max(old[3], y + 12))];
      }
      state.filled = true;
    };
    canvas.addEventListener("pointerdown", event => { canvas.setPointerCapture(event.pointerId); last = point(event); stroke(last, last); });
    canvas.addEventListener("pointermove", event => { if (last) { const next = point(event); stroke(last, next); last = next; } });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { last = null; });
    const show = async file => { const picture = await createImageBitmap(file); clear(); context.drawImage(picture, 0, 0, SIZE, SIZE); state.filled = true; };
    return Object.assign(state, { clear, show });
  };
  const dropped = (element, take) => {
    for (const name of ["dragover", "dragleave", "drop"]) element.addEventListener(name, event => { event.preventDefault(); element.classList.toggle("over", name === "dragover"); });
    element.addEventListener("drop", event => take([...event.dataTransfer.files]));
  };
  const pictureField = (field, shape) => {
    const drawn = drawing(), dark = made("input", { type: "checkbox" }), chosen = made("input", { type: "file", accept: "image/*" });
    const box = made("div", { className: "drop whole" }, made("p", { textContent: `${field.name}: ${word("draw")}` }), drawn.canvas, made("p", {}, chosen), made("label", {}, made("span", {}, dark, ` ${word("dark")}`)));
    const take = list => list[0] && drawn.show(list[0]).catch(fault);
    chosen.addEventListener("change", () => take([...chosen.files]));
    dropped(box, take);
    readers.push({ name: field.name, clear: () => { drawn.clear(); chosen.value = ""; }, read: () => { if (!drawn.filled) throw new Error(word("none")); return pixelsOf(centred(drawn.canvas, drawn), field, shape, dark.checked); } });
    return box;
  };
  const fileField = () => {
    const chosen = made("input", { type: "file", multiple: true, accept: told.files.join(",") }), names = made("ul"), image = told.files.some(ending => ending === ".png"), drawn = image ? drawing() : null, text = told.files.includes(".txt") ? made("textarea", { spellcheck: false }) : null;
    const box = made("div", { className: "drop whole" }, made("p", { textContent: `${word("file")} (${told.files.join(" ")})` }), chosen, names, ...(drawn ? [made("p", { textContent: word("draw") }), drawn.canvas] : []), ...(text ? [labelled(word("text"), text, "", true)] : []));
    const take = list => { files = list; names.replaceChildren(...list.map(file => made("li", { textContent: file.name }))); };
    chosen.addEventListener("change", () => take([...chosen.files]));
    dropped(box, take);
    readers.push({ clear: () => { take([]); chosen.value = ""; if (drawn) drawn.clear(); if (text) text.value = ""; }, files: async () => {
      if (files.length) return files;
      if (text && text.value.trim()) return [new File([text.value], "text.txt")];
      if (drawn && drawn.filled) return [new File([await new Promise(done => drawn.canvas.toBlob(done))], "drawing.png")];
      throw new Error(word("none"));
    } });
    return box;
  };
  const valueField = field => {
    const example = told.example ? told.example[field.name] : undefined;
    let input, hint = "", whole = false, read = () => input.value;
    if (field.kind === "number") {
      input = made("input", { type: "number", step: "any", value: example ?? "" });
      hint = range(field.seen);
      read = () => input.value === "" ? null : Number(input.value);
    } else if (field.kind === "category" && field.categories.length <= MOST_CHOICES) {
      input = made("select", {}, ...field.categories.map(name => made("option", { value: name, textContent: name })));
    } else if (field.kind === "array") {
      input = made("textarea", { value: JSON.stringify(example), spellcheck: false });
      [hint, whole, read] = [`${word("list")} ${field.shape.join(" × ")}. ${range(field.seen)}`, true, () => JSON.parse(input.value)];
    } else if (field.kind === "text") {
      [input, whole] = [made("textarea", {}), true];
    } else input = made("input", { value: example ?? "" });
    if (field.may_be_empty) hint += ` (${word("empty")})`;
    input.setAttribute("name", field.name);
    readers.push({ name: field.name, read, clear: () => { if (field.kind === "text") input.value = ""; } });
    return labelled(field.name, input, hint, whole);
  };
  const draw = () => {
    document.documentElement.lang = language;
    place("try-title").textContent = word("title"); document.querySelector("header p").textContent = word("about");
    dispatchEvent(new Event("languagechange"));
    [readers, files] = [[], []];
    for (const name of ["ask", "clear", "elsewhere"]) place(name).textContent = word(name);
    Object.assign(place("language"), { textContent: word("other"), hidden: false });
    const series = made("textarea", { spellcheck: false });
    if (told.series) readers.push({ rows: () => series.value, clear: () => { series.value = ""; } });
    const fields = told.series ? [labelled(word("rows"), series, told.inputs.map(field => field.name).join(","), true)] : told.files.length ? [fileField()]
      : told.inputs.map(field => { const shape = pictureShape(field); return shape ? pictureField(field, shape) : valueField(field); });
    place("fields").replaceChildren(...fields);
    const sent = told.files.length ? `-F file=@FILE${told.files[0]}` : told.series ? "-H 'Content-Type: text/csv' --data-binary @rows.csv" : `-H 'Content-Type: application/json' -d '${shortened(JSON.stringify({ rows: [told.example] }))}'`;
    place("command").textContent = `curl ${location.origin}/predict ${sent}`;
  };
  const shortened = text => text.length > 400 ? `${text.slice(0, 400)} …` : text;
  const fault = error => { Object.assign(place("try-fault"), { textContent: error.message || String(error), hidden: false }); };
  const shown = value => typeof value === "number" ? String(+value.toPrecision(4)) : Array.isArray(value) ? shortened(JSON.stringify(value)) : value === null ? "–" : String(value);
  const answered = row => {
    const pairs = Object.entries(row), chances = pairs.filter(([name]) => /(^| )probability /.test(name)), others = pairs.filter(([name]) => !/(^| )probability /.test(name));
    const list = made("dl"), named = others.map(([name, value]) => `${name}: ${shown(value)}`).join(" · ");
    for (const [name, value] of chances.sort((a, b) => b[1] - a[1]).slice(0, 20)) list.append(made("dt", { textContent: name.replace(/(^| )probability /, "$1") }), made("dd", {}, made("meter", { value, min: 0, max: 1 })), made("dd", { textContent: `${(100 * value).toFixed(1)} %` }));
    return made("div", { className: "answer" }, made("h3", { textContent: named }), list);
  };
  const ask = async () => {
    place("try-fault").hidden = true;
    const [first] = readers, options = { method: "POST" };
    if (first && first.files) {
      options.body = new FormData();
      for (const file of await first.files()) options.body.append("file", file);
    } else if (first && first.rows) Object.assign(options, { body: first.rows(), headers: { "Content-Type": "text/csv" } });
    else Object.assign(options, { body: JSON.stringify({ rows: [Object.fromEntries(readers.map(each => [each.name, each.read()]))] }), headers: { "Content-Type": "application/json" } });
    let answer;
    try { answer = await fetch("/predict", options); } catch { throw new Error(word("lost")); }
    const value = await answer.json();
    if (value.error) throw new Error([value.error.message, value.error.hint].filter(Boolean).join(" — "));
    place("answers").replaceChildren(...(value.notes || []).map(text => made("p", { className: "note", textContent: text })), ...value.predictions.map(answered));
  };
  form.addEventListener("submit", event => { event.preventDefault(); ask().catch(error => { place("answers").replaceChildren(); fault(error); }); });
  place("clear").addEventListener("click", () => { for (const each of readers) each.clear(); place("answers").replaceChildren(); place("try-fault").hidden = true; });
  place("language").addEventListener("click", () => { language = language === "ko" ? "en" : "ko"; draw(); });
  draw();
})();
