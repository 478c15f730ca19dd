/* The remaining time, as the server told it and the monotonic clock carries it on: the device's own time of day plays no part. */

const SPOKEN = [30, 10, 5, 1];

export class ExamTimer {
  constructor({ figure, box, speaker, words, over, drifted }) {
    Object.assign(this, { figure, box, speaker, words, over, drifted });
    this.end = null;
    this.ended = false;
    this.spoken = new Set();
    this.skew = Date.now() - performance.now();
  }

  sync(remaining) {
    const first = this.end === null;
    this.end = performance.now() + remaining;
    for (const minutes of SPOKEN) {
      const ahead = remaining - minutes * 60_000;
      // What lies behind at the opening is not announced; what is ahead again, since time was given, is announced again.
      if (first && ahead <= -5_000) this.spoken.add(minutes);
      else if (ahead > 5_000) this.spoken.delete(minutes);
    }
    if (first) this.tick();
  }

  get left() {
    return Math.max(0, this.end - performance.now());
  }

  tick() {
    const left = this.left;
    const seconds = Math.ceil(left / 1000);
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const text = parts.slice(parts[0] ? 0 : 1).map((part, index) => (index ? String(part).padStart(2, "0") : String(part))).join(":");
    if (this.figure.textContent !== text) this.figure.textContent = text;
    this.box.classList.toggle("is-urgent", left < 300_000);
    // After a sleep several are behind at once: one word, with the minutes that are left.
    const due = SPOKEN.filter((minutes) => left <= minutes * 60_000 && !this.spoken.has(minutes));
    for (const minutes of due) this.spoken.add(minutes);
    if (due.length && left > 0) this.speaker.textContent = this.words.left.replace("{m}", Math.ceil(seconds / 60));
    // A jump between the two clocks means that the device has slept (or its clock was set): ask the server.
    const skew = Date.now() - performance.now();
    if (Math.abs(skew - this.skew) > 2_000) {
      this.skew = skew;
      this.drifted();
    }
    if (left <= 0) {
      if (!this.ended) this.over();
      this.ended = true;
    } else {
      this.ended = false;
    }
    clearTimeout(this.next);
    this.next = setTimeout(() => this.tick(), left > 0 ? (left % 1000) + 20 : 1_000);
  }

  /* After a stop: a bell that rang for the end may ring again. */
  go() {
    this.ended = false;
    this.tick();
  }

  stop() {
    clearTimeout(this.next);
  }
}
