/* Marking: the draft is kept while it is typed, the sum is told, and the keyboard leads from field to field to the next script. */

const form = document.querySelector("[data-marking]");
const fields = [...form.querySelectorAll("[data-most]")];
const state = form.querySelector("[data-state]");
const REST = 800;
const AGAIN = 5_000;
let waiting;

function add() {
  const given = fields.map((field) => Number(field.value.normalize("NFKC")));
  const sum = given.reduce((total, points) => total + (points || 0), 0);
  fields.forEach((field, at) => field.setAttribute("aria-invalid", String(!(given[at] >= 0 && given[at] <= Number(field.dataset.most)))));
  form.querySelector("[data-total]").textContent = String(Math.round(sum * 100) / 100);
}

function later(delay = REST) {
  clearTimeout(waiting);
  waiting = setTimeout(keep, delay);
}

async function keep() {
  const answer = await fetch(form.dataset.draft, {
    method: "POST", body: new FormData(form), credentials: "same-origin", headers: { Accept: "application/json" },
  }).catch(() => null);
  if (answer?.ok) state.textContent = form.dataset.saved;
  else if (answer?.status === 409) state.textContent = form.dataset.gone;
  else {
    state.textContent = form.dataset.lost;
    later(AGAIN);
  }
}

form.addEventListener("input", () => {
  add();
  later();
});
form.addEventListener("submit", () => clearTimeout(waiting));
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[type=submit]"));
  } else if (event.target.matches("[data-most]")) {
    event.preventDefault();
    (fields[fields.indexOf(event.target) + 1] ?? form.querySelector("textarea")).focus();
  }
});
for (const button of form.querySelectorAll("[data-full]")) {
  const field = document.getElementById(button.dataset.full);
  button.hidden = false;
  button.addEventListener("click", () => {
    field.value = field.dataset.most;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
// On a phone the keyboard would cover what is to be read.
if (matchMedia("(min-width: 64rem) and (pointer: fine)").matches) fields[0].focus({ preventScroll: true });
form.querySelector("[data-sum]").hidden = fields.length < 2;
add();
