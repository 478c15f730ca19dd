/* The items of the paper as fieldsets, and the question map beside them. */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

const fill = (form, parts) => form.replace(/\{(\w+)\}/g, (_, key) => parts[key]);
const points = (hundredths) => String(hundredths / 100);

export class Items {
  /* `changed(position, choices, marked)` hears the person; `moved(position)` hears which item is in front. */
  constructor({ paper, box, map, words, changed, moved }) {
    Object.assign(this, { paper, box, map, words, changed, moved });
    this.count = paper.items.length;
    this.current = 1;
    this.parts = new Map();
    this.links = new Map();
    this.itemTemplate = document.getElementById("item-template");
    this.optionTemplate = document.getElementById("option-template");
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
    this.box.addEventListener("change", (event) => this.heard(event));
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
    const single = item.type !== "multiple";
    node.id = `item-${item.position}`;
    node.dataset.position = item.position;
    node.querySelector(".item-number").textContent = fill(this.words.number, {
      n: item.position, of: this.count, type: this.words.types[item.type] ?? "", points: points(item.points),
    });
    node.querySelector(".item-text").innerHTML = item.stem;
    node.querySelector(".item-hint").hidden = single;
    const options = item.options.map((html, index) => {
      const option = this.optionTemplate.content.firstElementChild.cloneNode(true);
      const input = option.querySelector("input");
      input.type = single ? "radio" : "checkbox";
      input.name = `response-${item.position}`;
      input.value = String(index);
      option.querySelector(".option-letter").textContent = LETTERS[index];
      option.querySelector(".option-text").innerHTML = html;
      return option;
    });
    node.querySelector(".options").append(...options);
    const mark = node.querySelector(".item-mark");
    mark.id = `mark-${item.position}`;
    this.parts.set(item.position, { node, inputs: options.map((one) => one.querySelector("input")), mark, clear: node.querySelector(".item-clear"), state: node.querySelector(".item-state") });
    return node;
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
    const { inputs, mark, clear } = this.parts.get(position);
    inputs.forEach((input, index) => { input.checked = choices.includes(index); });
    mark.checked = marked;
    clear.hidden = choices.length === 0;
  }

  /* Bring a state into words and into the map. */
  state(position, state, marked) {
    const { state: text, clear, inputs } = this.parts.get(position);
    const link = this.links.get(position);
    text.textContent = this.words.states[state];
    text.dataset.state = state;
    clear.hidden = !inputs.some((input) => input.checked);
    link.dataset.state = state;
    link.toggleAttribute("data-marked", marked);
    link.setAttribute("aria-label", fill(this.words.link, { n: position, state: this.words.states[state] }) + (marked ? this.words.marked : ""));
  }

  read(position) {
    const { inputs, mark } = this.parts.get(position);
    return { choices: inputs.flatMap((input, index) => (input.checked ? [index] : [])), marked: mark.checked };
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
    const { inputs, mark } = this.parts.get(position);
    for (const input of inputs) input.checked = false;
    this.changed(position, [], mark.checked);
    inputs[0].focus();
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
    const { inputs } = this.parts.get(this.current);
    const input = inputs[index];
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
    for (const { inputs, mark, clear } of this.parts.values()) for (const part of [...inputs, mark, clear]) part.disabled = locked;
  }

  answered(value) {
    const open = [];
    for (let position = 1; position <= this.count; position += 1) if (!value(position).choices.length) open.push(position);
    return open;
  }

  letters(choices) {
    return choices.length ? choices.map((choice) => LETTERS[choice]).join("") : this.words.nothing;
  }
}
