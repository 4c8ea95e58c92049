"use strict";
// The views of the site. Addresses: #/document/ID/MENTION, #/surface/SURFACE/LABEL, #/ref/REF,
// #/type/LABEL, #/relation/LABEL, #/search/QUERY, #/changes. Everything from the corpus becomes text
// nodes, never markup.

const CONTEXT = 70; // characters on each side of a mention in a concordance
const MAX_KEPT_FILES = 200; // data files in memory
const MAX_SEARCH_FILES = 8; // data files that one search reads
const MAX_VISITED = 30; // views that are kept for going back
const MAX_GAP = 160; // characters shown between the two ends of a relation
const FOUND = ["type", "relation", "ref", "surface", "document"];
const FOUND_NOUNS = ["entity type", "relation type", "ref", "surface", "document"];
const SVG = "http://www.w3.org/2000/svg";

const element = id => document.getElementById(id);
function make(name, className, ...content) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...content);
  return node;
}
const plural = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const address = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;
function link(className, parts, ...content) {
  const node = make("a", className, ...content);
  node.href = address(...parts);
  return node;
}
function button(text, action) {
  const node = make("button", "", text);
  node.type = "button";
  node.addEventListener("click", action);
  return node;
}

// Data files are scripts that call aloiData, since pages opened from a disk cannot read other files.
const waiting = new Map(), files = new Map();
let directory = null;
globalThis.aloiData = (name, content) => {
  if (name !== "directory") waiting.get(name)(content);
  else {
    directory = content;
    route();
  }
};
function loadFile(name) {
  let file = files.get(name);
  if (!file) {
    file = new Promise((resolve, reject) => {
      const script = make("script");
      script.src = `data/${name}.js`;
      waiting.set(name, resolve);
      script.onload = () => script.remove();
      script.onerror = () => {
        script.remove();
        files.delete(name);
        reject(new Error(`The file data/${name}.js could not be loaded.`));
      };
      document.head.append(script);
    });
    files.set(name, file);
    if (files.size > MAX_KEPT_FILES) files.delete(files.keys().next().value);
  }
  return file;
}

// Tables are sorted by their first cell. A table is a list of files: [first key, rows before it].
function lastFile(table, isBefore) {
  let low = 0, high = table.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isBefore(table[middle])) low = middle;
    else high = middle - 1;
  }
  return low;
}
async function* allRows(name) {
  for (let file = 0; file < directory.tables[name].length; file++) yield* await loadFile(`${name}-${file}`);
}
async function* rowsOf(name, key) {
  const table = directory.tables[name];
  for (let file = lastFile(table, ([first]) => first < key); file < table.length && table[file][0] <= key; file++) {
    yield* (await loadFile(`${name}-${file}`)).filter(row => row[0] === key);
  }
}
async function rowAt(name, number) {
  const table = directory.tables[name], file = lastFile(table, ([, before]) => before <= number);
  return (await loadFile(`${name}-${file}`))[number - table[file][1]];
}
async function firstOf(rows) {
  for await (const row of rows) return row;
  return null;
}
async function collect(rows) {
  const list = [];
  for await (const row of rows) list.push(row);
  return list;
}
async function numberOf(id) {
  const table = directory.tables.list;
  const file = lastFile(table, ([first]) => first <= id);
  const position = (await loadFile(`list-${file}`)).findIndex(row => row[0] === id);
  return position < 0 ? -1 : table[file][1] + position;
}

