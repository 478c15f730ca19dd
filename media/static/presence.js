/* The presence question: one tap or one key, three minutes; without an answer only time stops, nothing is taken back. A wrong one brings the explanation and the offer of a replay. */

import { post } from "./post.js";

const REPLAY = 120; // seconds

export class Presence {
  #dialog;
  #words;
  #csrf;
  #video;
  #shown = null;
  #timer = 0;
  #open = false;

  constructor(dialog, words, csrf, video) {
    this.#dialog = dialog;
    this.#words = words;
    this.#csrf = csrf;
    this.#video = video;
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    // Browsers let a second Escape through all the same.
    dialog.addEventListener("close", () => { if (this.#open) dialog.showModal(); });
  }

  /* Ask once for each number; `onAnswer` is told from where to play: null is where the video stands. */
  async ask(due, lease, onAnswer) {
    if (this.#shown === due.number) return;
    this.#shown = due.number;
    const question = await post("/api/media/presence/prompt", { lease }, this.#csrf).catch(() => null);
    if (!question?.ok || question.answer.number === null) {
      this.#shown = null;
      return;
    }
    this.#fill(question.answer);
    const replayed = Math.max(0, this.#video.currentTime - REPLAY);
    const ends = performance.now() + due.seconds * 1000;
    this.#count(ends);
    this.#timer = setInterval(() => this.#count(ends), 1000);
    this.#dialog.querySelector("form").onsubmit = (event) => {
      event.preventDefault();
      this.#answer(due.number, lease, replayed, onAnswer);
    };
    this.#dialog.querySelector("[data-replay]").hidden = true;
    this.#open = true;
    this.#dialog.showModal();
  }

  #fill(question) {
    this.#dialog.querySelector(".dialog-text").textContent = question.text;
    this.#dialog.querySelector("[data-options]").replaceChildren(...question.options.map((text, place) => {
      const label = document.createElement("label");
      label.className = "option";
      const input = Object.assign(document.createElement("input"), { type: "radio", name: "choice", value: place, required: true });
      const words = Object.assign(document.createElement("span"), { className: "option-text", textContent: text });
      label.append(input, words);
      return label;
    }));
  }

  #count(ends) {
    const left = Math.max(0, Math.round((ends - performance.now()) / 1000));
    const line = this.#dialog.querySelector("[data-left]");
    line.textContent = left ? this.#words.presenceLeft.replace("{left}", left) : this.#words.presenceOver;
    if (!left) this.#video.pause();
  }

  async #answer(number, lease, replayed, onAnswer) {
    const chosen = this.#dialog.querySelector("input:checked");
    const choice = chosen ? Number(chosen.value) : null;
    const found = await post("/api/media/presence", { lease, number, choice }, this.#csrf).catch(() => null);
    if (!found?.ok) {
      this.#dialog.querySelector("[data-left]").textContent = this.#words.offline;
      return;
    }
    clearInterval(this.#timer);
    if (found.answer.right) this.#close(null, onAnswer);
    else this.#explain(found.answer.explanation, replayed, onAnswer);
  }

  #explain(explanation, replayed, onAnswer) {
    const replay = this.#dialog.querySelector("[data-replay]");
    this.#dialog.querySelector("[data-options]").replaceChildren();
    this.#dialog.querySelector(".dialog-text").textContent = explanation;
    this.#dialog.querySelector("[data-left]").textContent = this.#words.presenceWrong;
    this.#dialog.querySelector("form").onsubmit = (event) => {
      event.preventDefault();
      this.#close(null, onAnswer);
    };
    replay.onclick = () => this.#close(replayed, onAnswer);
    replay.hidden = false;
  }

  #close(place, onAnswer) {
    this.#open = false;
    this.#dialog.close();
    onAnswer(place);
  }
}
