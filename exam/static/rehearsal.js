/* The rehearsal: stands between the room and the line. Changes travel to the server and back as in the exam, but are kept by nobody;
   once the first is saved, the page cuts its own line for a minute. */

import { post as send } from "./wire.js";

const OUTAGE = 60_000;
const BEFORE = 4_000;

const opened = JSON.parse(document.getElementById("rehearsal-opened").textContent);
const words = JSON.parse(document.getElementById("rehearsal-words").textContent);
const note = document.getElementById("rehearsal-note");
const csrf = document.getElementById("room").dataset.csrf;
const end = performance.now() + opened.remaining_ms;
const held = new Map();
let phase = "before";

const left = () => Math.max(0, Math.round(end - performance.now()));

function tell(next) {
  phase = next;
  note.textContent = words[next];
}

function cut() {
  tell("cut");
  dispatchEvent(new Event("offline"));
  setTimeout(() => {
    tell("back");
    dispatchEvent(new Event("online"));
  }, OUTAGE);
}

async function save({ changes }) {
  if (phase === "cut") throw new Error("the rehearsal has cut the line");
  const answer = await send("/api/exam/rehearsal", { changes: changes.length }, { csrf });
  if (answer.status !== 200) return answer;
  const saved = changes.map(({ position, seq, revision, choices = [], texts = [], marked }) => {
    const now = { position, seq, status: "saved", revision: revision + 1, choices, texts, marked, late: false };
    held.set(position, now);
    return now;
  });
  if (phase === "before") {
    tell("soon");
    setTimeout(cut, BEFORE);
  } else if (phase === "back") tell("arrived");
  return { status: 200, body: { saved, remaining_ms: left() } };
}

export async function post(path, body) {
  if (path.endsWith("/save")) return save(body);
  if (phase === "cut") throw new Error("the rehearsal has cut the line");
  if (path.endsWith("/resume")) return { status: 200, body: { ...opened, remaining_ms: left(), answers: [...held.values()], seq_from: opened.seq_from + 1_000 * held.size } };
  if (path.endsWith("/remaining")) return { status: 200, body: { remaining_ms: left(), leads: true, open: true } };
  document.getElementById("room").dataset.receipt += phase === "arrived" ? "?rehearsed=whole" : "?rehearsed=part";
  return { status: 200, body: { answered: held.size, items: opened.paper.items.length, receipt: "" } };
}