// Documents. Offsets are code points, but JavaScript strings are indexed by UTF-16 units.
const opened = new WeakMap();
function openDocument(row) {
  if (!opened.has(row)) {
    const [id, title, split, metadata, text, mentions, relations] = row;
    opened.set(row, {
      id, title, split, metadata, characters: Array.from(text), relations, lang: new Map(metadata).get("lang") ?? "",
      mentions: mentions.map(([start, end, label, mention, ref, name, attributes]) => ({ start, end, label, id: mention, ref, name, attributes })),
    });
  }
  return opened.get(row);
}
const documentAt = async number => openDocument(await rowAt("documents", number));
const words = (entry, start, end) => entry.characters.slice(start, end).join("").replace(/\s/gu, " ");
const surfaceOf = (entry, mention) => words(entry, mention.start, mention.end).replace(/ +/g, " ").trim() || words(entry, mention.start, mention.end);
const labelName = label => directory.entityLabels[label][0];
const hueOf = label => directory.entityLabels[label][1];
function coloured(node, label) {
  node.style.setProperty("--hue", hueOf(label));
  return node;
}
const chip = label => coloured(make("span", "chip", labelName(label)), label);
const arrow = relation => directory.relationLabels[relation][1] ? "↔" : "→";

// Lists that grow on demand: `draw` returns the list item of a row.
function pager(className, rows, draw, { step = 25, empty = "Nothing." } = {}) {
  const box = make("div"), list = make("ul", `rows ${className}`), more = button("Show more", () => grow(true));
  more.className = "more";
  box.append(list, more);
  let ahead = null;
  async function grow(focus) {
    more.disabled = true;
    const before = list.children.length, next = [];
    ahead ??= await rows.next();
    for (; next.length < step && !ahead.done; ahead = await rows.next()) next.push(ahead.value);
    list.append(...await Promise.all(next.map(row => draw(row))));
    more.disabled = false;
    more.hidden = ahead.done;
    if (!list.children.length) box.replaceChildren(make("p", "note", empty));
    if (focus) list.children[before]?.querySelector("a, summary")?.focus();
  }
  return grow(false).then(() => box);
}
function item(className, parts, title, count) {
  const node = make("li", className);
  node.append(link("", parts, make("span", "title", ...[title].flat()), make("span", "count", count)));
  return node;
}

// Concordances
async function* occurrences(rows, column) {
  for await (const row of rows) {
    for (let i = 0; i < row[column].length; i += 2) yield [row[column][i], row[column][i + 1]];
  }
}
async function mentionLine([number, position]) {
  const entry = await documentAt(number), mention = entry.mentions[position];
  const line = make("span", "kwic",
    make("span", "left", make("span", "", before(entry, mention.start))),
    coloured(make("mark", "", surfaceOf(entry, mention)), mention.label),
    make("span", "right", after(entry, mention.end)));
  line.lang = entry.lang;
  const source = make("span", "source", chip(mention.label), make("span", "", [mention.name, entry.title].filter(Boolean).join(" · ")));
  const node = make("li", "line");
  node.append(link("", ["document", entry.id, mention.id], line, source));
  return node;
}
// The context starts and ends with a whole word, unless the word is very long.
function before(entry, end) {
  const start = Math.max(end - CONTEXT, 0), text = words(entry, start, end);
  return start ? `…${text.replace(/^\S{0,30} /u, "")}` : text;
}
function after(entry, start) {
  const end = start + CONTEXT, text = words(entry, start, end);
  return end < entry.characters.length ? `${text.replace(/ \S{0,30}$/u, "")}…` : text;
}
async function relationLine([number, position]) {
  const entry = await documentAt(number), [head, tail, , attributes] = entry.relations[position];
  const ends = [head, tail].map(end => entry.mentions[end]);
  const [first, second] = ends[0].start <= ends[1].start ? ends : [ends[1], ends[0]];
  const line = make("span", "evidence"), end = Math.max(first.end, second.end);
  const draw = (from, to) => drawSpans(line, entry, ends, from, to, drawMark, span => [chip(span.label), " "]);
  line.append(before(entry, first.start));
  if (second.start - first.end > MAX_GAP) {
    draw(first.start, first.end);
    line.append(after(entry, first.end).slice(0, -1), " […] ", before(entry, second.start).slice(1));
    draw(second.start, second.end);
  } else draw(first.start, end);
  line.append(after(entry, end));
  line.lang = entry.lang;
  const details = attributes.map(([name, value]) => `${name}: ${value}`);
  const node = make("li", "line");
  node.append(link("", ["document", entry.id, ends[0].id], line, make("span", "source", [entry.title, ...details].join(" · "))));
  return node;
}
function drawMark(piece, over) {
  const inner = over[over.length - 1];
  return coloured(make("mark", "", piece.replace(/\s/gu, " ")), inner.label);
}
// Append the text from one offset to another, cut where spans start and end; `draw` marks a piece.
function drawSpans(node, entry, spans, from, to, draw, start = () => []) {
  const inside = spans.filter(span => span.start < to && span.end > from);
  const cuts = [...new Set([from, to, ...inside.flatMap(span => [Math.max(span.start, from), Math.min(span.end, to)])])].sort((a, b) => a - b);
  cuts.slice(0, -1).forEach((cut, i) => {
    inside.filter(span => span.start === cut).forEach(span => node.append(...start(span)));
    const piece = entry.characters.slice(cut, cuts[i + 1]).join("");
    const over = inside.filter(span => span.start <= cut && cuts[i + 1] <= span.end);
    node.append(over.length ? draw(piece, over) : piece);
  });
}

