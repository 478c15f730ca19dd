// A form that is judged while it is filled in: it is sent with action=check, and of the answer the regions and, at fields that
// were touched, the faults are shown. Without it the button of that action does the same by reload.
const form = document.querySelector("form[data-live]");
const touched = new Set();
let waiting;
let asked = 0;

async function judge() {
  const mine = ++asked;
  const fields = new FormData(form);
  fields.set("action", "check");
  // Not form.action: buttons of that name hide it.
  const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields, credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok || mine !== asked) return;
  const seen = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of form.querySelectorAll("[data-region]")) {
    const fresh = seen.getElementById(region.id);
    if (fresh) region.replaceChildren(...fresh.childNodes);
  }
  for (const id of touched) showFault(form.querySelector(`#${CSS.escape(id)}`), seen.getElementById(id));
}

function showFault(control, fresh) {
  const here = control?.closest(".field");
  const fault = fresh?.closest(".field")?.querySelector(".field-error");
  if (!here || !fresh) return;
  here.querySelector(".field-error")?.remove();
  here.classList.toggle("has-error", Boolean(fault));
  if (fault) (here.querySelector(".field-hint") ?? here.querySelector(".field-label, .choice")).after(fault);
  for (const name of ["aria-invalid", "aria-describedby"]) {
    if (fresh.hasAttribute(name)) control.setAttribute(name, fresh.getAttribute(name));
    else control.removeAttribute(name);
  }
}

form?.addEventListener("input", (event) => {
  if (event.target.id) touched.add(event.target.id);
  clearTimeout(waiting);
  waiting = setTimeout(judge, 500);
});
