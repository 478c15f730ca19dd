/* Sign in again without leaving the room: the ordinary sign-in page does it, its form filled from a dialog. */

const filled = (form) => new URLSearchParams(new FormData(form));

async function attemptSignIn(page, account, password) {
  const found = await page("/sign-in");
  const form = found.document.querySelector("form:has(input[type=password])");
  if (!form) return found.redirected ? "signed_in" : "unknown";
  const fields = filled(form);
  const name = form.querySelector("input:not([type=hidden]):not([type=password]):not([type=checkbox])")?.name;
  if (name) fields.set(name, account);
  fields.set(form.querySelector("input[type=password]").name, password);
  const response = await fetch(form.getAttribute("action") || "/sign-in", { method: "POST", body: fields, credentials: "same-origin", cache: "no-store" });
  return response.redirected || response.ok ? "posted" : "refused";
}

/* Tell whether the room opens again, and for whom. */
async function who(page, room) {
  const found = await page(room);
  return found.document.getElementById("room")?.dataset.person ?? null;
}

/* Resolves once the same person is signed in again, by this dialog or in another tab. */
export function signInAgain({ dialog, page, words, room, person }) {
  const form = dialog.querySelector("form");
  const message = dialog.querySelector("[role=alert]");
  const account = form.elements.account;
  const password = form.elements.password;
  if (!dialog.open) dialog.showModal();
  dialog.addEventListener("cancel", keepOpen);
  return new Promise((resolve) => {
    const finish = () => {
      document.removeEventListener("visibilitychange", look);
      form.onsubmit = null;
      dialog.removeEventListener("cancel", keepOpen);
      password.value = "";
      dialog.close();
      resolve();
    };
    const look = async () => {
      if (document.hidden) return;
      const found = await who(page, room).catch(() => null);
      if (found === person) finish();
    };
    document.addEventListener("visibilitychange", look);
    dialog.querySelector("[data-look]").onclick = async () => {
      await look();
      if (dialog.open) message.textContent = words.still_out;
    };
    form.onsubmit = async (event) => {
      event.preventDefault();
      message.textContent = "";
      try {
        await attemptSignIn(page, account.value, password.value);
        const found = await who(page, room);
        if (found === person) finish();
        else message.textContent = found ? words.other_person : words.sign_in_refused;
      } catch {
        message.textContent = words.no_line;
      }
    };
  });
}

function keepOpen(event) {
  event.preventDefault();
}