// Views: each returns [title, nodes].
async function startView() {
  const view = element("start").content.cloneNode(true), section = view.querySelector("#documents");
  view.querySelectorAll("[data-hue]").forEach(node => node.style.setProperty("--hue", node.dataset.hue));
  const split = view.querySelector("#split");
  let box = make("div");
  section.append(box);
  async function fill() {
    async function* rows() {
      for await (const row of allRows("list")) if (!split?.value || row[3] === split.value) yield row;
    }
    const next = await pager("", rows(), documentItem, { step: 50, empty: "No documents." });
    box.replaceWith(next);
    box = next;
  }
  split?.addEventListener("change", fill);
  await fill();
  return [null, view];
}
function documentItem([id, title, date, split, mentions, relations]) {
  const count = [date, split, plural(mentions, "mention"), plural(relations, "relation")].filter(Boolean).join(" · ");
  return item("", ["document", id], title, count);
}

async function surfaceView(surface, label) {
  const rows = (await collect(rowsOf("mentions", surface))).filter(row => !label || labelName(row[1]) === label);
  if (!rows.length) return missing(`No mention is written “${surface}”.`);
  const labels = new Map(), refs = new Map();
  for (const [, number, ref, found] of rows) {
    labels.set(number, (labels.get(number) ?? 0) + found.length / 2);
    if (ref) refs.set(ref, (refs.get(ref) ?? 0) + found.length / 2);
  }
  const total = [...labels.values()].reduce((a, b) => a + b, 0);
  const summary = make("p", "controls");
  labels.forEach((count, number) => summary.append(link("", ["type", labelName(number)], chip(number)), make("span", "count", plural(count, "mention"))));
  const named = make("p", "note", refs.size ? "Refs: " : "No ref.");
  [...refs].sort((one, other) => other[1] - one[1]).slice(0, 20).forEach(([ref, count], i) => named.append(i ? ", " : "", link("", ["ref", ref], ref), ` (${count})`));
  if (refs.size > 20) named.append(` and ${refs.size - 20} more`);
  return [`“${surface}”`, make("h1", "", `“${surface}”`), summary, named, make("h2", "", `Concordance: ${plural(total, "mention")}`),
    await pager("", occurrences(rows, 3), mentionLine)];
}

