/* What the invigilators say, each message once, and the cover over the paper while the clock stands; what is said then stands on the cover. */

export class Announcements {
  constructor({ box, cover }) {
    Object.assign(this, { box, cover, below: box.nextElementSibling });
    this.known = new Set(JSON.parse(sessionStorage.getItem("exam-messages") ?? "[]"));
  }

  hear({ messages = [], paused = false }) {
    for (const { id, text } of messages) {
      if (this.known.has(id)) continue;
      this.known.add(id);
      this.show(id, text);
    }
    if (paused && !this.cover.open) {
      this.cover.showModal();
      this.cover.firstElementChild.append(this.box);
    }
    if (!paused && this.cover.open) {
      this.cover.close();
      this.below.before(this.box);
    }
    return paused;
  }

  show(id, text) {
    const note = this.box.querySelector("template").content.firstElementChild.cloneNode(true);
    note.querySelector("[data-text]").textContent = text;
    note.querySelector("button").onclick = () => {
      note.remove();
      sessionStorage.setItem("exam-messages", JSON.stringify([...this.known]));
    };
    this.box.append(note);
  }
}
