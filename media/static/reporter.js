/* Reports what played, driven by the media element's events, so that throttled timers of a hidden tab lose nothing. */

import { post } from "./post.js";

const KEEP_EVERY = 3000; // a crash costs no more than this

export class Reporter {
  #video;
  #played;
  #queue;
  #activity;
  #told;
  #state;
  #lease = null;
  #standing = ""; // what the last answer gave: brought along, it spares the server a question
  #sequence = 0;
  #every = 15000;
  #sentAt = 0;
  #keptAt = 0;
  #sending = null;
  #again = false;
  #retry = 0;
  #refusals = 0;
  #quietUntil = 0; // a busy server said when to come again

  constructor({ video, played, queue, activity, told, state }) {
    this.#video = video;
    this.#played = played;
    this.#queue = queue;
    this.#activity = activity;
    this.#told = told;
    this.#state = state;
  }

  async begin() {
    await this.#queue.open();
    this.#video.addEventListener("timeupdate", () => this.#tick());
    for (const name of ["pause", "ended"]) this.#video.addEventListener(name, () => this.send());
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.send(true));
    addEventListener("pagehide", () => this.send(true));
    addEventListener("online", () => this.flush());
    this.flush();
  }

  use(lease, seconds) {
    this.send(); // what played under the former lease belongs to it
    this.#lease = lease;
    this.#standing = "";
    this.#sequence = 0;
    this.#every = seconds * 1000;
    this.#sentAt = performance.now();
    this.flush();
  }

  #tick() {
    const now = performance.now();
    if (now - this.#sentAt >= this.#every) this.send();
    else if (now - this.#keptAt >= KEEP_EVERY) this.#keep(now);
  }

  #keep(now) {
    this.#keptAt = now;
    const intervals = this.#played.look();
    if (this.#lease && intervals.length) this.#put({ intervals, growing: true });
  }

  #put({ intervals, growing }) {
    return this.#queue.put({ lease: this.#lease, sequence: this.#sequence, activity: this.#activity, intervals, growing });
  }

  /* Finish the present report. On leaving, it goes out at once beside the queue: whichever copy comes second changes nothing. */
  async send(leaving = false) {
    const intervals = this.#played.take();
    if (!this.#lease || !intervals.length) return;
    const report = { lease: this.#lease, sequence: this.#sequence, intervals };
    const kept = this.#put({ intervals, growing: false });
    this.#sequence += 1;
    this.#sentAt = this.#keptAt = performance.now();
    if (leaving) post("/api/media/heartbeat", report, null, true).catch(() => {});
    await kept.catch(() => {});
    await this.flush();
  }

  /* Send everything that waits, one at a time; a second call while one runs asks for another round. */
  flush() {
    if (performance.now() < this.#quietUntil) return Promise.resolve();
    this.#again = true;
    this.#sending ??= this.#rounds().finally(() => { this.#sending = null; });
    return this.#sending;
  }

  async #rounds() {
    while (this.#again) {
      this.#again = false;
      for (const report of await this.#queue.due()) {
        if (!(await this.#one(report))) return;
      }
    }
  }

  async #one(report) {
    const body = { lease: report.lease, sequence: report.sequence, intervals: report.intervals };
    const mine = report.lease === this.#lease;
    if (mine) body.standing = this.#standing;
    else if (this.#lease) body.vouching = this.#lease;
    const found = await post("/api/media/heartbeat", body).catch(() => null);
    if (found?.ok) {
      this.#refusals = 0;
      await this.#queue.remove(report);
      if (report.activity === this.#activity) this.#told(found.answer, mine && report.lease === this.#lease);
      if (report.lease === this.#lease) {
        this.#every = found.answer.next_seconds * 1000;
        this.#standing = found.answer.standing;
      }
      this.#state("saved", 0);
      return true;
    }
    const code = found?.answer.code;
    if (code === "lease_unknown" || code === "token_refused" || found?.status === 422) {
      await this.#queue.remove(report);
      return true;
    }
    if (code === "signed_out" && !mine) return true; // it waits for the next lease
    this.#state(code === "signed_out" ? "signedOut" : "offline", (await this.#queue.due()).length);
    clearTimeout(this.#retry);
    if (code !== "signed_out") this.#retry = setTimeout(() => this.flush(), this.#patience(found));
    return false;
  }

  /* How long to wait: for a line that is lost some seconds; a busy server never before it says, and spread over waits that grow. */
  #patience(found) {
    if (!found || (found.status !== 429 && found.status < 500)) return 10000 + Math.random() * 10000;
    const wait = found.retryAfter * 1000 + Math.random() * Math.min(120000, 5000 * 2 ** this.#refusals);
    this.#refusals += 1;
    this.#quietUntil = performance.now() + wait - 50;
    return wait;
  }
}