async function refView(ref) {
  const row = await firstOf(rowsOf("refs", ref));
  if (!row) return missing(`The corpus has no ref “${ref}”.`);
  const [, name, mentions, documents, surfaces] = row;
  const list = make("ul", "rows names-list");
  surfaces.forEach(([surface, label, count]) => list.append(item("", ["surface", surface, labelName(label)], [chip(label), " ", surface], count.toLocaleString("en"))));
  async function* everywhere() {
    for (const surface of new Set(surfaces.map(([each]) => each))) {
      for await (const found of rowsOf("mentions", surface)) if (found[2] === ref) yield found;
    }
  }
  const facts = await pager("", rowsOf("facts", ref), row => factItem(row, name), { step: 15, empty: "No relations." });
  return [name, make("h1", "", name), make("p", "note", `ref ${ref} · ${plural(mentions, "mention")} in ${plural(documents, "document")}`),
    make("h2", "", plural(surfaces.length, "surface")), list, make("h2", "", "Relations"), facts,
    make("h2", "", "Concordance"), await pager("", occurrences(everywhere(), 3), mentionLine)];
}
function factItem(row, name) {
  const [, label, direction, other, ref, found] = row, ends = [name, make("strong", "", other)];
  const node = make("details"), kind = make("span", "relation-name", directory.relationLabels[label][0]);
  const [head, tail] = direction === 1 ? ends.reverse() : ends;
  node.append(make("summary", "", head, " ", kind, ` ${arrow(label)} `, tail, make("span", "note", ` ${found.length / 2}`)));
  node.addEventListener("toggle", async () => {
    if (!node.open || node.children.length > 1) return;
    const box = make("div");
    node.append(box);
    if (ref) box.append(make("p", "note", "Ref: ", link("", ["ref", ref], ref)));
    box.append(await pager("", occurrences([row], 5), relationLine));
  });
  return make("li", "", node);
}

async function typeView(label) {
  const number = directory.entityLabels.findIndex(([each]) => each === label);
  if (number < 0) return missing(`The corpus has no entity type “${label}”.`);
  const refs = await pager("names-list", rowsOf("named", label), ([, ref, name, count]) => item("", ["ref", ref], name, count.toLocaleString("en")), { step: 60, empty: "No refs." });
  const surfaces = await pager("names-list", rowsOf("surfaces", label), ([, surface, count]) => item("", ["surface", surface, label], surface, count.toLocaleString("en")), { step: 120, empty: "No mentions." });
  return [label, make("h1", "", chip(number)), make("p", "note", description(directory.entityLabels[number], "mention")),
    make("h2", "", "Refs, by number of mentions"), refs, make("h2", "", "Surfaces, by number of mentions"), surfaces];
}
const description = ([, , count, text], noun) => [plural(count, noun), text].filter(Boolean).join(" · ");

async function relationView(label) {
  const number = directory.relationLabels.findIndex(([each]) => each === label);
  if (number < 0) return missing(`The corpus has no relation type “${label}”.`);
  const groups = await pager("", rowsOf("relations", label), row => pairItem(row, number), { step: 15, empty: "No relations." });
  return [label, make("h1", "", label), make("p", "note", description(directory.relationLabels[number], "relation")), make("h2", "", "Concordance, by pair of entities"), groups];
}
async function pairItem(row, relation) {
  const [, head, headRef, tail, tailRef, found] = row, count = found.length / 2;
  const end = (name, ref) => ref ? link("", ["ref", ref], name) : make("span", "", name);
  const pair = make("h3", "pair", end(head, headRef), ` ${arrow(relation)} `, end(tail, tailRef), make("span", "note", count > 1 ? ` ${count}` : ""));
  return make("li", "group", pair, await pager("", occurrences([row], 5), relationLine, { step: 2 }));
}

