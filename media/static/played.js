/* Which parts of the video really played, told from the media element's own events: no clock of the device is used. */

export class Played {
  #video;
  #done = [];
  #from = null;
  #to = null;

  constructor(video) {
    this.#video = video;
    video.addEventListener("playing", () => this.#begin());
    video.addEventListener("seeked", () => this.#begin());
    video.addEventListener("timeupdate", () => this.#move());
    // When `seeking` is told, the place is the new one already: what played ends at the last place known.
    video.addEventListener("seeking", () => this.#cut());
    video.addEventListener("emptied", () => this.#cut());
    for (const name of ["pause", "ended"]) {
      video.addEventListener(name, () => {
        this.#move();
        this.#cut();
      });
    }
  }

  /* Everything since the last `take`, in milliseconds. */
  look() {
    this.#move();
    const parts = [...this.#done];
    if (this.#from !== null && this.#to > this.#from) parts.push([this.#from, this.#to]);
    return parts.map(([from, to]) => [Math.round(from * 1000), Math.round(to * 1000)]).filter(([from, to]) => to > from);
  }

  take() {
    const parts = this.look();
    this.#done = [];
    if (this.#from !== null) this.#from = this.#to;
    return parts;
  }

  #begin() {
    if (this.#from !== null || this.#video.paused || this.#video.seeking) return;
    this.#from = this.#to = this.#video.currentTime;
  }

  #move() {
    if (this.#from === null || this.#video.seeking) return;
    const place = this.#video.currentTime;
    if (place < this.#to) {
      this.#cut();
      this.#begin();
    } else {
      this.#to = place;
    }
  }

  #cut() {
    if (this.#from !== null && this.#to > this.#from) this.#done.push([this.#from, this.#to]);
    this.#from = this.#to = null;
  }
}
