/* The save queue. Every change stands on the shelf before it is sent and leaves it only when the server has acknowledged it. */

const AFTER_LAST = 600;
const AFTER_FIRST = 1_800;
const BUSY = [4_000, 128_000]; // over how long who was told to come later spreads: once may be chance, but over a minute of it ten thousand pages ask no oftener than ever
const PRESSED = 6_000; // the same from a minute before the bell on, and for who hands in: the grace behind it is no longer
const BEFORE_BELL = 60_000;
const MOST_AFTER = 10_000; // what a server may ask for beside that, then
const TYPING = 3; // who types pauses for longer than who ticks
const WAITS = [1_000, 2_000, 4_000, 8_000];
export const SETTLING = [4_000, 8_000, 16_000, 32_000, 60_000]; // a hall of machines waits for one decision: each asks more and more seldom
const NOTHING = Object.freeze({ revision: 0, choices: [], marked: false });
const MOST = 200;
const MOST_BYTES = 40_000; // of a request, well below what the server takes
const NOT_NOW = { attempt_paused: "paused", attempt_settling: "settling" };
const SINGLE = new Set(["stale_revision", "clear_not_said"]);

/* `choices` holds a value as the fields give it: numbers, or texts, which travel under their own name. */
const typed = (choices) => typeof choices[0] === "string";
const sent = ({ position, seq, revision, choices, marked, clear }) => ({ position, seq, revision, ...(typed(choices) ? { texts: choices } : { choices }), marked, clear });
const size = (change) => new TextEncoder().encode(JSON.stringify(change)).length;
const held = ({ revision, choices, texts, marked }) => ({ revision, choices: texts.length ? texts : choices, marked });

const equal = (one, two) => one.length === two.length && one.every((choice, index) => choice === two[index]);
const same = (one, two) => equal(one.choices, two.choices) && one.marked === two.marked;

export class SaveQueue {
  /* `told(event, detail)` hears: saved, waiting, conflict, offline, paused, settling, online, refused, clock; `left()` says how long until the bell. */
  constructor({ attempt, shelf, post, told, left = () => Infinity }) {
    Object.assign(this, { attempt, shelf, post, told, left });
    this.held = new Map();
    this.pending = new Map();
    this.conflicts = new Map();
    this.flight = [];
    this.seq = 1;
    this.token = null;
    this.stopped = "opening";
    this.tries = 0;
    this.drains = false; // somebody waits for everything to be on the server
    this.settling = false; // the server counts what an outage took, and takes nothing before
    this.timer = null;
    this.since = null;
    this.running = null;
  }

  /* Take what the server holds, and fit in what is still unsaved here. */
  async open(opened) {
    const leftovers = this.token === null ? await this.shelf.all(this.attempt) : [...this.flight, ...this.pending.values(), ...this.conflicts.values()].map((one) => one.mine ?? one);
    this.token = opened.token;
    this.seq = Math.max(this.seq, opened.seq_from);
    this.held = new Map(opened.answers.map((answer) => [answer.position, held(answer)]));
    this.pending.clear();
    this.conflicts.clear();
    this.flight = [];
    const settled = new Set();
    for (const record of leftovers.sort((one, two) => one.seq - two.seq)) {
      const server = this.server(record.position);
      if (same(record, server)) {
        settled.add(record.position);
        this.pending.delete(record.position);
      } else if (record.revision === server.revision || settled.has(record.position) || equal(record.choices, server.choices)) {
        this.pending.set(record.position, this.made(record.position, record.choices, record.marked));
      } else {
        this.conflicts.set(record.position, { mine: record, theirs: server });
      }
    }
    await this.shelf.write([...this.pending.values(), ...[...this.conflicts.values()].map((one) => one.mine)], leftovers.filter((one) => !this.conflicts.has(one.position)));
    this.stopped = null;
    this.tries = 0;
    this.settling = false;
    if (this.pending.size) this.flush();
  }

  made(position, choices, marked) {
    return { attempt: this.attempt, position, seq: this.seq++, revision: this.server(position).revision, choices, marked, clear: choices.length === 0 };
  }