// Search: keys without capitals, accents and punctuation; see search_keys.py.
function searchKey(text) {
  const plain = text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
  return plain.replace(/[^\p{L}\p{N}]+/gu, " ").trim() || text.toLowerCase().trim();
}
async function searchView(query) {
  const key = searchKey(query);
  if (!key) return ["Search", make("h1", "", "Search"), make("p", "note", "Type the start of a name, ref, title, id or type.")];
  const table = directory.tables.search, found = new Map();
  let file = lastFile(table, ([first]) => first < key), read = 0;
  for (; file < table.length && (table[file][0] < key || table[file][0].startsWith(key)) && read < MAX_SEARCH_FILES; file++, read++) {
    for (const [each, kind, target, shown, count] of await loadFile(`search-${file}`)) {
      if (!each.startsWith(key)) continue;
      const name = `${kind} ${target}`, isWhole = each === key ? 1 : 0;
      if (!found.has(name) || isWhole > found.get(name).isWhole) found.set(name, { kind, target, shown, count, isWhole });
    }
  }
  const isPartial = read === MAX_SEARCH_FILES && file < table.length && table[file][0].startsWith(key);
  const groups = FOUND.map((_, kind) => [...found.values()].filter(each => each.kind === kind)
    .sort((one, other) => other.isWhole - one.isWhole || other.count - one.count || (one.shown < other.shown ? -1 : 1)));
  const summary = groups.map((group, kind) => group.length ? plural(group.length, FOUND_NOUNS[kind]) : "").filter(Boolean).join(", ");
  const status = make("p", "note", found.size ? `${isPartial ? "The first " : ""}${summary}.${isPartial ? " Type more letters to see the others." : ""}` : `Nothing starts with “${query}”.`);
  status.setAttribute("role", "status");
  const sections = await Promise.all(groups.map(async (group, kind) => group.length
    ? [make("h2", "", `${FOUND_NOUNS[kind][0].toUpperCase()}${FOUND_NOUNS[kind].slice(1)}s`), await pager(kind === 4 ? "" : "names-list", group.values(), ({ target, shown, count }) =>
      item("", [FOUND[kind], target], shown, kind === 4 ? target : count.toLocaleString("en")), { step: kind === 4 ? 20 : 30 })] : []));
  return [`Search: ${query}`, make("h1", "", `Search: ${query}`), status, ...sections.flat()];
}

async function changesView() {
  if (!directory.tables.changes) return missing("This site shows no changes.");
  const view = element("changes").content.cloneNode(true);
  view.querySelector("#changed").append(await pager("", allRows("changes"), changeItem, { empty: "None." }));
  return ["Changes", view];
}
function changeItem([id, title, statuses, texts, corrections]) {
  const node = make("details");
  node.append(make("summary", "", make("strong", "", title), make("span", "note", ` · ${statuses.join(", ")}`)));
  node.addEventListener("toggle", () => {
    if (!node.open || node.children.length > 1) return;
    if (!statuses.includes("removed")) node.append(make("p", "changed", link("", ["document", id], "Open the document")));
    else node.append(make("p", "note", id));
    texts.forEach(parts => node.append(make("p", "changed", ...parts.map(([sign, text]) =>
      sign ? make(sign < 0 ? "del" : "ins", "", text) : text))));
    const list = make("ul", "corrections");
    list.append(...corrections.map(each => correctionItem(id, each)));
    if (corrections.length) node.append(list);
  });
  return make("li", "", node);
}
function correctionItem(id, [sign, label, isRelation, parts, details, mention]) {
  const names = { "+": "added", "−": "removed", "~": "changed" };
  const mark = make("span", "sign", sign);
  mark.title = names[sign];
  const number = directory.entityLabels.findIndex(([each]) => each === label);
  const kind = isRelation || number < 0 ? make("span", "relation-name", label) : chip(number);
  const text = isRelation ? [parts[0], " → ", parts[1]] : [parts[0], make("strong", "", parts[1]), parts[2]];
  const place = mention ? link("", ["document", id, mention], ...text) : make("span", "", ...text);
  return make("li", "", mark, make("span", "note", `${names[sign]} `), kind, " ", place, make("span", "note", details ? ` (${details})` : ""));
}

