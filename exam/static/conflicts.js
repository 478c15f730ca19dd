/* Answers given on two devices: the person is asked which one holds, one item after the other. */

import { byId, fill, words } from "./frame.js";

const dialog = byId("conflict");

export function showConflicts(queue, items) {
  const position = queue.conflicts.keys().next().value;
  if (position === undefined) {
    dialog.close();
    return;
  }
  const { mine, theirs } = queue.conflicts.get(position);
  byId("conflict-text").textContent = fill(words.conflict, { n: position });
  byId("conflict-mine").textContent = items.say(position, mine.choices);
  byId("conflict-theirs").textContent = items.say(position, theirs.choices);
  dialog.dataset.position = position;
  if (!dialog.open) dialog.showModal();
}

/* `resolve(position, mine)` settles the one that is shown. */
export function wireConflicts(resolve) {
  byId("keep-mine").addEventListener("click", () => resolve(Number(dialog.dataset.position), true));
  byId("keep-theirs").addEventListener("click", () => resolve(Number(dialog.dataset.position), false));
  dialog.addEventListener("cancel", (event) => event.preventDefault());
}

/* What is said where the end came before the choice: which of the two counts, and that the other is kept. Empty where nothing was left open. */
export function undecidedIn(queue, items) {
  if (!queue.conflicts.size) return "";
  const each = [...queue.conflicts].sort(([one], [two]) => one - two);
  const lines = each.map(([n, { mine, theirs }]) => fill(words.undecided_item, { n, mine: items.say(n, mine.choices), theirs: items.say(n, theirs.choices) }));
  return `${words.undecided} ${lines.join(" ")}`;
}
