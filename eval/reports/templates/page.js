"use strict";
const STEP = 200; // links or rows that are added at a time
const element = id => document.getElementById(id);
const { documents, hues, notes, chunk: CHUNK } = JSON.parse(element("index").textContent);
const chunkElements = document.querySelectorAll("script.chunk");
const SIDES = [["gold", "gold"], ["pred", "predicted"]];
const WITHHELD = "The text is omitted because this document must not be redistributed. To include the text in a local report, use --with-restricted-text.";

function make(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}
const plural = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
const errorCount = ([, , efp, efn, , rfp, rfn]) => efp + efn + rfp + rfn;
const address = (number, rest = "") => `#doc=${encodeURIComponent(documents[number][0])}${rest}`;

// Chunks are parsed when a document is needed. Only the latest chunk is kept.
let kept = [-1, []];
function load(number) {
  const chunk = Math.floor(number / CHUNK);
  if (kept[0] !== chunk) kept = [chunk, JSON.parse(chunkElements[chunk].textContent)];
  return kept[1][number % CHUNK];
}

// Errors of a document in text order. Two aligned mentions with the same kind are one error.
function listErrors(entry) {
  const errors = [];
  SIDES.forEach(([side]) => {
    const { spans, arcs } = entry[side], other = entry[side === "gold" ? "pred" : "gold"].spans;
    spans.forEach(([start, , , kind, partner], number) => {
      if (!kind) return;
      const shared = partner >= 0 && other[partner][3] === kind;
      if (shared && side === "pred") return;
      errors.push({ start, order: 0, side, span: number, kind, partner: shared ? partner : -1 });
    });
    arcs.forEach(([head, tail, , cause], number) => {
      const start = Math.min(spans[head][0], spans[tail][0]);
      if (cause) errors.push({ start, order: 1, side, span: head, arc: number, kind: cause, partner: -1 });
    });
  });
  return errors.sort((one, other) => one.start - other.start || one.order - other.order);
}

function describeSpan(entry, side, number) {
  const [start, end, label] = entry[side].spans[number];
  return `${label} “${entry.characters.slice(start, end).join("")}”`;
}
function describeArc(entry, side, number) {
  const [head, tail, label] = entry[side].arcs[number];
  return `${describeSpan(entry, side, head)} → ${label} → ${describeSpan(entry, side, tail)}`;
}
function describeError(entry, error) {
  const [, title] = SIDES.find(([side]) => side === error.side);
  if (error.arc !== undefined) {
    const what = error.side === "gold" ? "missed relation" : "spurious relation";
    return `${what}, ${error.kind}: ${describeArc(entry, error.side, error.arc)}`;
  }
  const what = `${error.kind}: ${title} ${describeSpan(entry, error.side, error.span)}`;
  return error.partner < 0 ? what : `${what}, predicted ${describeSpan(entry, "pred", error.partner)}`;
}
function describeMention(entry, side, number) {
  const [, title] = SIDES.find(([name]) => name === side), [, , , kind, partner] = entry[side].spans[number];
  const lines = [`${title}: ${describeSpan(entry, side, number)}, ${kind ? `✗ ${kind}. ${notes.mention[kind]}` : "correct."}`];
  const other = side === "gold" ? "pred" : "gold";
  if (kind && partner >= 0) lines.push(`${other === "gold" ? "gold" : "predicted"}: ${describeSpan(entry, other, partner)}`);
  entry[side].arcs.forEach(([head, tail, , cause], arc) => {
    if (head === number || tail === number) {
      lines.push(`${describeArc(entry, side, arc)}, ${cause ? `✗ ${side === "gold" ? "missed" : "spurious"}, ${cause}. ${notes[side][cause]}` : "correct."}`);
    }
  });
  return lines.join("\n");
}

// Paragraphs as [start, end] in code points, without the line breaks between them.
function paragraphs(characters) {
  const parts = [];
  let start = 0;
  characters.concat("\n").forEach((character, offset) => {
    if (character !== "\n") return;
    if (offset > start) parts.push([start, offset]);
    start = offset + 1;
  });
  return parts;
}

