/* Sign in again without leaving the room: the ordinary sign-in pages do it, their forms filled from a dialog. */

import { paged } from "./wire.js";

const LATER = 10; // seconds, where the server puts somebody off and does not say until when

/* The server is there and has no time: says nothing about the password. */
class PutOff extends Error {
  constructor(answer) {
    super("put off");
    this.seconds = answer.retryAfter || LATER;
  }
}

function heard(answer) {
  if (answer.status >= 500) throw new PutOff(answer);
  return answer;
}

/* Fill the form that holds the named fields on a page and send it; returns the page that comes back. Where somebody else is signed in
   there is no such form, but the same address takes it: signing out would have the browser forget the answers that wait here. */
async function sent(found, values, token) {
  const form = found.document.querySelector(`form:has([name="${Object.keys(values).at(-1)}"])`);
  const fields = form ? new URLSearchParams(new FormData(form)) : new URLSearchParams({ csrf_token: found.document.querySelector("[name=csrf_token]")?.value ?? "" });
  for (const [name, value] of Object.entries(values)) fields.set(name, value);
  if (token) fields.set("inside", token);
  const response = await fetch(form?.getAttribute("action") || "/sign-in", { method: "POST", body: fields, credentials: "same-origin", cache: "no-store" });
  return heard(await paged(response));
}

/* Tell whether the room opens again, and for whom. */
async function who(page, room) {
  const found = heard(await page(room));
  return found.document.getElementById("room")?.dataset.person ?? null;
}

/* Resolves once the same person is signed in again, by this dialog or in another tab. The token of her attempt, where this page has it,
   spares her the line of those who come from outside. */
export function signInAgain({ dialog, page, words, room, person, token }) {
  const form = dialog.querySelector("form");
  const message = dialog.querySelector("[role=alert]");
  const { account, password, code } = form.elements;
  let second = null; // the page that asks for the second factor
  let next = null; // the try that makes itself
  const ask = (found) => {
    second = found?.document.querySelector("[name=code]") ? found : null;
    dialog.querySelector("[data-password]").hidden = second !== null;
    dialog.querySelector("[data-code]").hidden = second === null;
    for (const field of [account, password]) field.required = second === null;
    code.required = second !== null;
    code.value = "";
    if (second) code.focus();
  };
  ask(null);
  if (!dialog.open) dialog.showModal();
  dialog.addEventListener("cancel", keepOpen);
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(next);
      document.removeEventListener("visibilitychange", look);
      form.onsubmit = null;
      dialog.removeEventListener("cancel", keepOpen);
      password.value = "";
      ask(null);
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
      clearTimeout(next);
      try {
        const again = second !== null;
        const answer = again ? await sent(second, { code: code.value }) : await sent(heard(await page("/sign-in")), { account: account.value, password: password.value }, token);
        ask(answer);
        if (second) {
          message.textContent = again ? words.code_refused : "";
          return;
        }
        const found = await who(page, room);
        if (found === person) finish();
        else if (answer.status === 429) message.textContent = answer.document.querySelector("[role=alert]")?.textContent.trim() ?? words.still_out;
        else if (found || !answer.document.querySelector("[name=password]")) message.textContent = words.other_person;
        else message.textContent = again ? words.code_late : words.sign_in_refused;
      } catch (error) {
        message.textContent = error instanceof PutOff ? words.sign_in_busy.replace("{n}", error.seconds) : words.no_line;
        if (error instanceof PutOff) next = setTimeout(() => form.requestSubmit(), error.seconds * 1000);
      }
    };
  });
}

function keepOpen(event) {
  event.preventDefault();
}
