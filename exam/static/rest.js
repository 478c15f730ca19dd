/* Rests of one's own: the clock stands, the paper is covered, and what was granted runs down; at its end the clock goes on by itself. */

export class Rests {
  /* `ask(act)` brings what the server says, or null; `heard(now)` takes its clock, opening and closing the cover; `say` tells on the page. */
  constructor({ button, cover, words, say, ask, heard }) {
    Object.assign(this, { button, cover, words, say, ask, heard, resting: false, ends: 0, next: 0 });
    const [left, end, message] = ["#rest-left", "#rest-end", "#rest-message"].map((one) => cover.querySelector(one));
    Object.assign(this, { left, end, message });
    button.addEventListener("click", () => this.act("begin"));
    end.addEventListener("click", () => this.act("end"));
  }

  async act(act) {
    this.button.disabled = this.end.disabled = true;
    const now = await this.ask(act);
    this.button.disabled = this.end.disabled = false;
    this.message.hidden = Boolean(now);
    if (now) this.show(now);
    else if (act === "begin") this.say(this.words.rest_refused);
  }

  show(now) {
    const ranOut = this.resting && !now.resting && !now.paused && now.left_ms <= 0;
    this.resting = now.resting;
    this.ends = performance.now() + now.left_ms;
    this.button.hidden = !now.resting && now.left_ms <= 0;
    this.cover.querySelector("[data-rest]").hidden = !now.resting;
    this.cover.querySelector("[data-staff]").hidden = now.resting;
    this.heard(now);
    this.tick();
    if (ranOut) this.say(this.words.rest_over);
  }

  tick() {
    clearTimeout(this.next);
    if (!this.resting) return;
    const seconds = Math.max(0, Math.ceil((this.ends - performance.now()) / 1000));
    this.left.textContent = this.words.rest_left.replace("{time}", `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
    this.next = setTimeout(() => this.tick(), seconds ? 1_000 : 5_000); // without a line the server lets the clock go on all the same
    if (!this.cover.open) this.act("look"); // the invigilators let her go on
    else if (!seconds) this.act("end");
  }
}