// Offsets are code points, but JavaScript strings are indexed by UTF-16 units.
function drawCell(entry, side, from, to) {
  const cell = make("div", "cell"), spans = entry[side].spans;
  cell.dataset.side = side;
  cell.append(make("span", "which", side === "gold" ? "gold" : "predicted"));
  const inside = spans.map((span, number) => [...span, number]).filter(([start, end]) => start < to && end > from);
  const cuts = [...new Set([from, to, ...inside.flatMap(([start, end]) => [Math.max(start, from), Math.min(end, to)])])].sort((a, b) => a - b);
  cuts.slice(0, -1).forEach((cut, i) => {
    inside.filter(([start]) => start === cut).forEach(span => cell.append(drawTag(side, span)));
    cell.append(drawSegment(entry, inside, cut, cuts[i + 1]));
  });
  return cell;
}
function drawTag(side, [, , label, kind, , number]) {
  const tag = make("button", kind ? "tag wrong" : "tag", kind ? `${label} ✗ ${kind}` : label);
  tag.type = "button";
  tag.tabIndex = -1;
  tag.style.setProperty("--hue", hues[label]);
  Object.assign(tag.dataset, { side, mention: number });
  return tag;
}
function drawSegment(entry, spans, from, to) {
  const piece = entry.characters.slice(from, to).join("");
  const over = spans.filter(([start, end]) => start <= from && to <= end);
  if (!over.length) return piece;
  const segment = make("span", "segment", piece);
  segment.style.setProperty("--hue", hues[over[over.length - 1][2]]);
  segment.dataset.mentions = ` ${over.map(span => span[5]).join(" ")} `;
  if (over.length > 1) {
    segment.classList.add("deep");
    segment.style.setProperty("--outer", hues[over[0][2]]);
  }
  if (over.some(span => span[3])) segment.classList.add("wrong");
  return segment;
}
function drawText(entry) {
  const text = make("div", "text"), heads = make("div", "heads");
  SIDES.forEach(([side, title]) => heads.append(make("h4", "", headline(entry, side, title))));
  text.append(heads);
  paragraphs(entry.characters).forEach(([from, to]) => {
    const row = make("div", "paragraph");
    SIDES.forEach(([side]) => row.append(drawCell(entry, side, from, to)));
    text.append(row);
  });
  return text;
}
const headline = (entry, side, title) =>
  `${title}: ${plural(entry[side].spans.length, "mention")}, ${plural(entry[side].arcs.length, "relation")}`;

const SVG = "http://www.w3.org/2000/svg";
function makeSvg(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
  if (text) node.textContent = text;
  return node;
}
function drawArcs(text, entry, selected) {
  text.querySelector("svg")?.remove();
  const svg = makeSvg("svg", { "aria-hidden": "true" }), box = text.getBoundingClientRect();
  SIDES.forEach(([side]) => entry[side].arcs.forEach((arc, number) => {
    if (!selected(side, arc, number)) return;
    const ends = arc.slice(0, 2).map(mention => {
      const tag = text.querySelector(`[data-side="${side}"][data-mention="${mention}"]`).getBoundingClientRect();
      return [tag.left + tag.width / 2 - box.left, tag.top - box.top];
    });
    drawArc(svg, ends, arc, box.width);
  }));
  text.append(svg);
}
function drawArc(svg, [[x1, y1], [x2, y2]], [head, tail, label, cause], width) {
  const wrong = cause ? " wrong" : "", top = Math.min(y1, y2) - 10 - Math.min(Math.abs(x2 - x1) / 14, 12);
  const path = head === tail ? `M${x1 - 5},${y1} C${x1 - 22},${y1 - 24} ${x1 + 22},${y1 - 24} ${x1 + 5},${y1}`
    : `M${x1},${y1} C${x1},${top} ${x2},${top} ${x2},${y2}`;
  const name = cause ? `✗ ${label}: ${cause}` : label, room = 3.5 * name.length;
  const middle = Math.min(Math.max((x1 + x2) / 2, room), Math.max(width - room, room));
  svg.append(makeSvg("path", { d: path, class: `arc${wrong}` }),
    makeSvg("path", { d: `M${x2 - 4},${y2 - 6} L${x2 + 4},${y2 - 6} L${x2},${y2} Z`, class: "tip" }),
    makeSvg("text", { x: middle, y: Math.max((Math.min(y1, y2) + 3 * top) / 4 + 4, 10), "text-anchor": "middle", class: `arc-label${wrong}` }, name));
}

