"use strict";
(() => {
  const find = (selector, root = document) => [...root.querySelectorAll(selector)];
  const search = document.getElementById("search"), relation = document.getElementById("relation");
  const all = document.getElementById("all"), shown = document.getElementById("shown");
  const jump = document.getElementById("jump");
  const things = find(".thing"), rows = find("tbody tr"), drawings = find("svg");
  const plain = text => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const words = new Map(rows.map(row => [row, plain(row.textContent)]));
  const hasEnd = (element, thing) => element.dataset.ends.split(" ").includes(thing);
  const fewLines = 12;
  let selected = null;

  function showRows() {
    const wanted = plain(search.value.trim());
    let count = 0;
    for (const row of rows) {
      row.hidden = !((selected === null || hasEnd(row, selected))
        && (!relation.value || row.dataset.relation === relation.value)
        && words.get(row).includes(wanted));
      count += !row.hidden;
    }
    document.getElementById("none").hidden = count > 0;
    const name = selected === null ? "" : ` about ${things.find(each => each.dataset.thing === selected).dataset.name}`;
    shown.textContent = `${count} of ${rows.length} facts${name}`;
    jump.hidden = selected === null;
    jump.textContent = `${count} ${count === 1 ? "fact" : "facts"}${name} ↓`;
  }

  function meets(one, other) {
    return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  }

  function hideOverlappingLabels(drawing) {
    const taken = find(".thing rect", drawing).map(each => each.getBoundingClientRect());
    for (const label of find(".relation", drawing)) {
      label.classList.remove("covered");
      const box = label.getBoundingClientRect();
      const isCovered = box.width > 0 && taken.some(each => meets(box, each));
      label.classList.toggle("covered", isCovered);
      if (box.width > 0 && !isCovered) taken.push(box);
    }
  }

  function select(thing) {
    selected = thing === selected ? null : thing;
    all.hidden = selected === null;
    for (const drawing of drawings) {
      const near = new Set([selected]);
      for (const line of find("[data-ends]", drawing)) {
        const on = selected !== null && hasEnd(line, selected);
        line.classList.toggle("on", on);
        if (on) line.dataset.ends.split(" ").forEach(end => near.add(end));
      }
      for (const each of find(".thing", drawing)) {
        each.classList.toggle("on", near.has(each.dataset.thing));
        each.setAttribute("aria-pressed", each.dataset.thing === selected);
      }
      drawing.classList.toggle("selected", selected !== null);
      hideOverlappingLabels(drawing);
    }
    showRows();
  }

  function centre(thing) {
    const box = thing.querySelector("rect");
    return [box.x.baseVal.value + box.width.baseVal.value / 2, box.y.baseVal.value];
  }

  function move(from, [right, down]) {
    const [x, y] = centre(from);
    const ahead = find(".thing", from.ownerSVGElement).map(each => {
      const [otherX, otherY] = centre(each);
      const along = (otherX - x) * right + (otherY - y) * down;
      const across = Math.abs((otherX - x) * down) + Math.abs((otherY - y) * right);
      return {each, along, far: along + 2 * across};
    }).filter(each => each.along > 1);
    if (!ahead.length) return;
    const next = ahead.reduce((best, each) => each.far < best.far ? each : best).each;
    from.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  const steps = {ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1]};
  for (const thing of things) {
    thing.addEventListener("click", () => select(thing.dataset.thing));
    thing.addEventListener("keydown", event => {
      if (event.key === "Enter" || event.key === " ") select(thing.dataset.thing);
      else if (steps[event.key]) move(thing, steps[event.key]);
      else return;
      event.preventDefault();
    });
  }
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && selected !== null) select(selected);
  });
  all.addEventListener("click", () => select(selected));
  search.addEventListener("input", showRows);
  relation.addEventListener("change", showRows);
  for (const drawing of drawings) {
    drawing.classList.toggle("few", find(".line", drawing).length <= fewLines);
    hideOverlappingLabels(drawing);
  }
  showRows();
})();