  server(position) {
    return this.held.get(position) ?? NOTHING;
  }

  /* What the person sees: her own newest value, saved or not. */
  value(position) {
    return this.pending.get(position) ?? this.flight.find((one) => one.position === position) ?? this.conflicts.get(position)?.mine ?? this.server(position);
  }

  state(position) {
    if (this.conflicts.has(position)) return "failed";
    if (this.pending.has(position) || this.flight.some((one) => one.position === position)) return "waiting";
    return this.server(position).choices.length ? "answered" : "open";
  }

  get unsaved() {
    return new Set([...this.pending.keys(), ...this.flight.map((one) => one.position), ...this.conflicts.keys()]).size;
  }

  /* Whether anything is on its way to the server; what the person is asked about is not. */
  get sends() {
    return this.pending.size + this.flight.length > 0;
  }

  /* Everything that the server has not acknowledged, as it would be sent. */
  get unsent() {
    const mine = [...this.conflicts.values()].map((one) => one.mine);
    return [...this.flight, ...this.pending.values(), ...mine].map(sent).sort((one, two) => one.seq - two.seq);
  }

  async change(position, choices, marked) {
    const old = this.pending.get(position);
    const flying = this.flight.some((one) => one.position === position);
    const conflict = this.conflicts.get(position);
    if (conflict) {
      const mine = this.made(position, choices, marked);
      await this.shelf.write([mine], [conflict.mine]);
      conflict.mine = { ...mine, revision: conflict.mine.revision };
      return;
    }
    if (!flying && same({ choices, marked }, this.server(position))) {
      this.pending.delete(position);
      if (old) await this.shelf.write([], [old]);
      this.told("saved", position);
      return;
    }
    const record = this.made(position, choices, marked);
    this.pending.delete(position); // to the end of the row: changes go out in the order of their last touch
    this.pending.set(position, record);
    this.told("waiting", position);
    await this.shelf.write([record], old ? [old] : []);
    this.plan(typed(choices) ? TYPING : 1);
  }