// The list of documents
const list = element("list");
let matches = documents.map((_, number) => number), current = -1;
function addLinks() {
  const from = list.children.length;
  list.append(...matches.slice(from, from + STEP).map(makeLink));
  element("more-links").hidden = list.children.length >= matches.length;
}
function makeLink(number) {
  const item = make("li"), link = make("a"), errors = errorCount(documents[number]);
  link.href = address(number);
  link.dataset.number = number;
  link.append(make("span", "", documents[number][0]), make("span", "count", errors ? `✗ ${errors}` : "✓"));
  link.setAttribute("aria-label", `${documents[number][0]}, ${plural(errors, "error")}`);
  if (number === current) link.setAttribute("aria-current", "true");
  item.append(link);
  return item;
}
function showMatches(query) {
  list.replaceChildren();
  addLinks();
  element("found").textContent = query && !matches.length ? `Nothing found for “${query}”.`
    : query ? `${matches.length} of ${plural(documents.length, "document")}` : plural(documents.length, "document");
  if (view) viewer.querySelector(".controls").replaceWith(drawMoves());
}
const inJson = text => JSON.stringify(text).slice(1, -1).replace(/[&<>]/g, sign => `\\u00${sign.charCodeAt(0).toString(16)}`);
function filter(query) {
  const wanted = query.toLowerCase(), raw = inJson(wanted);
  const inChunk = [...chunkElements].map(chunk => !wanted || chunk.textContent.toLowerCase().includes(raw));
  matches = documents.map((_, number) => number).filter(number =>
    documents[number][0].toLowerCase().includes(wanted) || (inChunk[Math.floor(number / CHUNK)] && contains(load(number), wanted)));
  showMatches(query);
}
function contains(entry, wanted) {
  const annotations = SIDES.flatMap(([side]) => [...entry[side].spans, ...entry[side].arcs]);
  return [entry.text ?? "", ...annotations.flatMap(each => each.slice(2, 4))].some(each => each.toLowerCase().includes(wanted));
}
let typing;
element("search").addEventListener("input", event => {
  clearTimeout(typing);
  typing = setTimeout(() => filter(event.target.value), 120);
});
element("more-links").addEventListener("click", addLinks);
list.addEventListener("keydown", event => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], item = event.target.closest("li");
  if (!step || !item) return;
  event.preventDefault();
  if (step > 0 && !item.nextElementSibling) addLinks();
  const link = (step > 0 ? item.nextElementSibling : item.previousElementSibling)?.firstChild;
  if (!link) return;
  link.focus();
  go(Number(link.dataset.number));
});

// The document
const viewer = element("document");
let view = null; // the document that is shown: its entry, errors and nodes
let settings = { all: false, errorsOnly: false };

