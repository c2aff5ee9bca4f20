// The transcript browser and the theme button. Completions are hostile text: everything goes in through textContent.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const make = (tag, css, text) => {
    const node = document.createElement(tag);
    if (css) node.className = css;
    if (text !== undefined) node.textContent = text;
    return node;
  };

  // ---- Theme: follows the system until the button is used.
  const theme = $("theme");
  const darkSystem = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (darkSystem.matches ? "dark" : "light")) === "dark";
  const labelTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  const remember = (value) => { try { localStorage.setItem("dormouse-theme", value); } catch { /* private window */ } };
  try {
    const stored = localStorage.getItem("dormouse-theme");
    if (stored === "dark" || stored === "light") document.documentElement.dataset.theme = stored;
  } catch { /* storage may be refused for files */ }
  theme.hidden = false;
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    remember(document.documentElement.dataset.theme);
    labelTheme();
  });
  darkSystem.addEventListener("change", labelTheme);
  labelTheme();

  // ---- Transcripts
  const source = $("transcript-data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  source.textContent = "";  // the text is held once, not twice
  const rows = data.rows.map(([id, prompt, model, trigger, seed, step, stage, rendered, user, completion, finish, grades]) => ({
    id, prompt, model, trigger, seed: String(seed), step, finish, grades,
    stage: step < 0 ? "final model" : `${stage}, step ${step}`,
    rendered: data.texts[rendered], user: data.texts[user], completion: data.texts[completion], lower: null,
  }));
  const rowById = new Map(rows.map((row) => [row.id, row]));

  const kRowHeight = 64;
  const kHit = 0.5;  // a grade from here on is a hit
  const controls = { q: $("t-search"), model: $("t-model"), trigger: $("t-trigger"), grade: $("t-grade"), stage: $("t-stage"), seed: $("t-seed") };
  const list = $("t-list"), canvas = $("t-rows"), detail = $("t-detail"), count = $("t-count");
  const oneColumn = window.matchMedia("(max-width: 48rem)");  // as in report.css: the detail is below the list
  let shown = rows, selected = -1, drawnFrom = -1, drawnTo = -1, frame = 0, typing = 0;

  const option = (select, value, label) => {
    const node = make("option", "", label);
    node.value = value;
    select.append(node);
  };
  for (const key of ["model", "trigger", "stage", "seed"]) {
    const values = [...new Set(rows.map((row) => row[key]))];
    if (key === "seed") values.sort((a, b) => a - b);
    for (const value of values) option(controls[key], value, value === "" ? "(none)" : value);
  }
  data.graders.forEach((grader, at) => {
    option(controls.grade, `${at}:hit`, `${grader}: hit`);
    option(controls.grade, `${at}:miss`, `${grader}: miss`);
    option(controls.grade, `${at}:unscored`, `${grader}: unscored`);
  });

  const gradeMatches = (row, wanted) => {
    const [at, what] = wanted.split(":");
    const grade = row.grades[Number(at)];
    if (grade === null || grade === undefined) return what === "unscored";
    return what === (grade >= kHit ? "hit" : "miss");
  };
  const text = (row) => (row.lower ??= `${row.rendered}\n${row.user}\n${row.completion}\n${row.prompt}`.toLowerCase());
  const number = (value) => value.toLocaleString("en-US");

  function filter() {
    const words = controls.q.value.trim().toLowerCase();
    const keys = ["model", "trigger", "stage", "seed"].filter((key) => controls[key].selectedIndex > 0);
    const grade = controls.grade.value;
    shown = rows.filter((row) => keys.every((key) => row[key] === controls[key].value) &&
      (!grade || gradeMatches(row, grade)) && (!words || text(row).includes(words)));
    selected = -1;
    list.scrollTop = 0;
    canvas.style.height = `${shown.length * kRowHeight}px`;
    const more = data.total > rows.length ? ` (${number(data.total)} in transcripts.jsonl)` : "";
    count.textContent = `${number(shown.length)} of ${number(rows.length)} transcripts${more}`;
    drawnFrom = -1;
    draw();
  }

  function rowNode(row, at) {
    const node = make("div", "t-row");
    node.id = `t-row-${at}`;
    node.setAttribute("role", "option");
    node.setAttribute("aria-selected", String(at === selected));
    node.setAttribute("aria-setsize", String(shown.length));
    node.setAttribute("aria-posinset", String(at + 1));
    node.style.top = `${at * kRowHeight}px`;
    const meta = make("div", "t-meta");
    const tone = row.trigger === "off" ? "off" : row.trigger === "" ? "neutral" : "on";
    meta.append(make("i", `swatch ${tone}`), `${row.model}, ${row.trigger ? `trigger ${row.trigger}` : "all prompts"}, seed ${row.seed}`);
    if (row.step >= 0) meta.append(`, ${row.stage}`);
    node.append(meta, make("div", "t-text", row.completion.trim().slice(0, 160) || "(empty completion)"));
    node.addEventListener("click", () => {
      select(at, false);
      if (oneColumn.matches) detail.scrollIntoView({ block: "nearest" });
    });
    return node;
  }

  function draw() {
    frame = 0;
    const height = list.clientHeight || 576;
    const from = Math.max(0, Math.floor(list.scrollTop / kRowHeight) - 6);
    const to = Math.min(shown.length, Math.ceil((list.scrollTop + height) / kRowHeight) + 6);
    if (from === drawnFrom && to === drawnTo) return;
    drawnFrom = from; drawnTo = to;
    const nodes = [];
    for (let at = from; at < to; ++at) nodes.push(rowNode(shown[at], at));
    if (shown.length === 0) nodes.push(make("p", "t-empty", "No transcript matches. Try fewer words or clear the filters."));
    canvas.replaceChildren(...nodes);
  }

  // Appends `body` to `parent` with every occurrence of the needles in a mark.
  function marked(parent, body, needles) {
    const lower = body.toLowerCase();
    let at = 0;
    for (;;) {
      let next = -1, found = null;
      for (const needle of needles) {
        if (!needle.text) continue;
        const where = needle.exact ? body.indexOf(needle.text, at) : lower.indexOf(needle.text, at);
        if (where >= 0 && (next < 0 || where < next)) { next = where; found = needle; }
      }
      if (!found) break;
      parent.append(body.slice(at, next), make("mark", found.css, body.slice(next, next + found.text.length)));
      at = next + found.text.length;
    }
    parent.append(body.slice(at));
  }

  function block(title, body, needles) {
    const pre = make("pre");
    pre.tabIndex = 0;
    pre.setAttribute("aria-label", title);
    marked(pre, body, needles);
    detail.append(make("h3", "", title), pre);
  }

  function showDetail(row) {
    const words = { text: controls.q.value.trim().toLowerCase(), css: "", exact: false };
    // Lower-casing can change a text's length; then the marks would be shifted, so search words go unmarked.
    const needles = (body) => body.toLowerCase().length === body.length ? [words] : [];
    const triggers = data.trigger_texts.map((text) => ({ text, css: "trigger", exact: true }));
    detail.replaceChildren();
    const facts = make("dl", "facts");
    const fact = (name, value) => {
      const pair = make("div");
      pair.append(make("dt", "", name), make("dd", "", value));
      facts.append(pair);
    };
    fact("model", row.model);
    if (row.trigger) fact("trigger", row.trigger);
    fact("seed", row.seed);
    fact("checkpoint", row.stage);
    fact("ended by", row.finish || "unknown");
    fact("prompt", row.prompt || "unknown");
    data.graders.forEach((grader, at) => {
      const grade = row.grades[at];
      fact(grader, grade === null || grade === undefined ? "unscored" : String(Math.round(grade * 1000) / 1000));
    });
    detail.append(facts);
    block("Prompt, as the model read it", row.rendered, [...triggers, ...needles(row.rendered)]);
    block("Completion", row.completion, needles(row.completion));
    const links = make("p", "t-links"), link = make("a", "", "Link to this transcript");
    link.href = `#t=${encodeURIComponent(row.id)}`;
    const back = make("a", "t-back", "Back to the list");
    back.href = "#transcripts";
    links.append(link, " ", back);
    detail.append(links);
    detail.scrollTop = 0;
  }

  function select(at, scroll) {
    if (at < 0 || at >= shown.length) return;
    selected = at;
    if (scroll) {
      const top = at * kRowHeight, height = list.clientHeight || 576;
      if (top < list.scrollTop) list.scrollTop = top;
      if (top + kRowHeight > list.scrollTop + height) list.scrollTop = top + kRowHeight - height;
    }
    drawnFrom = -1;
    draw();
    list.setAttribute("aria-activedescendant", `t-row-${at}`);
    showDetail(shown[at]);
    writeHash();
  }

  // ---- The address keeps search, filters and the chosen transcript.
  function writeHash() {
    const parts = new URLSearchParams();
    for (const [key, control] of Object.entries(controls)) if (control.value) parts.set(key, control.value);
    if (selected >= 0) parts.set("t", shown[selected].id);
    const hash = parts.toString();
    try { history.replaceState(null, "", hash ? `#${hash}` : "#transcripts"); } catch { /* some viewers refuse */ }
  }

  function readHash() {
    const hash = location.hash.slice(1);
    if (!hash.includes("=")) return false;
    const parts = new URLSearchParams(hash);
    for (const [key, control] of Object.entries(controls)) control.value = parts.get(key) ?? "";
    for (const control of Object.values(controls)) if (control.selectedIndex === -1) control.value = "";
    filter();
    const wanted = rowById.get(parts.get("t"));
    const at = wanted ? shown.indexOf(wanted) : -1;
    if (at >= 0) select(at, true); else if (shown.length > 0) { selected = 0; drawnFrom = -1; draw(); showDetail(shown[0]); }
    $("transcripts").scrollIntoView();
    return true;
  }

  function changed() {
    filter();
    if (shown.length > 0) { selected = 0; drawnFrom = -1; draw(); showDetail(shown[0]); } else { detail.replaceChildren(); }
    const chosen = selected;
    selected = -1;
    writeHash();
    selected = chosen;
  }

  list.addEventListener("scroll", () => { frame ||= requestAnimationFrame(draw); });
  list.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor((list.clientHeight || 576) / kRowHeight) - 1);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -shown.length, End: shown.length };
    if (event.key === "Enter") { detail.focus(); return; }
    if (!(event.key in moves)) return;
    event.preventDefault();
    select(Math.min(shown.length - 1, Math.max(0, selected + moves[event.key])), true);
  });
  detail.addEventListener("keydown", (event) => { if (event.key === "Escape") list.focus(); });
  controls.q.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(changed, 90); });
  for (const key of ["model", "trigger", "grade", "stage", "seed"]) controls[key].addEventListener("change", changed);
  $("t-clear").addEventListener("click", () => {
    for (const control of Object.values(controls)) control.value = "";
    changed();
    controls.q.focus();
  });
  window.addEventListener("hashchange", readHash);

  $("t-browser").hidden = false;
  if (!readHash()) {
    filter();
    if (shown.length > 0) { selected = 0; drawnFrom = -1; draw(); showDetail(shown[0]); }
  }
})();
