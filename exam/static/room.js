/* The exam room: opens the attempt, and ties items, queue, timer and dialogs together. */

import { Announcements } from "./announcements.js";
import { Items } from "./items.js";
import { languageSwitch } from "./language.js";
import * as packet from "./packet.js";
import { SETTLING, SaveQueue } from "./queue.js";
import { Rests } from "./rest.js";
import { Shelf } from "./shelf.js";
import { signInAgain } from "./signing_in.js";
import { ExamTimer } from "./timer.js";
import { deviceKey, keepDevice, page, post as send } from "./wire.js";

const root = document.getElementById("room");
const rehearses = "rehearsal" in root.dataset;
const { post } = rehearses ? await import("./rehearsal.js") : { post: send };
const words = JSON.parse(document.getElementById("room-words").textContent);
const byId = (id) => document.getElementById(id);
const fill = (form, parts) => form.replace(/\{(\w+)\}/g, (_, key) => parts[key]);
const { exam, person } = root.dataset;
const deviceName = `exam-device:${person}:${exam}`;
let csrf = root.dataset.csrf;
let shelf, queue, items, timer, device, attempt;
let paperHash = null;
let packed = -1;
let stands = false; // the invigilators have paused the clock
const announcements = new Announcements({ box: byId("announcements"), cover: byId("pause") });
byId("pause").addEventListener("cancel", (event) => event.preventDefault());
let handingIn = null;
let ended = false;
const TOLD = 45_000; // of time given, from which on the person is told
let unsettled = 0; // how often the server has said that it counts what an outage took

const say = (text) => { byId("room-speaker").textContent = text; };

function saveState(state, text) {
  const box = byId("save-state");
  if (box.dataset.state !== state) box.dataset.state = state;
  if (byId("save-text").textContent !== text) byId("save-text").textContent = text;
}

function banner(kind, text, action = null, { packet: offersPacket = false } = {}) {
  const box = byId("room-banner");
  box.hidden = !kind;
  byId("room-banner-packet").hidden = !offersPacket;
  byId("room-banner-browser").hidden = true;
  if (!kind) return;
  if (byId("room-banner-text").textContent !== text) byId("room-banner-text").textContent = text;
  box.className = `notice notice-${kind}`;
  const button = byId("room-banner-action");
  button.hidden = !action;
  if (action) {
    button.firstElementChild.textContent = action.label;
    button.onclick = action.run;
  }
}

/* News that asks for nothing stays long enough to be read, however many answers are saved meanwhile. */
const NEWS_MS = 60_000;
let newsEnds = 0;
const isNews = () => byId("room-banner").classList.contains("notice-info");

function news(text) {
  banner("info", text);
  clearTimeout(newsEnds);
  newsEnds = setTimeout(() => { if (isNews()) banner(null); }, NEWS_MS);
}

/* ── What the queue tells ─────────────────────────────────── */

function draw(position) {
  items.state(position, queue.state(position), queue.value(position).marked);
}

function drawSummary() {
  if (ended || (queue.stopped && queue.stopped !== "opening")) return;
  const unsaved = queue.unsaved;
  if (queue.conflicts.size) saveState("failed", fill(words.conflicts, { n: queue.conflicts.size }));
  else if (queue.settling) saveState("waiting", words.settling_short);
  else if (queue.tries && !stands) saveState("failed", fill(words.offline_short, { n: unsaved }));
  else if (unsaved) saveState("waiting", words.saving);
  else saveState("saved", words.saved);
}

function told(event, detail) {
  if (event === "clock") {
    asksAnew = null;
    if (stands) askClock();
    else setClock(detail);
  } else if (event === "paused") {
    notNow();
    if (!stands) askClock();
  }
  else if (event === "settling") settles();
  else if (event === "offline") wentOffline();
  else if (event === "online") cameOnline();
  else if (event === "refused") refused(detail);
  else {
    draw(detail);
    if (event === "conflict") showConflicts();
  }
  drawSummary();
}

