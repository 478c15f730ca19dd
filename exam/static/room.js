/* The exam room: opens the attempt, and ties items, queue, timer and dialogs together. */

import { Announcements } from "./announcements.js";
import { showConflicts as showIn, undecidedIn, wireConflicts } from "./conflicts.js";
import { onKey, openSheet, wireControls } from "./controls.js";
import { banner, byId, closePaper, fill, isNews, news, root, saveState, say, showPaper, words } from "./frame.js";
import { Items } from "./items.js";
import { languageSwitch } from "./language.js";
import { csrfToken, fetchOpened, freshCsrf, handedOver, settlingWait } from "./opening.js";
import * as packet from "./packet.js";
import { SaveQueue } from "./queue.js";
import { Rests } from "./rest.js";
import { Shelf } from "./shelf.js";
import { signInAgain } from "./signing_in.js";
import { ExamTimer } from "./timer.js";
import { deviceKey, keepDevice, page, post as send } from "./wire.js";

const rehearses = "rehearsal" in root.dataset;
const { post } = rehearses ? await import("./rehearsal.js") : { post: send };
const { exam, person } = root.dataset;
const deviceName = `exam-device:${person}:${exam}`;
let shelf, queue, items, timer, device, attempt;
let paperHash = null;
let packed = -1;
let stands = false; // the invigilators have paused the clock
let lastHeard = 0; // what was left then (ms)
let givenInPause = 0; // told of when the paper comes back (ms)
const announcements = new Announcements({ box: byId("announcements"), cover: byId("pause") });
byId("pause").addEventListener("cancel", (event) => event.preventDefault());
let handingIn = null;
let ended = false;
const FOLLOWS = "other_device_leads";
const TOLD = 45_000; // of time given, from which on the person is told

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
  const rung = timer.left <= 0;
  const going = handingIn ? words.hand_in_offline : shelf.lasting ? words.offline : words.offline_memory;
  const text = rung ? (packed < 0 ? words.offline_over : words.packet_made) : going;
  banner(rung || handingIn ? "danger" : "warning", text, { label: words.retry, run: () => queue.hurry() }, { packet: queue.unsaved > 0 && !rehearses });
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
  if (handingIn && !queue.sends) setTimeout(() => { if (handingIn) handIn(handingIn); }, 0);
}

/* ── Being refused: sign in again, take over, or the end ───── */

async function refused(code) {
  if (code === "signed_out" || code === "token_refused" || code === "unauthenticated" || code === "http_401") await signIn();
  else if (code === FOLLOWS) await followed();
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
  byId("hand-in-dialog").close();
  byId("hand-in").disabled = true;
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
  closePaper(code === "time_is_up" ? words.time_is_up : words.closed, lost ? fill(words.closed_unsaved, { n: lost }) : words.closed_long);
  byId("hand-in").hidden = true;
  byId("closed-packet").hidden = byId("closed-hand-in").hidden = lost === 0;
  saveState("saved", words.closed);
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
  showPaper();
  timer.go();
  news(words.goes_on);
  say(words.goes_on);
}

/* ── Opening ──────────────────────────────────────────────── */

let opening = null;
function open(takeover) {
  opening ??= doOpen(takeover).finally(() => { opening = null; });
  return opening;
}