  plan(patience = 1) {
    if (this.stopped || this.tries) return; // a wait for the next try is already running
    this.since ??= performance.now();
    const rest = Math.min(AFTER_LAST * patience, Math.max(0, AFTER_FIRST * patience - (performance.now() - this.since)));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), rest);
  }

  /* Send what is unsaved; one request at a time, a repetition is exactly the same request. */
  flush({ keepalive = false } = {}) {
    clearTimeout(this.timer);
    this.running ??= this.send(keepalive).finally(() => {
      this.running = null;
      if (!this.stopped && !this.tries && this.pending.size) this.plan();
    });
    return this.running;
  }

  /* Take of what is unsaved as much as one request holds, and at least one change. */
  load() {
    let room = MOST_BYTES;
    for (const record of [...this.pending.values()].slice(0, MOST)) {
      room -= size(sent(record));
      if (room < 0 && this.flight.length) return;
      this.pending.delete(record.position);
      this.flight.push(record);
    }
  }

  async send(keepalive) {
    if (this.stopped) return;
    if (!this.flight.length) {
      this.load();
    }
    this.since = null;
    if (!this.flight.length) return;
    const changes = this.flight.map(sent);
    let answer;
    try {
      answer = await this.post("/api/exam/save", { token: this.token, changes }, { keepalive });
    } catch {
      this.later("offline");
      return;
    }
    await this.take(answer);
  }

  async take({ status, body, retryAfter = 0 }) {
    // A refusal of the whole request carries lines, too; only these answers are about single changes.
    if (status === 200 || SINGLE.has(body.code)) {
      await this.settle(body.saved);
      this.tries = 0;
      this.drains = false;
      this.settling = false;
      this.told("online");
      this.told("clock", body.remaining_ms);
      return;
    }
    if (status === 429 || status >= 500) {
      this.later("busy", retryAfter);
      return;
    }
    if (NOT_NOW[body.code]) {
      this.later(NOT_NOW[body.code]);
      return;
    }
    this.stopped = body.code ?? `http_${status}`;
    this.told("refused", this.stopped);
  }

  async settle(saved) {
    const gone = [];
    const again = [];
    for (const answer of saved) {
      const record = this.flight.find((one) => one.seq === answer.seq);
      if (!record) continue;
      const server = held(answer);
      const { position } = record;
      this.held.set(position, server);
      gone.push(record);
      const next = this.pending.get(position);
      if (answer.status === "saved" || same(record, server) || equal(record.choices, server.choices)) {
        if (next) next.revision = server.revision;
        else if (answer.status !== "saved" && !same(record, server)) again.push(this.made(position, record.choices, record.marked));
      } else if (answer.status === "clear_not_said") {
        if (!next) again.push(this.made(position, record.choices, record.marked));
      } else {
        const mine = next ?? { ...record, seq: this.seq++ };
        if (next) this.pending.delete(position);
        else again.push(mine);
        this.conflicts.set(position, { mine, theirs: server });
      }
    }
    this.flight = this.flight.filter((one) => !gone.includes(one));
    for (const record of again) if (!this.conflicts.has(record.position)) this.pending.set(record.position, record);
    await this.shelf.write([...again, ...saved.map((one) => this.pending.get(one.position)).filter(Boolean)], gone);
    for (const record of gone) this.told(this.conflicts.has(record.position) ? "conflict" : "saved", record.position);
  }

  /* Try again with growing waits and chance in them, so that a hall of machines does not knock at once: a lost line soon, a busy
     server never before it says and spread over the whole wait, which ends in time for the bell. */
  later(reason, after = 0) {
    this.settling = reason === "settling";
    const waits = this.settling ? SETTLING : WAITS;
    const grown = waits[Math.min(this.tries, waits.length - 1)];
    const wait = reason === "busy" ? this.putOff(after * 1_000) : grown * (0.6 + Math.random() * 0.4);
    this.tries += 1;
    this.told(Object.values(NOT_NOW).includes(reason) ? reason : "offline", reason);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), wait);
  }

  putOff(after) {
    const room = this.drains ? 0 : this.left() - BEFORE_BELL;
    const least = Math.min(after, Math.max(MOST_AFTER, room));
    return least + Math.random() * Math.min(BUSY[Math.min(this.tries, BUSY.length - 1)], Math.max(PRESSED, room - least));
  }

  /* The browser says that the line is back: no need to wait. */
  hurry() {
    if (this.tries || this.sends) this.flush();
  }

  /* The person has chosen between her value and the server's. */
  async resolve(position, keepMine) {
    const conflict = this.conflicts.get(position);
    if (!conflict) return;
    this.conflicts.delete(position);
    if (keepMine) {
      const record = this.made(position, conflict.mine.choices, conflict.mine.marked);
      this.pending.set(position, record);
      await this.shelf.write([record], [conflict.mine]);
      this.told("waiting", position);
      this.plan();
    } else {
      await this.shelf.write([], [conflict.mine]);
      this.told("saved", position);
    }
  }

  /* The bell has rung before the person has chosen: her own values go into the server's log as they lie, refused as stale, while its values
     count. Returns what it said when it takes nothing now. */
  async record() {
    if (!this.conflicts.size) return null;
    const changes = [...this.conflicts.values()].map(({ mine }) => sent({ ...mine, seq: this.seq++ }));
    const answer = await this.post("/api/exam/save", { token: this.token, changes });
    return answer.status < 429 ? null : answer;
  }

  /* Wait until everything is on the server; false when that is not possible now. */
  async drain() {
    this.drains = true;
    for (let round = 0; round < 6 && !this.stopped; round += 1) {
      if (!this.sends) break;
      await this.flush();
      if (this.tries) return false;
    }
    return !this.stopped && !this.sends;
  }

  async close() {
    this.stopped = "closed";
    clearTimeout(this.timer);
    await this.shelf.clear(this.attempt);
  }
}