function wentOffline() {
  const text = timer.left <= 0 ? (packed < 0 ? words.offline_over : words.packet_made) : shelf.lasting ? words.offline : words.offline_memory;
  banner(timer.left <= 0 ? "danger" : "warning", text, { label: words.retry, run: () => queue.hurry() }, { packet: queue.unsaved > 0 && !rehearses });
}

/* An outage lay before the bell: what it took is given back in a moment, or waits for a decision. Nothing is over before. */
async function settles() {
  banner("warning", words.settling);
  await askClock();
}

/* ── The emergency packet: what could not be sent, as a sealed file to be handed in later ── */

async function makePacket() {
  if (!packet.possible()) {
    say(words.packet_impossible);
    byId("room-banner-text").textContent = words.packet_impossible;
    return;
  }
  const changes = queue.unsent;
  packed = Math.max(...changes.map((one) => one.seq));
  const body = { token: queue.token, paper_hash: paperHash, made_at: new Date().toISOString(), changes };
  await packet.save(root.dataset.packetKey, body, `${words.packet_file}-${exam}-${packed}`);
  say(words.packet_made);
  byId("room-banner-text").textContent = words.packet_made;
}

/* At the bell the packet is made without being asked for, once for each state of the answers. */
function packAtTheBell() {
  if (!rehearses && queue.unsaved && Math.max(...queue.unsent.map((one) => one.seq)) !== packed) makePacket();
}

function cameOnline() {
  if (!isNews()) banner(null);
  if (handingIn && !queue.pending.size && !queue.flight.length) setTimeout(() => { if (handingIn) handIn(handingIn); }, 0);
}

/* ── Being refused: sign in again, take over, or the end ───── */

async function refused(code) {
  if (code === "signed_out" || code === "token_refused" || code === "unauthenticated" || code === "http_401") await signIn();
  else if (code === "other_device_leads") await followed();
  else if (code === "attempt_closed" || code === "time_is_up" || code === "missing") await over(code);
  else if (code === "safe_exam_browser" && asksAnew !== queue.token) await askAnew();
  else if (code === "safe_exam_browser") wrongBrowser();
  else if (code === "sequence_taken" || code === "stale_page" || code === "not_enrolled") await open(false);
  else {
    saveState("failed", words.failed);
    banner("danger", words.failed_long, { label: words.retry, run: () => open(false) });
  }
}

/* What the exam asks of a browser may have been changed since the token was made: coming back gives a new one. `asksAnew`: that one, until it is accepted. */
let asksAnew = null;

async function askAnew() {
  await open(false);
  asksAnew = queue.token;
  if (!queue.stopped) setTimeout(() => { if (handingIn) handIn(handingIn); }, 0); // what was refused may have been a handing-in
}

function wrongBrowser() {
  saveState("failed", queue ? words.failed : words.not_opened);
  byId("opening").hidden = true;
  banner("danger", words.browser_refused, { label: words.retry, run: () => open(false) }, { packet: queue?.unsaved > 0 });
  byId("room-banner-browser").hidden = !byId("room-banner-browser").getAttribute("href");
}

async function signIn() {
  saveState("failed", words.signed_out);
  banner("warning", words.signed_out_long);
  await askToSignIn();
  await open(false);
}

async function askToSignIn() {
  await signInAgain({ dialog: byId("sign-in"), page, words, room: location.href, person, token: queue?.token });
  keepDevice(deviceName, device);
  await freshCsrf().catch(() => {}); // where the line drops just now: opening fetches it again
}

async function followed() {
  byId("opening").hidden = true;
  notNow(); // whoever takes over again presses again
  items?.lock(true);
  saveState("failed", words.elsewhere);
  const unsaved = queue?.unsaved ?? (await shelf.count(`${person}:${exam}:`)); // after a reload the changes still lie here
  banner("warning", unsaved ? fill(words.elsewhere_unsaved, { n: unsaved }) : words.elsewhere_long, { label: words.takeover, run: () => open(true) });
}