function prepare(number) {
  const entry = load(number);
  return { ...entry, characters: Array.from(entry.text ?? "") };
}
function show(number) {
  current = number;
  list.querySelector("[aria-current]")?.removeAttribute("aria-current");
  list.querySelector(`[data-number="${number}"]`)?.setAttribute("aria-current", "true");
  const entry = prepare(number);
  view = { number, entry, errors: entry.text === null ? [] : listErrors(entry), error: -1, mention: null, fixed: false };
  const title = make("h3", "", documents[number][0]);
  if (entry.text === null) {
    viewer.replaceChildren(title, drawMoves(), ...drawWithheld(number, entry));
    return;
  }
  view.text = drawText(entry);
  view.detail = make("p", "", "");
  view.detail.id = "detail";
  view.detail.setAttribute("role", "status");
  view.detail.hidden = true;
  viewer.replaceChildren(title, drawMoves(), drawSwitches(), view.text, view.detail, ...drawErrors(), drawRelations(entry));
  SIDES.forEach(([side]) => { const first = view.text.querySelector(`.tag[data-side="${side}"]`); if (first) first.tabIndex = 0; });
  refresh();
}
const drawWithheld = (number, entry) => SIDES.map(([side, title]) => {
  const section = make("section"), wrong = [...entry[side].spans, ...entry[side].arcs].filter(each => each[3]).length;
  section.dataset.side = side;
  section.append(make("h4", "", headline(entry, side, title)), make("p", "note", `${plural(wrong, "error")}. ${WITHHELD}`));
  return section;
});
function makeButton(text, action, disabled = false) {
  const button = make("button", "", text);
  Object.assign(button, { type: "button", disabled });
  button.addEventListener("click", action);
  return button;
}
function drawMoves() {
  const controls = make("div", "controls"), at = matches.indexOf(view.number);
  const move = (text, next) => controls.append(makeButton(text, () => go(matches[next]), matches[next] === undefined));
  move("← Document", at < 0 ? -1 : at - 1);
  move("Document →", at + 1);
  if (view.errors.length) controls.append(makeButton("↑ Error", () => moveError(-1)), makeButton("Error ↓", () => moveError(1)));
  return controls;
}
function drawSwitches() {
  const controls = make("div", "controls");
  [["all", "Show all relations"], ["errorsOnly", "Errors only"]].forEach(([name, text]) => {
    const label = make("label"), box = make("input");
    Object.assign(box, { type: "checkbox", checked: settings[name], name });
    box.addEventListener("change", () => { settings[name] = box.checked; refresh(); });
    label.append(box, text);
    controls.append(label);
  });
  return controls;
}
function drawErrors() {
  const items = make("ol", "list");
  items.id = "error-list";
  view.errors.forEach((error, number) => {
    const item = make("li"), link = make("a", "", `✗ ${describeError(view.entry, error)}`);
    link.href = address(view.number, `&e=${number + 1}`);
    item.append(link);
    items.append(item);
  });
  return [make("h4", "", view.errors.length ? plural(view.errors.length, "error") : "No errors"), items];
}
function drawRelations(entry) {
  const lists = make("div", "lists");
  SIDES.forEach(([side, title]) => {
    const section = make("section"), relations = make("ul", "list");
    entry[side].arcs.forEach(([, , , cause], number) => relations.append(
      make("li", "", `${cause ? "✗ " : ""}${describeArc(entry, side, number)}${cause ? ` (${cause})` : ""}`)));
    section.append(make("h4", "", `${title}: ${plural(entry[side].arcs.length, "relation")}`), relations);
    lists.append(section);
  });
  return lists;
}