// The document
let reader = null; // the document that is shown, its nodes and the number of the selected mention
async function documentView(id, mention) {
  const row = await firstOf(rowsOf("documents", id));
  if (!row) return missing(`This site has no document “${id}”.`);
  const entry = openDocument(row), number = await numberOf(id);
  const text = make("div", "text"), card = make("div", "card"), aside = make("aside", "", card);
  aside.setAttribute("aria-label", "Selected mention and metadata");
  card.setAttribute("role", "status");
  text.lang = entry.lang;
  const spans = entry.mentions.map((each, i) => ({ ...each, number: i }));
  drawSpans(text, entry, spans, 0, entry.characters.length, drawSegment, span => [drawTag(span)]);
  const metadata = make("dl", "facts");
  [["id", entry.id], ["split", entry.split], ...entry.metadata].forEach(([name, value]) => value && metadata.append(make("dt", "", name), make("dd", "", value)));
  aside.append(make("h2", "", "Metadata"), metadata);
  const relations = make("ul", "rows triples");
  entry.relations.forEach(([head, tail, label, attributes]) => {
    const ends = [head, tail].map(end => make("span", "", chip(entry.mentions[end].label), " ", surfaceOf(entry, entry.mentions[end])));
    const kind = make("span", "relation-name", `${directory.relationLabels[label][0]} ${arrow(label)}`);
    const details = make("span", "note", attributes.map(([name, value]) => `${name}: ${value}`).join(", "));
    const node = make("li");
    node.append(link("", ["document", entry.id, entry.mentions[head].id], ends[0], kind, ends[1], details));
    relations.append(node);
  });
  reader = { entry, text, card, selected: -1 };
  text.querySelector(".tag")?.setAttribute("tabindex", "0");
  const left = make("div", "", text, make("h2", "", plural(entry.relations.length, "relation")), relations);
  select(-1);
  return [entry.title, await moves(number), make("h1", "", entry.title),
    make("p", "note", `${plural(entry.mentions.length, "mention")}, ${plural(entry.relations.length, "relation")}. ← and → select the next mention.`),
    make("div", "reader", left, aside)];
}
async function moves(number) {
  const controls = make("p", "controls");
  for (const [step, text] of [[-1, "← Previous document"], [1, "Next document →"]]) {
    const last = directory.tables.list.length - 1;
    const isThere = number + step >= 0 && (number + step < directory.tables.list[last][1] || (await rowAt("list", number + step)));
    if (isThere) controls.append(link("", ["document", (await rowAt("list", number + step))[0]], text));
  }
  return controls;
}
function drawTag({ label, number }) {
  const tag = coloured(make("button", "tag", labelName(label)), label);
  Object.assign(tag, { type: "button", tabIndex: -1 });
  tag.dataset.mention = number;
  return tag;
}
function drawSegment(piece, over) {
  const segment = coloured(make("span", "segment", piece), over[over.length - 1].label);
  segment.dataset.mentions = ` ${over.map(span => span.number).join(" ")} `;
  if (over.length > 1) {
    segment.classList.add("deep");
    segment.style.setProperty("--outer", hueOf(over[0].label));
  }
  return segment;
}
const tagOf = number => reader.text.querySelector(`.tag[data-mention="${number}"]`);
function select(number) {
  const { entry, text, card } = reader;
  reader.selected = number;
  text.querySelectorAll(".selected").forEach(node => node.classList.remove("selected"));
  card.classList.toggle("filled", number >= 0);
  if (number < 0) {
    card.replaceChildren(make("p", "note", "Select a mention to see its ref and its relations."));
    drawArcs();
    return;
  }
  tagOf(number).classList.add("selected");
  text.querySelectorAll(`[data-mentions~="${number}"]`).forEach(node => node.classList.add("selected"));
  const mention = entry.mentions[number], surface = surfaceOf(entry, mention), list = make("ul");
  card.replaceChildren(make("p", "", chip(mention.label), " ", make("strong", "", surface)));
  if (mention.ref) card.append(make("p", "", "Ref: ", link("", ["ref", mention.ref], mention.name), make("span", "note", mention.name === mention.ref ? "" : ` ${mention.ref}`)));
  if (mention.attributes.length) card.append(make("p", "", mention.attributes.map(([name, value]) => `${name}: ${value}`).join(", ")));
  entry.relations.forEach(([head, tail, label]) => {
    if (head !== number && tail !== number) return;
    const end = i => i === number ? "this" : link("", ["document", entry.id, entry.mentions[i].id], surfaceOf(entry, entry.mentions[i]));
    list.append(make("li", "", end(head), " ", make("span", "relation-name", directory.relationLabels[label][0]), ` ${arrow(label)} `, end(tail)));
  });
  if (list.children.length) card.append(list);
  card.append(make("p", "", link("", ["surface", surface], `All mentions of “${surface}”`)), button("Close", deselect));
  drawArcs();
}
function deselect() {
  history.replaceState(history.state, "", address("document", reader.entry.id));
  select(-1);
}
function chooseMention(number) {
  history.replaceState(history.state, "", address("document", reader.entry.id, reader.entry.mentions[number].id));
  select(number);
}
function showMention(id) {
  const number = reader.entry.mentions.findIndex(each => each.id === id);
  if (number < 0) return false;
  select(number);
  const tag = tagOf(number);
  tag.scrollIntoView({ block: "center" });
  tag.focus({ preventScroll: true });
  return true;
}
function makeSvg(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
  if (text) node.textContent = text;
  return node;
}
function drawArcs() {
  const { entry, text, selected } = reader;
  text.querySelector("svg")?.remove();
  if (selected < 0) return;
  const svg = makeSvg("svg", { "aria-hidden": "true" }), box = text.getBoundingClientRect();
  entry.relations.forEach(([head, tail, label]) => {
    if (head !== selected && tail !== selected) return;
    const [[x1, y1], [x2, y2]] = [head, tail].map(end => {
      const tag = tagOf(end).getBoundingClientRect();
      return [tag.left + tag.width / 2 - box.left, tag.top - box.top];
    });
    const top = Math.min(y1, y2) - 10 - Math.min(Math.abs(x2 - x1) / 14, 12), name = directory.relationLabels[label][0];
    const path = head === tail ? `M${x1 - 5},${y1} C${x1 - 22},${y1 - 24} ${x1 + 22},${y1 - 24} ${x1 + 5},${y1}` : `M${x1},${y1} C${x1},${top} ${x2},${top} ${x2},${y2}`;
    const room = 3.5 * name.length, middle = Math.min(Math.max((x1 + x2) / 2, room), Math.max(box.width - room, room));
    svg.append(makeSvg("path", { d: path, class: "arc" }), makeSvg("path", { d: `M${x2 - 4},${y2 - 6} L${x2 + 4},${y2 - 6} L${x2},${y2} Z`, class: "tip" }),
      makeSvg("text", { x: middle, y: (Math.min(y1, y2) + 3 * top) / 4 + 4, "text-anchor": "middle", class: "arc-label" }, name));
  });
  text.append(svg);
}