async function over(code) {
  if (ended) return;
  ended = true;
  byId("opening").hidden = true;
  timer?.stop();
  items?.lock(true);
  const lost = queue ? queue.unsaved : 0;
  byId("room-stage").hidden = true;
  byId("room-steps").hidden = true;
  byId("hand-in").hidden = true;
  banner(null);
  saveState("saved", words.closed);
  byId("closed-title").textContent = code === "time_is_up" ? words.time_is_up : words.closed;
  byId("closed-text").textContent = lost ? fill(words.closed_unsaved, { n: lost }) : words.closed_long;
  byId("closed-packet").hidden = byId("closed-hand-in").hidden = lost === 0;
  byId("room-closed").hidden = false;
  byId("closed-title").focus();
}

/* What was over here goes on where the deadline has moved or the attempt was opened again. */
async function lookAgain() {
  if (rehearses) return;
  if (queue?.token) {
    const answer = await post("/api/exam/remaining", { token: queue.token }).catch(() => null);
    if (answer?.status !== 200 || !answer.body.open || answer.body.remaining_ms <= 0) return;
  }
  await open(false);
}

function goesOn() {
  ended = false;
  handingIn = null;
  byId("room-closed").hidden = true;
  byId("room-stage").hidden = false;
  byId("room-steps").hidden = false;
  byId("hand-in").hidden = false;
  timer.go();
  news(words.goes_on);
  say(words.goes_on);
}

/* ── Opening ──────────────────────────────────────────────── */

/* What the start page got a moment ago; read once, so that a reload asks the server. */
function handedOver() {
  const name = `exam-opened:${exam}`;
  try {
    const text = sessionStorage.getItem(name);
    sessionStorage.removeItem(name);
    const found = JSON.parse(text);
    return found && found.device === device && found.person === person ? found.opened : null;
  } catch {
    return null;
  }
}

async function fetchOpened(takeover) {
  for (let wait = 1_000; ; wait = Math.min(wait * 2, 8_000)) {
    try {
      const answer = await post("/api/exam/resume", { exam, device, takeover }, { csrf });
      if (answer.status === 200) return answer.body;
      if (answer.body.code === "stale_page") await freshCsrf();
      else if (answer.body.code === "attempt_settling") {
        banner("warning", words.settling);
        await new Promise((resolve) => { setTimeout(resolve, settlingWait()); });
        continue;
      } else if (answer.status !== 429 && answer.status < 500) return { refused: answer.body.code ?? `http_${answer.status}` };
    } catch {
      saveState("failed", words.no_line);
    }
    if (!items) banner("warning", words.opening_offline);
    await new Promise((resolve) => { setTimeout(resolve, wait * (0.6 + Math.random() * 0.4)); });
  }
}

async function freshCsrf() {
  const fresh = await page(location.href);
  csrf = fresh.document.getElementById("room")?.dataset.csrf ?? csrf;
}

function settlingWait() {
  const wait = SETTLING[Math.min(unsettled, SETTLING.length - 1)];
  unsettled += 1;
  return wait * (0.6 + Math.random() * 0.4);
}

let opening = null;
function open(takeover) {
  opening ??= doOpen(takeover).finally(() => { opening = null; });
  return opening;
}

async function doOpen(takeover) {
  const opened = (!items && handedOver()) || (await fetchOpened(takeover));
  if (opened.refused) {
    if (["unauthenticated", "signed_out", "http_401"].includes(opened.refused)) {
      await askToSignIn();
      return doOpen(takeover);
    }
    await notOpened(opened.refused);
    return;
  }
  if (!items) await firstOpening(opened);
  else timer.sync(opened.remaining_ms);
  const leftBehind = queue.token === null;
  await queue.open(opened);
  if (leftBehind) items.build((position) => queue.value(position));
  for (let position = 1; position <= items.count; position += 1) {
    items.show(position, queue.value(position));
    draw(position);
  }
  items.lock(false);
  banner(null);
  if (ended) goesOn();
  drawSummary();
  byId("hand-in").disabled = false;
  items.settle(leftBehind ? (placeKept() ?? firstOpen()) : items.current);
  if (queue.conflicts.size) showConflicts();
  if (opened.resumed) askClock(); // the clock may stand
  rests?.act("look");
}

