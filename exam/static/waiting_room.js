/* The waiting room: a place in the line is an instant; the page counts towards it, hears from the server now and then, and starts by itself. */

const LEAST = 15_000; // between two looks at the server, at the least and at the most
const MOST = 30_000;
const SURE = 5; // every so many looks one asks for a better place, too: the line may go faster now
const FIRST = 1_000; // waits between failed tries grow from here
const LONGEST = 32_000;

const nameOf = ({ person, exam }) => `exam-ticket:${person}:${exam}`;

export class Waiting {
  /* The ticket that this browser keeps, whichever page got it. */
  static kept(form) {
    try {
      return localStorage.getItem(nameOf(form.dataset));
    } catch {
      return null;
    }
  }

  constructor({ form, words, post, start }) {
    Object.assign(this, { form, words, post, start });
    this.title = document.title;
    this.tries = this.looks = 0;
    const part = (id) => form.querySelector(`#${id}`);
    this.parts = { box: part("start-waiting"), ready: part("start-ready"), head: part("waiting-title"), ahead: part("waiting-ahead"), estimate: part("waiting-estimate"), speaker: part("waiting-speaker") };
    part("waiting-leave").addEventListener("click", () => this.leave());
    document.addEventListener("visibilitychange", () => { if (!document.hidden && this.ticket) this.look(); });
  }

  /* The server has told the place. */
  take({ ticket = this.ticket, ahead, wait_ms: wait, bell_ms: bell }) {
    const first = this.parts.box.hidden;
    this.ticket = ticket;
    this.tries = 0;
    this.turn = performance.now() + wait;
    this.bell = performance.now() + bell;
    this.each = ahead ? (wait - bell) / ahead : 0;
    try {
      localStorage.setItem(nameOf(this.form.dataset), ticket);
    } catch {
      // The server knows the place, too.
    }
    this.parts.box.hidden = false;
    this.parts.ready.hidden = true;
    if (first) this.parts.head.focus();
    this.tick();
    clearTimeout(this.looking);
    this.looking = setTimeout(() => this.look(), LEAST + Math.random() * (MOST - LEAST));
  }

  tick() {
    clearTimeout(this.ticking);
    const now = performance.now();
    const left = this.turn - now;
    if (left <= 0) {
      this.due();
      return;
    }
    const ahead = this.each ? Math.ceil((this.turn - Math.max(now, this.bell)) / this.each) : 0;
    const estimate = left < 60_000 ? this.words.soon : this.words.minutes.replace("{m}", Math.ceil(left / 60_000));
    this.write("ahead", ahead ? this.words.ahead.replace("{n}", ahead) : now < this.bell ? this.words.opens : this.words.next);
    this.write("estimate", estimate);
    this.write("speaker", estimate);
    this.ticking = setTimeout(() => this.tick(), Math.min(1_000, left + 20));
  }

  write(name, text) {
    if (this.parts[name].textContent !== text) this.parts[name].textContent = text;
  }

  /* The turn has come; nobody's time runs while the page is out of sight. All of one second come at the same instant: spread them over it. */
  due() {
    document.title = document.hidden ? `● ${this.words.your_turn}` : this.title;
    this.write("ahead", this.words.your_turn);
    if (document.hidden) return;
    this.write("estimate", this.words.starting);
    this.write("speaker", this.words.starting);
    clearTimeout(this.looking);
    this.ticking = setTimeout(() => this.start(this.ticket), Math.random() * 900);
  }

  async look() {
    clearTimeout(this.looking);
    if (performance.now() >= this.turn) {
      this.tick();
      return;
    }
    this.looks += 1;
    if (this.looks % SURE === 0 && !document.hidden) {
      this.start(this.ticket);
      return;
    }
    try {
      const { status, body } = await this.post("/api/exam/turn", { ticket: this.ticket });
      if (status === 200) {
        this.take(body);
        return;
      }
    } catch {
      // The place does not depend on the line.
    }
    this.looking = setTimeout(() => this.look(), LEAST + Math.random() * (MOST - LEAST));
  }

  /* Ask again after a failure: growing waits, spread over their whole length, never sooner than the server said. */
  again(text, after = 0) {
    this.ticket ??= Waiting.kept(this.form);
    this.parts.box.hidden = false;
    this.parts.ready.hidden = true;
    this.write("estimate", text);
    this.write("speaker", text);
    const wait = after * 1_000 + Math.random() * Math.min(LONGEST, FIRST * 2 ** this.tries);
    this.tries += 1;
    clearTimeout(this.ticking);
    this.ticking = setTimeout(() => this.start(this.ticket), wait);
  }

  forget() {
    this.ticket = null;
    for (const timer of [this.ticking, this.looking]) clearTimeout(timer);
    document.title = this.title;
    try {
      localStorage.removeItem(nameOf(this.form.dataset));
    } catch {
      // Nothing was kept.
    }
  }

  leave() {
    this.forget();
    this.parts.box.hidden = true;
    this.parts.ready.hidden = false;
    this.form.querySelector("button[type=submit]").disabled = false;
  }
}
