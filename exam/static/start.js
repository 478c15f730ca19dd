/* The start page: check the device in plain words, then start by one request and go to the room. */

import { Shelf } from "./shelf.js";
import { Waiting } from "./waiting_room.js";
import { deviceKey, page, post } from "./wire.js";

const MOST_SKEW = 5; // minutes
const SLOW = 2_000; // milliseconds there and back
const form = document.getElementById("start");
const words = JSON.parse(document.getElementById("start-words").textContent);

function report(id, ok, text) {
  const line = document.getElementById(id);
  line.dataset.ok = ok ? "yes" : "no";
  line.querySelector("[data-text]").textContent = text;
}

/* A private window forgets everything when it is closed: its storage is small (Chromium) or partly shut (Firefox, Safari). */
async function isPrivate() {
  try {
    await navigator.storage?.getDirectory?.();
    const { quota } = (await navigator.storage?.estimate?.()) ?? {};
    return Boolean(quota && performance.memory && quota < 2 * performance.memory.jsHeapSizeLimit);
  } catch {
    return true;
  }
}

/* The middle of three small round trips in milliseconds; Infinity when nothing comes back. */
async function roundTrip() {
  const took = [];
  for (let time = 0; time < 3; time += 1) {
    const began = performance.now();
    try {
      await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(8_000) });
    } catch {
      return Infinity;
    }
    took.push(performance.now() - began);
  }
  return took.sort((one, two) => one - two)[1];
}

async function check() {
  const lasting = await Shelf.possible();
  const hidden = await isPrivate();
  report("check-storage", lasting && !hidden, !lasting ? words.storage_no : hidden ? words.private : words.storage_ok);
  const browser = "locks" in navigator && "timeout" in AbortSignal && "at" in Array.prototype;
  report("check-browser", browser, browser ? words.browser_ok : words.browser_no);
  const skew = Math.round(Math.abs(Date.now() - performance.now() + (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0) - Number(form.dataset.now)) / 60_000);
  report("check-clock", skew <= MOST_SKEW, skew >= 2 ? words.clock_off.replace("{m}", skew) : words.clock_ok);
  const trip = await roundTrip();
  report("check-line", trip < SLOW, trip < SLOW ? words.line_ok : trip < Infinity ? words.line_slow.replace("{s}", (trip / 1000).toFixed(1)) : words.line_no);
}

/* Ask to start; an entry that has grown old, or asks for a browser that may have been lifted since, is changed for the one on a fresh copy of this page. */
async function ask(device, honesty, ticket) {
  const asked = () => post("/api/exam/start", { entry: form.dataset.entry, device, honesty, ticket });
  const answer = await asked();
  if (!["entry_old", "safe_exam_browser"].includes(answer.body.code)) return answer;
  const found = await page(location.href);
  if (!found.ok) return { status: 503, body: {} };
  const fresh = found.document.getElementById("start");
  if (!fresh) return answer;
  form.dataset.entry = fresh.dataset.entry;
  return asked();
}

function refuse(text) {
  waiting?.leave();
  message.textContent = text;
  message.hidden = false;
  form.querySelector("button[type=submit]").disabled = false;
  message.focus();
}

/* Start, and go to the room; whose turn it is not yet waits here, keeps asking while the line or the server fails, and needs no second press. */
async function start(ticket = "") {
  const { exam, person, room } = form.dataset;
  let answer, device;
  try {
    key ??= deviceKey(`exam-device:${person}:${exam}`);
    device = await key;
    answer = await ask(device, ticket ? true : (form.elements.honesty?.checked ?? true), ticket);
  } catch {
    if (waiting) waiting.again(words.kept);
    else refuse(words.no_line);
    return;
  }
  const { status, body, retryAfter } = answer;
  if (status === 200) {
    waiting?.forget();
    try {
      sessionStorage.setItem(`exam-opened:${exam}`, JSON.stringify({ device, person, opened: body }));
    } catch {
      // The room asks the server again.
    }
    location.assign(room);
  } else if (body.code === "waiting") {
    waiting ??= new Waiting({ form, words, post, start });
    waiting.take(body);
  } else if (waiting && (status === 429 || status >= 500)) waiting.again(words.busy, retryAfter);
  else if (body.code === "other_device_leads" || body.code === "attempt_closed") {
    waiting?.forget();
    location.assign(room);
  } else refuse(body.message ?? words.failed);
}

let waiting = null;
let key = null; // this page is one device, however often it asks
const message = document.getElementById("start-message");
if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    message.hidden = true;
    form.querySelector("button[type=submit]").disabled = true;
    start();
  });
  const ticket = Waiting.kept(form);
  if (ticket) {
    waiting = new Waiting({ form, words, post, start });
    start(ticket);
  }
  await check();
}