async function notOpened(code) {
  if (code === "other_device_leads") await followed();
  else if (code === "attempt_closed" || code === "time_is_up") await over(code);
  else if (code === "safe_exam_browser") wrongBrowser();
  else location.replace(root.dataset.landing);
}

async function firstOpening(opened) {
  paperHash = opened.paper_hash;
  attempt = `${person}:${exam}:${opened.started_at}:${opened.paper_hash.slice(0, 16)}`;
  queue = new SaveQueue({ attempt, shelf, post, told, left: () => timer.left });
  items = new Items({ paper: opened.paper, box: byId("items"), map: byId("map"), words: words.items, changed, moved, picture });
  timer = new ExamTimer({
    figure: byId("timer-figure"), box: byId("timer"), speaker: byId("timer-speaker"), words,
    over: () => handIn("deadline"), drifted: () => askClock(),
  });
  timer.sync(opened.remaining_ms);
  byId("room-stage").hidden = false;
  byId("room-steps").hidden = false;
  byId("opening").hidden = true;
}

/* Where the person was before this tab was loaded anew; null in a new one. */
function placeKept() {
  try {
    const kept = Number(sessionStorage.getItem(`exam-place:${attempt}`));
    return kept >= 1 && kept <= items.count ? kept : null;
  } catch {
    return null;
  }
}

function firstOpen() {
  const open = items.answered((position) => queue.value(position));
  return open.length ? open[0] : 1;
}

/* ── What the person does ─────────────────────────────────── */

function changed(position, choices, marked) {
  queue.change(position, choices, marked);
}

/* Pictures are served to the person whose attempt is open; all are fetched at once, before the line may drop. */
function picture(digest) {
  return root.dataset.pictures.replace("digest", digest);
}

let before = 1;
function moved(position) {
  byId("step-figure").textContent = fill(words.step, { n: position, of: items.count });
  byId("step-back").disabled = position === 1;
  byId("step-on").disabled = position === items.count;
  if (position !== before) queue.flush();
  before = position;
  try {
    sessionStorage.setItem(`exam-place:${attempt}`, position);
  } catch {
    // The place is kept for this page only.
  }
}

