/* The player of the lesson page: a lease before the first byte of video, facts while it plays, and words for whatever happens. */

import { HeartbeatQueue } from "./heartbeat-queue.js";
import { Played } from "./played.js";
import { post } from "./post.js";
import { Presence } from "./presence.js";
import { Reporter } from "./reporter.js";
import { Strip, difference, milliseconds, union } from "./strip.js";

const CONTROLS = ["play-large", "play", "progress", "current-time", "duration", "mute", "volume", "captions", "settings", "pip", "fullscreen"];
const LEASE_LASTS = 11 * 3600 * 1000; // the server's twelve hours, with room
const BUFFER_SECONDS = 300; // what a tunnel needs; at most 60 MB, and no more than a minute where the reader saves data

class Player {
  #root;
  #video;
  #data;
  #words;
  #source = null;
  #hls = null;
  #attached = false;
  #lease = null;
  #openedAt = 0;
  #starting = false;
  #reporter;
  #strip;
  #presence;
  #spans = { counted: [], pending: [], refused: [] };
  #waiting = [];
  #finished = false;

  constructor(root) {
    this.#root = root;
    this.#data = root.dataset;
    this.#video = root.querySelector("video");
    this.#words = JSON.parse(root.querySelector("[data-words]").textContent);
    this.#strip = new Strip(root.querySelector(".seconds-strip"), Number(this.#data.length), this.#words);
    this.#presence = new Presence(root.querySelector("[data-presence]"), this.#words, this.#data.csrf, this.#video);
    for (const { start, end, state } of JSON.parse(root.querySelector("[data-spans]").textContent)) {
      this.#spans[state].push([Math.round(start * 1000), Math.round(end * 1000)]);
    }
    this.#reporter = new Reporter({
      video: this.#video,
      played: new Played(this.#video),
      queue: new HeartbeatQueue(Number(this.#data.person)),
      activity: Number(this.#data.activity),
      told: (answer, mine) => this.#take(answer, mine),
      state: (name, count) => this.#saved(name, count),
    });
  }

  async begin() {
    await Promise.all([this.#reporter.begin(), this.#dress()]);
    this.#video.addEventListener("play", () => {
      if (!this.#ready()) {
        this.#video.pause();
        this.#start();
      }
    });
    this.#video.addEventListener("ratechange", () => this.#sayRate());
    this.#root.querySelector("[data-resume]").addEventListener("click", () => this.#start());
    addEventListener("online", () => this.#hls?.startLoad());
    await this.#find();
  }

  #ready() {
    return this.#attached && this.#lease !== null && Math.abs(Date.now() - this.#openedAt) < LEASE_LASTS;
  }

  /* Plyr is comfort: without it the browser's own controls stay. */
  async #dress() {
    try {
      const { default: Plyr } = await import(this.#data.plyr);
      const speeds = this.#data.speeds.split(",").map(Number);
      this.#root.plyr = new Plyr(this.#video, {
        controls: CONTROLS,
        iconUrl: this.#data.icons,
        blankVideo: "",
        speed: { selected: 1, options: speeds },
        captions: { active: true, language: "auto", update: true },
        keyboard: { focused: true, global: false },
        i18n: { ...this.#words.plyr, frameTitle: this.#data.title },
        storage: { enabled: true, key: "player" },
      });
    } catch {
      this.#video.controls = true;
    }
  }

  /* Addresses and cookie: poster and captions can show; no byte of video is asked for. */
  async #find() {
    const found = await post("/api/media/source", { activity: Number(this.#data.activity) }, this.#data.csrf).catch(() => null);
    if (!found) return this.#say("offline");
    if (!found.ok) return this.#say(found.status === 401 ? "signedOut" : null, found.answer.message);
    const first = this.#source === null;
    this.#source = found.answer;
    if (!first) return undefined;
    if (this.#source.poster) {
      this.#video.poster = this.#source.poster;
      if (this.#root.plyr) this.#root.plyr.poster = this.#source.poster;
    }
    for (const { language, label, url } of this.#source.captions) {
      const track = Object.assign(document.createElement("track"), { kind: "captions", srclang: language, label, src: url });
      track.default = language.startsWith("zh");
      this.#video.append(track);
    }
    return undefined;
  }

  async #start() {
    if (this.#starting) return;
    this.#starting = true;
    try {
      const found = await post("/api/media/lease", { activity: Number(this.#data.activity) }, this.#data.csrf);
      if (!found.ok) {
        this.#say(found.status === 401 ? "signedOut" : null, found.answer.message);
        return;
      }
      this.#lease = found.answer;
      this.#openedAt = Date.now(); // the other clock stands still while a phone sleeps
      this.#reporter.use(this.#lease.lease, this.#lease.next_seconds);
      this.#spans.counted = this.#lease.accepted;
      this.#waiting = this.#lease.waiting;
      this.#show();
      this.#root.querySelector("[data-takeover]").hidden = true;
      this.#say(this.#lease.earns ? null : "outside");
      if (!this.#source) await this.#find();
      if (!(await this.#attach())) return;
      if (this.#lease.presence) await this.#ask(this.#lease.presence);
      await this.#video.play();
    } catch (error) {
      if (error.name !== "AbortError" && error.name !== "NotAllowedError") this.#say(navigator.onLine ? "failed" : "offline");
    } finally {
      this.#starting = false;
    }
  }

  async #attach() {
    if (this.#attached) return true;
    const { hls, mp4 } = this.#source ?? {};
    if (!hls && !mp4) {
      this.#say("notReady");
      return false;
    }
    const place = this.#lease.resume_ms / 1000;
    const { default: Hls } = hls && (window.MediaSource || window.ManagedMediaSource) ? await import(this.#data.hls) : { default: null };
    if (Hls?.isSupported()) {
      const length = navigator.connection?.saveData ? 60 : BUFFER_SECONDS;
      this.#hls = new Hls({ maxBufferLength: length, maxMaxBufferLength: length, startPosition: place, enableWorker: true });
      this.#hls.on(Hls.Events.ERROR, (_name, fault) => this.#mend(Hls, fault));
      this.#hls.loadSource(hls);
      this.#hls.attachMedia(this.#video);
    } else {
      const native = hls && this.#video.canPlayType("application/vnd.apple.mpegurl");
      this.#video.src = native || !mp4 ? hls : mp4;
      this.#video.addEventListener("loadedmetadata", () => { this.#video.currentTime = place; }, { once: true });
      this.#video.addEventListener("error", () => this.#say("failed"));
    }
    this.#attached = true;
    return true;
  }

  async #mend(Hls, fault) {
    if (!fault.fatal) return;
    if (fault.type === Hls.ErrorTypes.MEDIA_ERROR) {
      this.#hls.recoverMediaError();
    } else if (fault.response?.code === 403) {
      await this.#find(); // the cookie is over: a fresh one comes with the addresses
      this.#hls.startLoad();
    } else {
      this.#say(navigator.onLine ? "failed" : "offline");
      setTimeout(() => this.#hls.startLoad(), 5000);
    }
  }

  #take(answer, mine) {
    const refused = answer.refused.filter((one) => one.reason !== "already_counted");
    this.#spans.counted = union([...this.#spans.counted, ...answer.accepted]);
    this.#waiting = answer.waiting;
    for (const one of refused) {
      const state = one.provisional ? "pending" : "refused";
      this.#spans[state] = union([...this.#spans[state], ...one.spans]);
    }
    this.#show();
    if (!mine) return;
    const biggest = refused.sort((one, other) => milliseconds(other.spans) - milliseconds(one.spans))[0];
    if (answer.done && !this.#finished) {
      this.#finished = true;
      this.#say("done");
      this.#root.querySelector("[data-next]").hidden = false;
      this.#root.dispatchEvent(new CustomEvent("activity-done", { bubbles: true }));
    } else if (biggest && milliseconds(biggest.spans) >= 1000 && answer.newest) {
      const seconds = Math.round(milliseconds(biggest.spans) / 1000);
      this.#say(null, this.#words.refused.replace("{seconds}", seconds).replace("{reason}", this.#words.reasons[biggest.reason]));
    }
    if (!answer.newest && !this.#starting) this.#yield(); // while it asks for a lease of its own, that is the newer one
    else if (!this.#ready() && !this.#video.paused) this.#start(); // it played on while the lease grew old
    if (answer.presence) this.#ask(answer.presence);
  }

  #yield() {
    this.#lease = null;
    this.#video.pause();
    this.#say("taken");
    this.#root.querySelector("[data-takeover]").hidden = false;
  }

  #ask(due) {
    return this.#presence.ask(due, this.#lease.lease, (place) => {
      if (place !== null) this.#video.currentTime = place;
      this.#video.play().catch(() => {});
    });
  }

  #show() {
    const { counted } = this.#spans;
    const pending = difference(union([...this.#spans.pending, ...this.#waiting]), counted);
    const refused = difference(difference(this.#spans.refused, counted), pending);
    this.#strip.draw({ counted, pending, refused });
    const words = (seconds) => this.#words.duration.replace("{m}", Math.floor(seconds / 60)).replace("{s}", String(seconds % 60).padStart(2, "0"));
    const lost = Math.ceil(milliseconds(refused) / 1000);
    this.#root.querySelector("[data-lost]").textContent = lost ? `（${words(lost)}）` : "";
  }

  #sayRate() {
    const rate = Number(this.#data.rate);
    const speed = this.#video.playbackRate;
    if (speed <= rate) return this.#say(null);
    const counted = Math.round((60 * rate) / speed);
    return this.#say(null, this.#words.speed.replace("{rate}", rate).replace("{speed}", speed).replace("{counted}", counted));
  }

  #saved(name, count) {
    const line = this.#root.querySelector("[data-saved]");
    if (name === "signedOut") {
      this.#video.pause();
      this.#lease = null;
      this.#say("signedOut");
    }
    line.textContent = name === "saved" ? this.#words.saved : this.#words.waiting.replace("{n}", count);
    if (name === "offline") this.#say("offline");
  }

  #say(name, text = null) {
    const line = this.#root.querySelector("[data-message]");
    const words = name ? this.#words[name] : text ?? "";
    if (line.textContent !== words) line.textContent = words;
  }
}

for (const root of document.querySelectorAll("[data-player]")) new Player(root).begin();