// Select mentions and errors
function refresh() {
  if (!view?.text) return;
  const { text, entry, mention, error } = view, chosen = error >= 0 ? view.errors[error] : null;
  text.classList.toggle("errors-only", settings.errorsOnly);
  const marked = mention ? [[mention.side, mention.number]] : [];
  if (chosen && chosen.partner >= 0) marked.push(["pred", chosen.partner]);
  if (chosen?.arc !== undefined) marked.push([chosen.side, entry[chosen.side].arcs[chosen.arc][1]]);
  text.querySelectorAll(".selected").forEach(node => node.classList.remove("selected"));
  marked.forEach(([side, number]) => {
    text.querySelector(`.tag[data-side="${side}"][data-mention="${number}"]`).classList.add("selected");
    text.querySelectorAll(`[data-side="${side}"] [data-mentions~="${number}"]`).forEach(node => node.classList.add("selected"));
  });
  drawArcs(text, entry, (side, [head, tail, , cause], number) => {
    if (settings.errorsOnly && !cause) return false;
    if (settings.all) return visible(side, head) && visible(side, tail);
    if (chosen?.arc !== undefined) return chosen.side === side && chosen.arc === number;
    return mention?.side === side && (mention.number === head || mention.number === tail) && visible(side, head) && visible(side, tail);
  });
  view.detail.hidden = !mention;
  view.detail.textContent = mention ? describeMention(entry, mention.side, mention.number) : "";
  viewer.querySelectorAll("#error-list a").forEach((link, number) =>
    number === error ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current"));
}
const tagOf = (side, number) => view.text.querySelector(`.tag[data-side="${side}"][data-mention="${number}"]`);
const visible = (side, number) => tagOf(side, number).offsetParent !== null;
function select(tag, error = -1) {
  view.mention = tag ? { side: tag.dataset.side, number: Number(tag.dataset.mention) } : null;
  view.error = error;
  refresh();
}
function showError(number) {
  const error = view.errors[number];
  if (!error) return;
  const tag = tagOf(error.side, error.span);
  if (tag.offsetParent === null) { settings.errorsOnly = false; viewer.querySelector("[name=errorsOnly]").checked = false; }
  tag.scrollIntoView({ block: "center" });
  tag.focus({ preventScroll: true });
  select(tag, number);
}
// Go on to the next document with errors after the last error.
function moveError(step) {
  let next = view.error + step;
  if (view.error < 0 && view.mention) {
    const start = view.entry[view.mention.side].spans[view.mention.number][0];
    next = step > 0 ? view.errors.findIndex(error => error.start > start) : view.errors.findLastIndex(error => error.start < start);
    if (next < 0 && step > 0) next = view.errors.length;
  } else if (view.error < 0 && step < 0) next = -1;
  if (view.errors[next]) { go(view.number, `&e=${next + 1}`); return; }
  for (let at = matches.indexOf(view.number) + step; at >= 0 && at < matches.length; at += step) {
    const entry = load(matches[at]), errors = entry.text === null ? 0 : listErrors(entry).length;
    if (errors) { go(matches[at], `&e=${step > 0 ? 1 : errors}`); return; }
  }
}
viewer.addEventListener("keydown", event => {
  const tag = event.target.closest(".tag");
  if (!tag || event.altKey || event.ctrlKey || event.metaKey) return;
  const sideways = { ArrowRight: 1, ArrowLeft: -1 }[event.key], vertical = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (vertical) moveError(vertical);
  else if (sideways) {
    const tags = [...view.text.querySelectorAll(`.tag[data-side="${tag.dataset.side}"]`)].filter(each => each.offsetParent);
    tags[tags.indexOf(tag) + sideways]?.focus();
  } else return;
  event.preventDefault();
});
viewer.addEventListener("focusin", event => {
  const tag = event.target.closest(".tag");
  if (!tag) return;
  view.text.querySelectorAll(`.tag[data-side="${tag.dataset.side}"][tabindex="0"]`).forEach(each => { each.tabIndex = -1; });
  tag.tabIndex = 0;
  if (tag !== (view.mention && tagOf(view.mention.side, view.mention.number))) select(tag);
});
viewer.addEventListener("click", event => {
  const tag = tagAt(event.target);
  if (tag) { tag.focus({ preventScroll: true }); select(tag); }
});
viewer.addEventListener("pointerover", event => {
  if (event.pointerType !== "mouse" || viewer.contains(document.activeElement) && document.activeElement.closest(".tag")) return;
  const tag = tagAt(event.target);
  if (tag) select(tag);
});
// The tag of the innermost mention at a node of the text.
function tagAt(node) {
  const mentions = node.closest(".segment")?.dataset.mentions.trim().split(" ");
  return node.closest(".tag") ?? (mentions ? tagOf(node.closest(".cell").dataset.side, mentions[mentions.length - 1]) : null);
}

// Addresses: #doc=ID&e=NUMBER of an error, or #doc=ID&at=OFFSET of an error
function go(number, rest = "") {
  history.replaceState(null, "", address(number, rest));
  follow({ scroll: false });
}
function follow({ scroll = true } = {}) {
  const parts = new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B"));
  if (!parts.has("doc")) return;
  const number = documents.findIndex(([id]) => id === parts.get("doc"));
  if (number < 0) {
    viewer.replaceChildren(make("p", "", `This report contains no document “${parts.get("doc")}”.`));
    return;
  }
  if (view?.number !== number) show(number);
  if (scroll) (matchMedia("(max-width: 900px)").matches ? viewer : element("texts")).scrollIntoView();
  const at = view.errors.findIndex(error => error.start >= Number(parts.get("at")));
  if (parts.has("e")) showError(Number(parts.get("e")) - 1);
  else if (parts.has("at")) showError(at);
}
window.addEventListener("hashchange", () => follow());

// The table of documents
const ratio = (part, ...others) => { const all = part + others.reduce((a, b) => a + b, 0); return all ? part / all : null; };
const f1 = (tp, fp, fn) => ratio(2 * tp, fp, fn);
const COLUMNS = [
  ["document", row => row[0]], ["errors", errorCount],
  ["mentions tp", row => row[1]], ["fp", row => row[2]], ["fn", row => row[3]], ["P", row => ratio(row[1], row[2])], ["R", row => ratio(row[1], row[3])], ["F1", row => f1(row[1], row[2], row[3])],
  ["relations tp", row => row[4]], ["fp", row => row[5]], ["fn", row => row[6]], ["P", row => ratio(row[4], row[5])], ["R", row => ratio(row[4], row[6])], ["F1", row => f1(row[4], row[5], row[6])],
];
const [tableHead, tableBody] = [document.querySelector("#documents thead tr"), document.querySelector("#documents tbody")];
let rows = documents.map((_, number) => number);
function addRows(count) {
  const from = tableBody.children.length;
  tableBody.append(...rows.slice(from, from + count).map(number => {
    const row = make("tr"), name = make("th"), link = make("a", "", documents[number][0]);
    name.scope = "row";
    link.href = address(number);
    name.append(link);
    row.append(name, ...COLUMNS.slice(1).map(([title, value]) => {
      const shown = value(documents[number]);
      return make("td", "", shown === null ? "–" : ["P", "R", "F1"].includes(title) ? shown.toFixed(3) : shown);
    }));
    return row;
  }));
  element("more-rows").hidden = tableBody.children.length >= rows.length;
}
function sortRows(column, descending) {
  const [, value] = COLUMNS[column], sign = descending ? -1 : 1;
  const values = documents.map(value);
  const compare = (a, b) => a === null ? 1 : b === null ? -1 : sign * (typeof a === "string" ? a.localeCompare(b) : a - b);
  rows = documents.map((_, number) => number).sort((a, b) => values[a] === values[b] ? a - b : compare(values[a], values[b]));
  [...tableHead.children].forEach((head, number) => head.setAttribute("aria-sort", number !== column ? "none" : descending ? "descending" : "ascending"));
  tableBody.replaceChildren();
  addRows(20);
}
COLUMNS.forEach(([title], column) => {
  const head = make("th", column ? "" : "name");
  head.scope = "col";
  head.append(makeButton(title, () => sortRows(column, head.getAttribute("aria-sort") === "none" ? column > 0 : head.getAttribute("aria-sort") === "ascending")));
  tableHead.append(head);
});
element("more-rows").addEventListener("click", () => addRows(STEP));

// A print contains all documents.
window.addEventListener("beforeprint", () => {
  addRows(documents.length);
  element("print").replaceChildren(...documents.map((_, number) => {
    const article = make("article"), entry = prepare(number);
    article.append(make("h3", "", documents[number][0]),
      ...(entry.text === null ? drawWithheld(number, entry) : [drawText(entry), drawRelations(entry)]));
    return article;
  }));
});
window.addEventListener("afterprint", () => element("print").replaceChildren());
window.addEventListener("resize", () => refresh());

sortRows(1, true);
showMatches("");
if (documents.length) show(0);
follow();