function showConflicts() {
  const dialog = byId("conflict");
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

async function resolve(keepMine) {
  const position = Number(byId("conflict").dataset.position);
  await queue.resolve(position, keepMine);
  items.show(position, queue.value(position));
  draw(position);
  drawSummary();
  showConflicts();
}

function askHandIn() {
  const open = items.answered((position) => queue.value(position));
  byId("hand-in-open").textContent = open.length
    ? fill(words.unanswered, { n: open.length, list: open.slice(0, 12).join(words.comma) + (open.length > 12 ? "…" : "") })
    : words.all_answered;
  byId("hand-in-dialog").showModal();
}

/* Drain the queue, then hand in; repeated until the server has answered, always with the same key. */
let submitting = null;
function handIn(reason) {
  handingIn = reason;
  submitting ??= doHandIn(reason).finally(() => { submitting = null; });
  return submitting;
}

async function doHandIn(reason) {
  if (ended) return;
  byId("hand-in").disabled = true;
  if (reason === "deadline") items.lock(true);
  saveState("waiting", words.handing_in);
  const name = `exam-key:${attempt}`;
  let key = sessionStorage.getItem(name);
  if (!key) {
    key = crypto.randomUUID?.() ?? `${device}-${performance.now()}`;
    sessionStorage.setItem(name, key);
  }
  if (queue.conflicts.size && reason === "person") {
    handingIn = null;
    byId("hand-in").disabled = false;
    showConflicts();
    return;
  }
  const drained = await queue.drain();
  if (!handingIn) return; // meanwhile the clock was stopped, or another device took the lead
  if (queue.settling) return;
  if (!drained && !queue.conflicts.size) {
    if (queue.tries) banner("danger", reason === "deadline" ? words.offline_over : words.hand_in_offline, { label: words.retry, run: () => queue.hurry() }, { packet: queue.unsaved > 0 && !rehearses });
    if (queue.tries && reason === "deadline") packAtTheBell();
    return; // the queue says "online" when it has got through, and that brings us back here
  }
  try {
    const answer = await post("/api/exam/submit", { token: queue.token, key, changes: [], bell: reason === "deadline" });
    if (answer.status === 200) {
      await receipt(answer.body);
      return;
    }
    if (answer.body.code === "attempt_paused") {
      notNow();
      await askClock();
      return;
    }
    if (answer.body.code === "attempt_settling") {
      await settles();
      setTimeout(() => { if (handingIn) handIn(reason); }, settlingWait());
      return;
    }
    if (answer.body.code === "time_left") await askClock(); // time was given a moment ago
    else if (answer.status < 429 && answer.status !== 408) {
      queue.stopped = answer.body.code;
      await refused(answer.body.code);
      if (answer.status !== 401) return;
    }
  } catch {
    banner("danger", reason === "deadline" ? words.offline_over : words.hand_in_offline, { label: words.retry, run: () => handIn(reason) });
  }
  setTimeout(() => { if (handingIn) handIn(reason); }, 2_000 + Math.random() * 2_000);
}

/* The clock stands, or another device leads: what the bell or the person has begun is begun anew when it goes on here. */
function notNow() {
  if (!handingIn) return;
  handingIn = null;
  byId("hand-in").disabled = false;
  items.lock(false);
}

async function receipt(submitted) {
  ended = true;
  handingIn = null;
  timer.stop();
  await queue.close();
  for (const name of ["key", "place"]) sessionStorage.removeItem(`exam-${name}:${attempt}`);
  const fresh = await page(root.dataset.receipt).catch(() => null);
  if (fresh?.ok && !fresh.redirected) {
    location.replace(root.dataset.receipt);
    return;
  }
  byId("closed-title").textContent = words.submitted;
  byId("closed-text").textContent = fill(words.receipt, { answered: submitted.answered, of: submitted.items, receipt: submitted.receipt });
  byId("room-stage").hidden = true;
  byId("room-steps").hidden = true;
  byId("room-closed").hidden = false;
  banner(null);
  saveState("saved", words.submitted);
}

/* ── The clock and the line ───────────────────────────────── */

async function askClock() {
  if (ended) {
    await lookAgain();
    return;
  }
  if (!queue || queue.stopped) return;
  try {
    const answer = await post("/api/exam/remaining", { token: queue.token });
    if (answer.status === 200) {
      hear(answer.body);
      if (!answer.body.open) await over("attempt_closed");
      else if (!answer.body.leads) {
        queue.stopped = "other_device_leads";
        await followed();
      } else if (!stands && (!queue.settling || answer.body.remaining_ms > 0)) queue.hurry(); // while an outage is settled, the queue's own waits hold
    } else if (answer.status === 401 || answer.status === 403) {
      queue.stopped = answer.body.code ?? "signed_out";
      await refused(queue.stopped);
    }
  } catch {
    // Nothing to do: the clock runs on, and unsaved changes have their own tries.
  }
}

/* While the clock stands the server takes nothing: what is unsaved waits and goes out when the clock goes on; the figure stays where the server says. */
function hear(now) {
  const stood = stands;
  stands = announcements.hear(now);
  setClock(now.remaining_ms);
  if (stands) {
    timer.stop();
    notNow();
  } else if (stood) timer.go();
}

/* Time that was given is told of; where it was given late, the bell that has rung here was not the last word. */
function setClock(remaining) {
  const more = remaining - timer.left;
  timer.sync(remaining);
  if (stands) return;
  if (handingIn === "deadline" && timer.left > 0) {
    notNow();
    timer.go();
    banner(null);
  }
  if (more > TOLD) {
    news(fill(words.more_time, { m: Math.round(more / 60_000) }));
    say(words.goes_on);
  }
}

/* Rests of her own, where she was granted some: what is unsaved goes out first, since nothing is taken while the clock stands. */
const rests = byId("rest") && new Rests({ button: byId("rest"), cover: byId("pause"), words, say: (text) => { say(text); news(text); }, ask: askRest, heard: hear });

async function askRest(act) {
  if (act === "begin") await queue.drain();
  for (let tries = 0; tries < 2; tries += 1) {
    const answer = await post("/api/exam/rest", { token: queue.token, act }, { csrf }).catch(() => null);
    if (answer?.status === 200) return answer.body;
    if (answer?.body.code === "stale_page") await freshCsrf().catch(() => {});
    else if (answer?.status === 401) await signIn();
    else return null;
  }
  return null;
}

function pulse() {
  if (!document.hidden && navigator.onLine) askClock();
  setTimeout(pulse, (50_000 + Math.random() * 20_000) * (stands ? 0.25 : ended && !queue ? 10 : 1)); // without a queue it can only be opened anew
}

/* ── Keyboard and controls ────────────────────────────────── */

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !items || ended || document.querySelector("dialog[open]")) return;
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