async function doOpen(takeover) {
  const opened = (!items && handedOver(device)) || (await fetchOpened(post, { device, takeover, first: !items }));
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
  if (code === FOLLOWS) await followed();
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
  showPaper();
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

const showConflicts = () => showIn(queue, items);

async function resolve(position, keepMine) {
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
  if (queue.stopped === FOLLOWS) {
    await over("time_is_up");
    return;
  }
  byId("hand-in").disabled = true;
  if (reason === "deadline") items.lock(true);
  saveState("waiting", words.handing_in);
  const name = `exam-key:${attempt}`;
  let key = sessionStorage.getItem(name);
  if (!key) {
    key = crypto.randomUUID?.() ?? `${device}-${performance.now()}`;
    sessionStorage.setItem(name, key);
  }
  const drained = await queue.drain();
  if (!handingIn) return; // meanwhile the clock was stopped, or another device took the lead
  if (queue.conflicts.size && reason === "person") {
    handingIn = null;
    byId("hand-in").disabled = false;
    showConflicts();
    return;
  }
  if (queue.settling) return;
  if (!drained && (queue.sends || !queue.conflicts.size)) {
    if (queue.tries && reason === "deadline") packAtTheBell();
    return; // the queue says "online" when it has got through, and that brings us back here
  }
  try {
    const answer = (await queue.record()) ?? await post("/api/exam/submit", { token: queue.token, key, changes: [], bell: reason === "deadline" });
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
  const undecided = undecidedIn(queue, items);
  await queue.close();
  for (const name of ["key", "place"]) sessionStorage.removeItem(`exam-${name}:${attempt}`);
  const fresh = !undecided && (await page(root.dataset.receipt).catch(() => null));
  if (fresh?.ok && !fresh.redirected) {
    location.replace(root.dataset.receipt);
    return;
  }
  const held = fill(words.receipt, { answered: submitted.answered, of: submitted.items, receipt: submitted.receipt });
  closePaper(words.submitted, undecided ? `${undecided} ${held}` : held);
  byId("hand-in").hidden = true;
  saveState("saved", words.submitted);
}

/* ── The clock and the line ───────────────────────────────── */

async function askClock() {
  if (ended) {
    await lookAgain();
    return;
  }
  const follows = queue?.stopped === FOLLOWS; // who only looks on hears of the clock and of the end, too
  if (!queue || (queue.stopped && !follows)) return;
  try {
    const answer = await post("/api/exam/remaining", { token: queue.token });
    if (answer.status === 200) {
      hear(answer.body);
      if (!answer.body.open) await over("attempt_closed");
      else if (follows) return;
      else if (!answer.body.leads) {
        queue.stopped = FOLLOWS;
        await followed();
      } else if (!stands && (!queue.settling || answer.body.remaining_ms > 0)) queue.hurry(); // while an outage is settled, the queue's own waits hold
    } else if (!follows && (answer.status === 401 || answer.status === 403)) {
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
  givenInPause = stood ? givenInPause + Math.max(0, now.remaining_ms - lastHeard) : 0;
  lastHeard = now.remaining_ms;
  if (stood && !stands) setClock(now.remaining_ms, givenInPause);
  else setClock(now.remaining_ms);
  if (stands) {
    timer.stop();
    notNow();
    if (!stood) nextPulse(); // nobody is to sit before a covered paper for a minute while the clock goes on again
  } else if (stood) timer.go();
}

/* Time that was given is told of; where it was given late, the bell that has rung here was not the last word. */
function setClock(remaining, more = remaining - timer.left) {
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
    const answer = await post("/api/exam/rest", { token: queue.token, act }, { csrf: csrfToken() }).catch(() => null);
    if (answer?.status === 200) return answer.body;
    if (answer?.body.code === "stale_page") await freshCsrf().catch(() => {});
    else if (answer?.status === 401) await signIn();
    else return null;
  }
  return null;
}

let waitsForPulse = 0;

function pulse() {
  if (!document.hidden && navigator.onLine) askClock();
  nextPulse();
}

function nextPulse() {
  clearTimeout(waitsForPulse);
  waitsForPulse = setTimeout(pulse, (50_000 + Math.random() * 20_000) * (stands ? 0.25 : ended && !queue ? 10 : 1)); // without a queue it can only be opened anew
}

/* ── Controls ─────────────────────────────────────────────── */

function wire() {
  wireControls();
  wireConflicts(resolve);
  document.addEventListener("keydown", (event) => { if (items && !ended) onKey(event, items); });
  byId("step-back").addEventListener("click", () => items.go(items.current - 1));
  byId("step-on").addEventListener("click", () => items.go(items.current + 1));
  byId("hand-in").addEventListener("click", askHandIn);
  byId("hand-in-yes").addEventListener("click", () => { byId("hand-in-dialog").close(); handIn("person"); });
  byId("room-banner-packet").addEventListener("click", makePacket);
  byId("closed-packet").addEventListener("click", makePacket);
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
  csrf: csrfToken,
  ready: async () => !queue || ended || queue.drain(),
  refused: () => { openSheet(false); say(words.language_later); banner("warning", words.language_later, { label: words.retry, run: () => { banner(null); queue?.hurry(); } }); },
});
shelf = await Shelf.open(root.dataset.shelfKey ?? "");
delete root.dataset.shelfKey;
device = await deviceKey(deviceName);
await open(false);
waitsForPulse = setTimeout(pulse, 45_000);
if (items && !shelf.lasting) say(words.no_shelf);