// Addresses
const VIEWS = { "": startView, document: documentView, surface: surfaceView, ref: refView, type: typeView, relation: relationView, search: searchView, changes: changesView };
const missing = text => ["Not found", make("h1", "", "Not found"), make("p", "", text), make("p", "", link("", [""], "Start page"))];
const main = element("view"), siteTitle = document.title, searchField = element("search");
let visits = 0;
function parts() {
  try {
    return location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  } catch {
    return ["unknown"];
  }
}
async function route() {
  const visit = ++visits, [name, ...values] = parts();
  leave();
  if (comeBack()) return;
  const isOpen = name === "document" && reader?.entry.id === values[0] && reader.text.isConnected;
  if (!isOpen || !values[1]) {
    const [title, ...nodes] = await drawView(name, values);
    if (visit !== visits) return;
    main.replaceChildren(...nodes);
    document.title = title ? `${title} – ${siteTitle}` : siteTitle;
  }
  remember();
  if (name === "search") {
    if (searchKey(searchField.value) !== searchKey(values[0] ?? "")) searchField.value = values[0] ?? "";
    return;
  }
  if (document.activeElement !== searchField) searchField.value = "";
  if (name === "document" && values[1] && showMention(values[1])) return;
  window.scrollTo(0, 0);
  const heading = main.querySelector("h1");
  heading.tabIndex = -1;
  if (visit > 1 && document.activeElement !== searchField) heading.focus({ preventScroll: true });
}
async function drawView(name, values) {
  const view = Object.hasOwn(VIEWS, name) ? VIEWS[name] : () => missing("This address has no page.");
  main.setAttribute("aria-busy", "true");
  try {
    return await view(...values);
  } catch (error) {
    return ["Error", make("h1", "", "Error"), make("p", "", error.message)];
  } finally {
    main.removeAttribute("aria-busy");
  }
}