function openSheet(open) {
  byId("side").toggleAttribute("data-open", open);
  byId("sheet-open").setAttribute("aria-expanded", String(open));
  (open ? byId("sheet-close") : byId("sheet-open")).focus();
}

function wire() {
  document.addEventListener("keydown", onKey);
  byId("step-back").addEventListener("click", () => items.go(items.current - 1));
  byId("step-on").addEventListener("click", () => items.go(items.current + 1));
  byId("sheet-open").addEventListener("click", () => openSheet(true));
  byId("sheet-close").addEventListener("click", () => openSheet(false));
  byId("side").addEventListener("keydown", (event) => { if (event.key === "Escape") openSheet(false); });
  byId("map").addEventListener("click", () => byId("side").removeAttribute("data-open"));
  byId("hand-in").addEventListener("click", askHandIn);
  byId("hand-in-yes").addEventListener("click", () => { byId("hand-in-dialog").close(); handIn("person"); });
  byId("room-banner-packet").addEventListener("click", makePacket);
  byId("closed-packet").addEventListener("click", makePacket);
  byId("keep-mine").addEventListener("click", () => resolve(true));
  byId("keep-theirs").addEventListener("click", () => resolve(false));
  byId("conflict").addEventListener("cancel", (event) => event.preventDefault());
  byId("timer-toggle").addEventListener("click", (event) => {
    const hidden = byId("timer").toggleAttribute("data-hidden");
    event.currentTarget.setAttribute("aria-pressed", String(hidden));
  });
  for (const button of document.querySelectorAll("[data-set-size]")) button.addEventListener("click", () => setSize(button.dataset.setSize));
  setSize(/\bexam-size=(m|l|xl)\b/.exec(document.cookie)?.[1] ?? "m");
  addEventListener("online", () => { queue?.hurry(); askClock(); });
  addEventListener("offline", () => { if (queue && !ended) { wentOffline(); saveState("failed", words.no_line); } });
  addEventListener("focus", () => askClock());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) queue?.flush({ keepalive: true });
    else askClock();
  });
  addEventListener("pagehide", () => queue?.flush({ keepalive: true }));
  addEventListener("beforeunload", (event) => { if (queue && !ended && queue.unsaved) event.preventDefault(); });
}

wire();
languageSwitch({
  form: document.querySelector("form[action='/language']"),
  ready: async () => !queue || ended || queue.drain(),
  refused: () => { say(words.language_later); banner("warning", words.language_later, { label: words.retry, run: () => { banner(null); queue?.hurry(); } }); },
});
shelf = await Shelf.open(root.dataset.shelfKey ?? "");
delete root.dataset.shelfKey;
device = await deviceKey(deviceName);
await open(false);
setTimeout(pulse, 45_000);
if (items && !shelf.lasting) say(words.no_shelf);
