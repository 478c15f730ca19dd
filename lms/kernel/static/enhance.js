/* Comfort on top of pages that work without it. Values and words come from data attributes. */

const words = document.body.dataset;

function toggleTheme() {
  const root = document.documentElement;
  const systemDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const current = root.dataset.theme ?? (systemDark ? "dark" : "light");
  root.dataset.theme = current === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // Storage is blocked: the choice lasts for this page.
  }
}

/* Ask before a button or form does something that cannot be taken back; `{name}` in the words is what is typed into the form's field, 0 where nothing is. */
function confirmFirst(event) {
  const form = event.target;
  const button = event.submitter;
  const source = button?.dataset.confirm ? button : form.dataset.confirm ? form : null;
  const dialog = document.getElementById("confirm-dialog");
  if (!source || form.dataset.confirmed || !dialog?.showModal) return false;
  event.preventDefault();
  const yes = dialog.querySelector('[value="yes"]');
  dialog.querySelector(".dialog-text").textContent = source.dataset.confirm.replace(/\{([\w-]+)\}/gu, (whole, name) => (form.elements[name] ? form.elements[name].value || "0" : whole));
  yes.textContent = source.dataset.confirmLabel || yes.dataset.defaultLabel;
  dialog.returnValue = "no";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(button);
    delete form.dataset.confirmed;
  }, { once: true });
  dialog.showModal();
  return true;
}

/* A second press must not post twice; the button keeps its width so that nothing moves. */
function markBusy(event) {
  const form = event.target;
  const button = event.submitter;
  if (event.defaultPrevented || form.method !== "post" || "noBusy" in form.dataset || !button?.classList.contains("button")) return;
  if (form.dataset.busy) {
    event.preventDefault();
    return;
  }
  form.dataset.busy = "yes";
  const label = button.querySelector("span") ?? button;
  button.dataset.label = label.textContent;
  button.style.minWidth = `${button.offsetWidth}px`;
  button.setAttribute("aria-disabled", "true");
  label.textContent = words.wordsBusy;
}

function releaseBusy() {
  for (const form of document.querySelectorAll("form[data-busy]")) {
    delete form.dataset.busy;
    for (const button of form.querySelectorAll("[data-label]")) {
      (button.querySelector("span") ?? button).textContent = button.dataset.label;
      button.removeAttribute("aria-disabled");
    }
  }
}

function inWords(countdown, seconds) {
  const whole = { d: Math.floor(seconds / 86400), h: Math.floor(seconds / 3600), m: Math.floor(seconds / 60), s: seconds };
  const data = countdown.dataset;
  const form = seconds <= 0 ? data.wordsOver : whole.d ? data.wordsDays : whole.h ? data.wordsHours : data.wordsMinutes;
  const part = { d: whole.d, h: whole.h % 24, m: whole.m % 60, s: String(seconds % 60).padStart(2, "0") };
  return form.replace(/\{(\w)\}/g, (_, key) => part[key]);
}

/* Counts from the server's instant by the monotonic clock: a wrong clock in the device changes nothing. */
const answeredAt = performance.getEntriesByType("navigation")[0]?.responseStart ?? 0;

function tick(countdown) {
  const passed = performance.now() - answeredAt;
  const left = (Number(countdown.dataset.until) - Number(countdown.dataset.now) - passed) / 1000;
  const seconds = Math.max(0, Math.floor(left));
  const figure = countdown.querySelector(".countdown-figure");
  const text = inWords(countdown, seconds);
  if (figure.textContent !== text) figure.textContent = text;
  countdown.classList.toggle("is-urgent", seconds <= Number(countdown.dataset.urgent));
  if (seconds > 0) setTimeout(tick, seconds > 3700 ? 15000 : 1000, countdown);
  else countdown.dispatchEvent(new CustomEvent("countdown-over", { bubbles: true }));
}

function reveal(button) {
  const { wordsShow, wordsHide } = button.parentElement.dataset;
  const input = button.parentElement.querySelector("input");
  const hidden = input.type === "password";
  input.type = hidden ? "text" : "password";
  button.textContent = hidden ? wordsHide : wordsShow;
}

async function copyText(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.querySelector("span") ?? button;
  const before = label.textContent;
  label.textContent = words.wordsCopied;
  setTimeout(() => { label.textContent = before; }, 2000);
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
}

/* Leaving a form with something typed asks first; sending it does not. */
let typed = null;

function asksBeforeLeaving(event) {
  if (!typed?.isConnected) return;
  event.preventDefault();
  setTimeout(releaseBusy); // for who stays
}

document.addEventListener("submit", (event) => {
  if (!confirmFirst(event)) markBusy(event);
  if (event.target === typed && !event.defaultPrevented) typed = null;
});
addEventListener("pageshow", releaseBusy);
addEventListener("beforeunload", asksBeforeLeaving);

document.addEventListener("input", (event) => {
  if (event.target.form?.matches("[data-keeps]")) typed = event.target.form;
});

document.addEventListener("click", (event) => {
  const target = event.target.closest("button, a, summary");
  closeMenus(event.target);
  if (!target) return;
  const data = target.dataset;
  if ("themeToggle" in data) toggleTheme();
  if ("closeDialog" in data) target.closest("dialog")?.close();
  if ("print" in data) print();
  if (data.copy) copyText(target);
  if (target.parentElement.matches("[data-reveal]")) reveal(target);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  closeMenus(null);
  menu?.querySelector("summary").focus();
});

document.addEventListener("change", (event) => {
  if ("autosubmit" in event.target.dataset) event.target.form.requestSubmit();
});

document.querySelectorAll("[data-countdown]").forEach(tick);
document.querySelector("[data-focus-first]")?.focus();
