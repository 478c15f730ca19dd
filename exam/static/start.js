/* The start page: check the device in plain words, then start by one request and go to the room. */

import { Shelf } from "./shelf.js";
import { deviceKey, page, post } from "./wire.js";

const form = document.getElementById("start");
const words = JSON.parse(document.getElementById("start-words").textContent);

function report(id, ok, text) {
  const line = document.getElementById(id);
  line.dataset.ok = ok ? "yes" : "no";
  line.querySelector("[data-text]").textContent = text;
}

async function check() {
  const shelf = await Shelf.open();
  report("check-storage", shelf.lasting, shelf.lasting ? words.storage_ok : words.storage_no);
  const browser = "randomUUID" in crypto || "locks" in navigator;
  report("check-browser", browser, browser ? words.browser_ok : words.browser_no);
  const skew = Math.round(Math.abs(Date.now() - performance.now() + (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0) - Number(form.dataset.now)) / 60_000);
  report("check-clock", true, skew >= 2 ? words.clock_off.replace("{m}", skew) : words.clock_ok);
  report("check-line", navigator.onLine, navigator.onLine ? words.line_ok : words.line_no);
}

/* Ask to start; an entry that has grown old is changed for the one on a fresh copy of this page. */
async function ask(device, honesty) {
  const answer = await post("/api/exam/start", { entry: form.dataset.entry, device, honesty });
  if (answer.body.code !== "entry_old") return answer;
  const fresh = (await page(location.href)).document.getElementById("start");
  return fresh ? post("/api/exam/start", { entry: fresh.dataset.entry, device, honesty }) : answer;
}

async function start(event) {
  event.preventDefault();
  const message = document.getElementById("start-message");
  const button = form.querySelector("button[type=submit]");
  message.hidden = true;
  button.disabled = true;
  const { exam, person, room } = form.dataset;
  try {
    const device = await deviceKey(`exam-device:${person}:${exam}`);
    const answer = await ask(device, form.elements.honesty?.checked ?? true);
    if (answer.status === 200) {
      try {
        sessionStorage.setItem(`exam-opened:${exam}`, JSON.stringify({ device, person, opened: answer.body }));
      } catch {
        // The room asks the server again.
      }
      location.assign(room);
      return;
    }
    if (answer.body.code === "other_device_leads" || answer.body.code === "attempt_closed") {
      location.assign(room);
      return;
    }
    message.textContent = answer.body.message ?? words.failed;
  } catch {
    message.textContent = words.no_line;
  }
  message.hidden = false;
  button.disabled = false;
  message.focus();
}

if (form) form.addEventListener("submit", start);
if (form) await check();
