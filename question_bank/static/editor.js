// The item form: keys, rows, live preview, warnings, pictures. Without it the form still posts, and 刷新预览 does the same by reload.
import { wireFormatting } from "./editor_formatting.js";
import { wirePictures } from "./editor_pictures.js";

const editor = document.querySelector("[data-editor]");
const MOST = { option: 26, prompt: 26, blank: 20 };

if (editor) {
  const form = editor.closest("form");
  form.dataset.keeps = "";
  const stem = editor.querySelector("#stem");
  const groups = [...editor.querySelectorAll("[data-rows]")];
  const type = () => editor.querySelector('input[name="type"]:checked')?.value ?? "single";
  const rows = (group) => [...group.querySelectorAll("[data-row]")];
  const area = (row) => row.querySelector("textarea");
  const boxes = () => [...editor.querySelectorAll('input[name="key"]')];
  const isUsed = (row) => area(row).value.trim() !== "" || row.querySelector('input[name="key"]')?.checked;

  // One empty row stands ready behind the last that is used, never fewer than a type needs.
  function showRows() {
    const judged = type() === "true_false";
    for (const group of groups) {
      const all = rows(group);
      if (judged && group.dataset.rows === "option" && !all.some(isUsed)) ["正确", "错误"].forEach((word, at) => { area(all[at]).value = word; });
      const last = all.findLastIndex(isUsed);
      const blanks = group.dataset.rows === "blank" ? (stem.value.match(/\[\[\d+\]\]/g) ?? []).length : 0;
      const shown = group.dataset.rows === "blank" ? Math.max(1, blanks) : judged ? 2 : Math.max(4, last + 2);
      while (rows(group).length < Math.min(shown, MOST[group.dataset.rows])) addRow(group);
      rows(group).forEach((row, at) => { row.hidden = at >= shown && at > last; });
    }
  }

  // A new row is a copy of the last with its numbers and letters moved on by one.
  function addRow(group) {
    const all = rows(group);
    const last = all[all.length - 1];
    const row = last.cloneNode(true);
    const old = Number(area(last).name.split("-")[1]);
    const letter = (at) => String.fromCharCode(65 + at);
    for (const part of [row, ...row.querySelectorAll("*")]) {
      for (const { name, value } of [...part.attributes]) {
        if (["id", "name", "for", "data-option"].includes(name)) part.setAttribute(name, value.replace(new RegExp(`(^|-)${old}$`), `$1${old + 1}`));
        if (name === "value" && part.name === "key") part.value = String(old + 1);
        if (name === "placeholder") part.setAttribute(name, value.replace(letter(old), letter(old + 1)).replace(String(all.length), String(all.length + 1)));
      }
      for (const node of part.childNodes) {
        if (node.nodeType !== Node.TEXT_NODE || part.closest("textarea, option")) continue;
        node.data = group.dataset.rows === "option" ? node.data.replace(new RegExp(`\\b${letter(old)}\\b`), letter(old + 1)) : node.data.replace(String(all.length), String(all.length + 1));
      }
      if (part.matches("textarea, input:not([type=checkbox])")) part.value = part.name.startsWith("rank-") ? String(old + 2) : "";
      if (part.type === "checkbox") part.checked = false;
    }
    last.after(row);
    return row;
  }

  // The two words of a judgement were put there by the page; another type starts without them.
  function forgetJudgement() {
    const areas = groups.filter((group) => group.dataset.rows === "option").flatMap(rows).map(area);
    const written = areas.map((one) => one.value.trim()).filter(Boolean);
    if (type() === "true_false" || written.join() !== "正确,错误") return;
    for (const one of areas) one.value = "";
    for (const box of boxes()) box.checked = false;
  }

  function keepOneKey(changed) {
    if (type() === "multiple" || !changed.checked) return;
    for (const box of boxes()) if (box !== changed) box.checked = false;
  }

  function grow(text) {
    text.rows = Math.min(8, Math.max(text === stem ? 4 : 1, text.value.split("\n").length));
  }

  // The HTML comes from the server's allow-list; nothing typed here is ever taken as markup by the page itself.
  let waiting;
  let asked = 0;
  async function refresh() {
    asked += 1;
    const mine = asked;
    const answer = await fetch(editor.dataset.previewUrl, { method: "POST", body: new FormData(form) });
    if (answer.ok && mine === asked) editor.querySelector("[data-aside]").innerHTML = await answer.text();
  }

  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(() => refresh().catch(() => {}), 400);
  }

  function insert(text, target = stem) {
    target.focus();
    if (document.activeElement === target && document.execCommand("insertText", false, text)) return; // no other way can be undone by Ctrl+Z; every browser keeps it for that
    target.setRangeText(text, target.selectionStart, target.selectionEnd, "end");
    target.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function insertBlank() {
    const numbers = [...stem.value.matchAll(/\[\[(\d+)\]\]/g)].map((found) => Number(found[1]));
    editor.querySelector("#type-fill_in").checked = true;
    insert(`[[${Math.max(0, ...numbers) + 1}]]`);
  }

  function toggleKey(at) {
    const box = boxes()[at];
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // An empty row behind the last that is used ends the list, as in a word processor.
  function toNext(target) {
    const group = target.closest("[data-rows]");
    const all = rows(group);
    const at = all.indexOf(target.closest("[data-row]"));
    const row = all[at + 1] ?? (all.length < MOST[group.dataset.rows] && group.dataset.rows !== "blank" ? addRow(group) : null);
    const isLast = !row || !all.slice(at).some(isUsed) || (row.hidden && (type() === "true_false" || group.dataset.rows === "blank"));
    if (isLast) {
      editor.querySelector(group.dataset.rows === "prompt" ? "#option-0" : "#explanation").focus();
      return;
    }
    row.hidden = false;
    area(row).focus();
  }

  const pictures = wirePictures({ editor, form, insert });
  wireFormatting({ editor, insert });

  editor.addEventListener("input", (event) => {
    if (event.target instanceof HTMLTextAreaElement) grow(event.target);
    showRows();
    later();
  });
  editor.addEventListener("change", (event) => {
    if (event.target.name === "key") keepOneKey(event.target);
    if (event.target.name === "type") forgetJudgement();
    if (event.target.name === "type" && type() !== "multiple") {
      for (const box of boxes().filter((one) => one.checked).slice(1)) box.checked = false;
    }
    showRows();
    later();
  });
  editor.querySelector("[data-insert-blank]").addEventListener("click", insertBlank);

  const post = (name) => form.requestSubmit(form.querySelector(`[data-${name}]`) ?? form.querySelector("[data-save]") ?? form.querySelector('.button-row button[type="submit"]'));
  form.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter that ends a Chinese input method's word is not ours
    const commanding = event.ctrlKey || event.metaKey;
    const digit = /^Digit([1-9])$/.exec(event.code);
    let used = true;
    if (commanding && event.key === "Enter") post("next");
    else if (commanding && event.code === "KeyS") post("save");
    else if (event.altKey && digit) toggleKey(Number(digit[1]) - 1);
    else if (event.altKey && event.code === "KeyB") insertBlank();
    else if (event.altKey && event.code === "KeyP") pictures.choose();
    else if (event.key === "Enter" && !event.shiftKey && event.target.closest("[data-row]") && event.target.matches("textarea, .option-explanation")) toNext(event.target);
    else used = false;
    if (used) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.target.closest("input, textarea, select")) return;
    const list = document.querySelector("[data-shortcuts]");
    list.open = true;
    list.querySelector("summary").focus();
  });

  for (const text of editor.querySelectorAll("textarea")) grow(text);
  showRows();
  later();
  if (!stem.value && !document.querySelector("[data-focus-first]")) stem.focus();
}
