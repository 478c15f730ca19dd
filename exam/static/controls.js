/* What moves about the room and changes no answer's fate: keys, size of type, answer sheet, the figure of the clock. */

import { byId, root } from "./frame.js";

export function onKey(event, items) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const target = event.target;
  const typing = target.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");
  if (typing) return;
  const key = event.key.toLowerCase();
  const onOption = target.matches("input[type=radio]");
  const digit = "12345678".indexOf(key);
  const letter = "abcdefgh".indexOf(key);
  let used = true;
  if (key.length === 1 && digit >= 0) items.choose(digit);
  else if (key.length === 1 && letter >= 0) items.choose(letter);
  else if (key === "m") items.mark();
  else if (key === "n" || (key === "arrowright" && !onOption)) items.go(items.current + 1);
  else if (key === "p" || (key === "arrowleft" && !onOption)) items.go(items.current - 1);
  else used = false;
  if (used) event.preventDefault();
}

function setSize(size) {
  root.dataset.size = size;
  for (const button of document.querySelectorAll("[data-set-size]")) button.setAttribute("aria-pressed", String(button.dataset.setSize === size));
  // A cookie, since signing out, also in another tab, empties the browser's storage.
  document.cookie = `exam-size=${size}; path=/exams; max-age=31536000; samesite=lax`;
}

/* On a phone the answer sheet lies over everything, what is told above the paper included. */
export function openSheet(open) {
  byId("side").toggleAttribute("data-open", open);
  byId("sheet-open").setAttribute("aria-expanded", String(open));
  (open ? byId("sheet-close") : byId("sheet-open")).focus();
}

export function wireControls() {
  byId("sheet-open").addEventListener("click", () => openSheet(true));
  byId("sheet-close").addEventListener("click", () => openSheet(false));
  byId("side").addEventListener("keydown", (event) => { if (event.key === "Escape") openSheet(false); });
  byId("map").addEventListener("click", () => byId("side").removeAttribute("data-open"));
  byId("timer-toggle").addEventListener("click", (event) => {
    const hidden = byId("timer").toggleAttribute("data-hidden");
    event.currentTarget.setAttribute("aria-pressed", String(hidden));
  });
  for (const button of document.querySelectorAll("[data-set-size]")) button.addEventListener("click", () => setSize(button.dataset.setSize));
  setSize(/\bexam-size=(m|l|xl)\b/.exec(document.cookie)?.[1] ?? "m");
}
