/* The frame of the exam room: its elements and words, and what it tells above the paper. */

export const root = document.getElementById("room");
export const words = JSON.parse(document.getElementById("room-words").textContent);
export const byId = (id) => document.getElementById(id);
export const fill = (form, parts) => form.replace(/\{(\w+)\}/g, (_, key) => parts[key]);

export const say = (text) => { byId("room-speaker").textContent = text; };

export function saveState(state, text) {
  const box = byId("save-state");
  if (box.dataset.state !== state) box.dataset.state = state;
  if (byId("save-text").textContent !== text) byId("save-text").textContent = text;
}

export function banner(kind, text, action = null, { packet = false } = {}) {
  const box = byId("room-banner");
  box.hidden = !kind;
  byId("room-banner-packet").hidden = !packet;
  byId("room-banner-browser").hidden = true;
  if (!kind) return;
  if (byId("room-banner-text").textContent !== text) byId("room-banner-text").textContent = text;
  box.className = `notice notice-${kind}`;
  const button = byId("room-banner-action");
  button.hidden = !action;
  if (action) {
    button.firstElementChild.textContent = action.label;
    button.onclick = action.run;
  }
}

/* News that asks for nothing stays long enough to be read, however many answers are saved meanwhile. */
const NEWS_MS = 60_000;
let newsEnds = 0;
export const isNews = () => byId("room-banner").classList.contains("notice-info");

export function news(text) {
  banner("info", text);
  clearTimeout(newsEnds);
  newsEnds = setTimeout(() => { if (isNews()) banner(null); }, NEWS_MS);
}

/* The paper gives way to what is said of its end, and comes back. */
export function closePaper(title, text) {
  byId("room-stage").hidden = byId("room-steps").hidden = true;
  byId("closed-title").textContent = title;
  byId("closed-text").textContent = text;
  byId("room-closed").hidden = false;
  byId("conflict").close();
  banner(null);
}

export function showPaper() {
  byId("opening").hidden = byId("room-closed").hidden = true;
  byId("room-stage").hidden = byId("room-steps").hidden = byId("hand-in").hidden = false;
}