// Going back shows a view as it was left: its lists, its place and the focus.
history.scrollRestoration = "manual";
const visited = new Map();
let current = null;
function leave() {
  if (current) Object.assign(current, { nodes: [...main.childNodes], scroll: window.scrollY, focus: document.activeElement, query: searchField.value });
  current = null;
}
function remember() {
  const key = history.state?.key ?? `${Date.now()}-${visits}`;
  history.replaceState({ key }, "");
  current = { title: document.title, reader };
  visited.set(key, current);
  if (visited.size > MAX_VISITED) visited.delete(visited.keys().next().value);
}
function comeBack() {
  const visit = visited.get(history.state?.key);
  if (!visit) return false;
  current = visit;
  ({ reader, title: document.title } = visit);
  main.replaceChildren(...visit.nodes);
  main.removeAttribute("aria-busy");
  searchField.value = parts()[0] === "search" ? visit.query : "";
  window.scrollTo(0, visit.scroll);
  if (visit.focus.isConnected) visit.focus.focus({ preventScroll: true });
  if (parts()[0] === "document") select(reader.entry.mentions.findIndex(each => each.id === parts()[2]));
  return true;
}
window.addEventListener("hashchange", route);
window.addEventListener("resize", () => reader?.text.isConnected && drawArcs());

let typing;
function search() {
  clearTimeout(typing);
  const target = searchField.value.trim() ? address("search", searchField.value.trim()) : "#/";
  if (parts()[0] === "search") {
    history.replaceState(null, "", target);
    route();
  } else if (searchField.value.trim()) location.hash = target;
}
searchField.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(search, 120);
});
element("search-form").addEventListener("submit", event => {
  event.preventDefault();
  search();
  main.querySelector(".rows a")?.focus();
});

// Keys: / searches, arrows move in lists and between mentions, Escape deselects.
document.addEventListener("keydown", event => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const focused = event.target, isField = /^(INPUT|SELECT|TEXTAREA)$/.test(focused.tagName);
  if (event.key === "/" && !isField) searchField.focus();
  else if (event.key === "Escape" && reader?.text.isConnected && reader.selected >= 0) deselect();
  else if (["ArrowDown", "ArrowUp"].includes(event.key) && (focused === searchField || focused.matches(".rows a, .rows summary"))) {
    const links = [...main.querySelectorAll(".rows a, .rows summary")].filter(each => each.offsetParent);
    const next = links.indexOf(focused) + (event.key === "ArrowDown" ? 1 : -1);
    (links[next] ?? searchField).focus();
  } else if (["ArrowLeft", "ArrowRight"].includes(event.key) && focused.matches(".tag")) {
    const tags = [...reader.text.querySelectorAll(".tag")];
    tags[tags.indexOf(focused) + (event.key === "ArrowRight" ? 1 : -1)]?.focus();
  } else return;
  event.preventDefault();
});
main.addEventListener("focusin", event => {
  const tag = event.target.closest(".tag");
  if (!tag) return;
  reader.text.querySelectorAll(".tag[tabindex='0']").forEach(each => { each.tabIndex = -1; });
  tag.tabIndex = 0;
  if (Number(tag.dataset.mention) !== reader.selected) chooseMention(Number(tag.dataset.mention));
});
main.addEventListener("click", event => {
  const tag = event.target.closest(".tag"), segment = event.target.closest(".segment");
  if (tag) tag.focus({ preventScroll: true });
  else if (segment) tagOf(segment.dataset.mentions.trim().split(" ").pop()).focus({ preventScroll: true });
});
