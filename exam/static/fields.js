/* How a response of each type is given: every field reads and shows one value and says what to lock.
   A value is a list: options chosen (as shown, from 0); one option for each prompt, -1 for none; all options in the learner's
   order; or texts. An empty list is no answer. */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const fill = (form, parts) => form.replace(/\{(\w+)\}/g, (_, key) => parts[key]);
const copy = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
const plain = (html) => {
  const box = document.createElement("template");
  box.innerHTML = html;
  for (const note of box.content.querySelectorAll("annotation")) note.remove();
  for (const picture of box.content.querySelectorAll("img")) picture.replaceWith(picture.alt);
  return box.content.textContent.replace(/\s+/g, " ").trim();
};
const textsOf = (inputs) => (inputs.some((input) => input.value.trim()) ? inputs.map((input) => input.value) : []);
const showTexts = (inputs, value) => inputs.forEach((input, index) => { if (input.value !== (value[index] ?? "")) input.value = value[index] ?? ""; });

function choice(item, node) {
  const single = item.type !== "multiple";
  node.querySelector(".item-hint").hidden = single;
  const options = item.options.map((html, index) => {
    const option = copy("option-template");
    const input = option.querySelector("input");
    input.type = single ? "radio" : "checkbox";
    input.name = `response-${item.position}`;
    input.value = String(index);
    option.querySelector(".option-letter").textContent = LETTERS[index];
    option.querySelector(".option-text").innerHTML = html;
    return option;
  });
  node.querySelector(".options").append(...options);
  const inputs = options.map((one) => one.querySelector("input"));
  return {
    parts: inputs,
    read: () => inputs.flatMap((input, index) => (input.checked ? [index] : [])),
    show: (value) => inputs.forEach((input, index) => { input.checked = value.includes(index); }),
    say: (value) => value.map((one) => LETTERS[one]).join(""),
    choose: (index) => inputs[index],
  };
}

/* A legend names the group; what is typed into stands behind it. */
function stemBehind(node) {
  const stem = node.querySelector(".item-text");
  const box = document.createElement("div");
  box.className = "item-stem";
  box.append(stem);
  node.querySelector(".options").before(box);
}

function fillIn(item, node, words) {
  stemBehind(node);
  const inputs = [...node.querySelectorAll(".blank")].map((blank, index) => {
    const input = document.createElement("input");
    Object.assign(input, { type: "text", className: "input blank-input", maxLength: 200, autocomplete: "off", spellcheck: false });
    input.setAttribute("aria-label", fill(words.blank, { n: index + 1 }));
    blank.replaceWith(input);
    return input;
  });
  return { parts: inputs, types: true, read: () => textsOf(inputs), show: (value) => showTexts(inputs, value), say: (value) => value.join(words.between) };
}

function shortText(item, node, words) {
  const text = document.createElement("textarea");
  Object.assign(text, { className: "input input-text", rows: 6, maxLength: 4000 });
  text.setAttribute("aria-label", words.short_text);
  const count = document.createElement("p");
  count.className = "small muted figure";
  const tell = () => { count.textContent = fill(words.count, { n: [...text.value].length, of: 4000 }); };
  text.addEventListener("input", tell);
  node.querySelector(".options").append(text, count);
  return { parts: [text], types: true, read: () => textsOf([text]), show: (value) => { showTexts([text], value); tell(); }, say: (value) => value[0] };
}

function lettered(item) {
  const list = document.createElement("ul");
  list.className = "lettered";
  list.append(...item.options.map((html, index) => {
    const entry = document.createElement("li");
    const letter = document.createElement("span");
    letter.className = "option-letter";
    letter.textContent = LETTERS[index];
    const text = document.createElement("div");
    text.className = "option-text";
    text.innerHTML = html;
    entry.append(letter, text);
    return entry;
  }));
  return list;
}

function matching(item, node, words) {
  const rows = item.prompts.map((html, index) => {
    const row = document.createElement("div");
    row.className = "match-row";
    const label = document.createElement("label");
    label.className = "match-prompt";
    label.htmlFor = `match-${item.position}-${index}`;
    label.innerHTML = html;
    const select = document.createElement("select");
    select.className = "input";
    select.id = label.htmlFor;
    select.append(new Option(words.choose, "-1"), ...item.options.map((one, at) => new Option(`${LETTERS[at]}　${plain(one).slice(0, 40)}`, String(at))));
    row.append(label, select);
    return row;
  });
  node.querySelector(".options").append(lettered(item), ...rows);
  const selects = rows.map((row) => row.querySelector("select"));
  return {
    parts: selects,
    read: () => (selects.some((select) => select.value !== "-1") ? selects.map((select) => Number(select.value)) : []),
    show: (value) => selects.forEach((select, index) => { select.value = String(value[index] ?? -1); }),
    say: (value) => value.map((one, index) => `${index + 1}–${LETTERS[one] ?? "?"}`).join(words.between),
  };
}

function ordering(item, node, words) {
  const list = document.createElement("ol");
  list.className = "order-list";
  const settle = document.createElement("button");
  settle.type = "button";
  settle.className = "button button-secondary order-settle";
  settle.append(Object.assign(document.createElement("span"), { textContent: words.keep_order }));
  let settled = false;
  const rows = item.options.map((html, index) => {
    const row = copy("order-template");
    row.dataset.option = index;
    row.querySelector(".option-letter").textContent = LETTERS[index];
    row.querySelector(".option-text").innerHTML = html;
    for (const button of row.querySelectorAll("button")) {
      button.setAttribute("aria-label", fill(button.value === "-1" ? words.up : words.down, { letter: LETTERS[index] }));
    }
    return row;
  });
  const ends = () => [...list.children].forEach((row, at, all) => {
    row.querySelector("[value='-1']").toggleAttribute("data-end", at === 0);
    row.querySelector("[value='1']").toggleAttribute("data-end", at === all.length - 1);
  });
  const changed = () => {
    settled = true;
    settle.hidden = true;
    ends();
    list.dispatchEvent(new Event("change", { bubbles: true }));
  };
  list.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const row = button?.closest("li");
    const other = button && (button.value === "-1" ? row.previousElementSibling : row.nextElementSibling);
    if (!other) return;
    if (button.value === "-1") other.before(row);
    else other.after(row);
    button.focus();
    changed();
  });
  settle.addEventListener("click", changed);
  node.querySelector(".options").append(list, settle);
  return {
    parts: [...rows.flatMap((row) => [...row.querySelectorAll("button")]), settle],
    read: () => (settled ? [...list.children].map((row) => Number(row.dataset.option)) : []),
    show: (value) => {
      settled = value.length > 0;
      settle.hidden = settled;
      list.append(...(settled ? value : [...rows.keys()]).map((index) => rows[index]));
      ends();
    },
    say: (value) => value.map((one) => LETTERS[one]).join("–"),
  };
}

const FIELDS = { fill_in: fillIn, short_text: shortText, matching, ordering };

export function field(item, node, words) {
  if (!FIELDS[item.type]) return choice(item, node);
  node.querySelector(".item-hint").hidden = true;
  return FIELDS[item.type](item, node, words);
}
