/* The items of the paper as fieldsets, and the question map beside them. */

import { field } from "./fields.js";

const fill = (form, parts) => form.replace(/\{(\w+)\}/g, (_, key) => parts[key]);
const points = (hundredths) => String(hundredths / 100);

export class Items {
  /* `changed(position, value, marked)` hears the person; `moved(position)` hears which item is in front; `picture(digest)` gives an address. */
  constructor({ paper, box, map, words, changed, moved, picture }) {
    Object.assign(this, { paper, box, map, words, changed, moved, picture });
    this.count = paper.items.length;
    this.current = 1;
    this.parts = new Map();
    this.links = new Map();
    this.itemTemplate = document.getElementById("item-template");
  }

  build(value) {
    const rows = document.createDocumentFragment();
    const links = document.createDocumentFragment();
    for (const item of this.paper.items) {
      const section = this.paper.sections.find((one) => one.first === item.position);
      if (section) rows.append(this.heading(section));
      rows.append(this.item(item));
      links.append(this.link(item.position));
      this.show(item.position, value(item.position));
    }
    this.box.replaceChildren(rows);
    this.map.replaceChildren(links);
    this.box.addEventListener("error", ({ target }) => this.again(target), true);
    this.box.addEventListener("change", (event) => this.heard(event));
    this.box.addEventListener("input", (event) => {
      if (event.target.matches("textarea, input[type=text]")) this.heard(event);
    });
    this.box.addEventListener("click", (event) => this.clicked(event));
    this.box.addEventListener("focusin", (event) => this.front(event.target));
    this.map.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link) return;
      event.preventDefault();
      this.go(Number(link.dataset.position));
    });
  }

  heading(section) {
    const heading = document.createElement("h2");
    heading.className = "section-title";
    heading.textContent = section.title;
    const note = document.createElement("small");
    note.className = "muted";
    note.textContent = fill(this.words.section, { n: section.last - section.first + 1, points: points(section.points) });
    heading.append(" ", note);
    return heading;
  }

  item(item) {
    const node = this.itemTemplate.content.firstElementChild.cloneNode(true);
    node.id = `item-${item.position}`;
    node.dataset.position = item.position;
    node.querySelector(".item-number").textContent = fill(this.words.number, {
      n: item.position, of: this.count, type: this.words.types[item.type] ?? "", points: points(item.points),
    });
    node.querySelector(".item-text").innerHTML = item.stem;
    const given = field(item, node, this.words);
    for (const picture of node.querySelectorAll("img[data-picture]")) picture.src = this.picture(picture.dataset.picture);
    const mark = node.querySelector(".item-mark");
    mark.id = `mark-${item.position}`;
    const clear = node.querySelector(".item-clear");
    if (!given.choose) clear.firstElementChild.textContent = this.words.clear;
    this.parts.set(item.position, { node, given, mark, clear, state: node.querySelector(".item-state") });
    return node;
  }

  /* A picture that did not come is fetched again: soon, and each time after a longer wait. */
  again(picture) {
    if (!picture.matches("img[data-picture]")) return;
    picture.dataset.tries = Number(picture.dataset.tries ?? 0) + 1;
    setTimeout(() => { picture.src = this.picture(picture.dataset.picture); }, picture.dataset.tries * (2_000 + Math.random() * 8_000));
  }

  link(position) {
    const entry = document.createElement("li");
    const link = document.createElement("a");
    link.href = `#item-${position}`;
    link.dataset.position = position;
    link.textContent = String(position);
    entry.append(link);
    this.links.set(position, link);
    return entry;
  }

  /* Bring a value into the form. */
  show(position, { choices, marked }) {
    const { given, mark, clear } = this.parts.get(position);
    given.show(choices);
    mark.checked = marked;
    clear.hidden = choices.length === 0;
  }

  /* Bring a state into words and into the map. */
  state(position, state, marked) {
    const { state: text, clear, given } = this.parts.get(position);
    const link = this.links.get(position);
    text.textContent = this.words.states[state];
    text.dataset.state = state;
    clear.hidden = given.read().length === 0;
    link.dataset.state = state;
    link.toggleAttribute("data-marked", marked);
    link.setAttribute("aria-label", fill(this.words.link, { n: position, state: this.words.states[state] }) + (marked ? this.words.marked : ""));
  }

  read(position) {
    const { given, mark } = this.parts.get(position);
    return { choices: given.read(), marked: mark.checked };
  }

  heard(event) {
    const node = event.target.closest(".item");
    if (!node) return;
    const position = Number(node.dataset.position);
    const { choices, marked } = this.read(position);
    this.changed(position, choices, marked);
  }

  clicked(event) {
    this.front(event.target);
    const clear = event.target.closest(".item-clear");
    if (!clear) return;
    const position = Number(clear.closest(".item").dataset.position);
    const { given, mark } = this.parts.get(position);
    given.show([]);
    this.changed(position, [], mark.checked);
    given.parts[0].focus();
  }

  front(target) {
    const node = target.closest?.(".item");
    if (node) this.settle(Number(node.dataset.position));
  }

  /* Make an item the current one without moving the page. */
  settle(position) {
    if (this.parts.get(this.current)) {
      this.parts.get(this.current).node.classList.remove("is-current");
      this.links.get(this.current).removeAttribute("aria-current");
    }
    this.current = position;
    this.parts.get(position).node.classList.add("is-current");
    this.links.get(position).setAttribute("aria-current", "true");
    this.moved(position);
  }

  /* Go to an item and put the focus on it, so that screen reader and keyboard follow. */
  go(position, focus = true) {
    const wanted = Math.min(this.count, Math.max(1, position));
    this.settle(wanted);
    const { node } = this.parts.get(wanted);
    node.scrollIntoView({ block: "start", behavior: "auto" });
    if (focus) node.focus({ preventScroll: true });
  }

  /* Choose by letter or digit on the keyboard. */
  choose(index) {
    const { given } = this.parts.get(this.current);
    const input = given.choose?.(index);
    if (!input || input.disabled) return false;
    input.focus();
    input.click();
    return true;
  }

  mark() {
    const { mark } = this.parts.get(this.current);
    if (!mark.disabled) mark.click();
  }

  lock(locked) {
    for (const { given, mark, clear } of this.parts.values()) for (const part of [...given.parts, mark, clear]) part.disabled = locked;
  }

  answered(value) {
    const open = [];
    for (let position = 1; position <= this.count; position += 1) if (!value(position).choices.length) open.push(position);
    return open;
  }

  say(position, choices) {
    return choices.length ? this.parts.get(position).given.say(choices) : this.words.nothing;
  }
}
