// A page of figures that keeps itself fresh: once in data-refresh seconds it asks for itself and puts in what has changed.
// It rests while nobody looks, and looks again as soon as somebody does.
const region = document.querySelector("[data-refresh]");
const failed = document.querySelector("[data-refresh-failed]");
const ended = document.querySelector("[data-refresh-ended]");
const LONGEST = 20_000; // a half-open line would let a request wait for ever
const FOCUSED = "a[href], button, summary";
const every = Number(region.dataset.refresh) * 1000;
let waiting;
let asked = Date.now();

async function refresh() {
  clearTimeout(waiting);
  asked = Date.now();
  const { page, redirected } = await fetched().catch(() => ({}));
  const fresh = page?.querySelector("[data-refresh]");
  ended.hidden = Boolean(fresh) || !redirected; // to the sign-in page
  failed.hidden = Boolean(fresh) || !ended.hidden;
  if (fresh) show(fresh);
  wait();
}

async function fetched() {
  const answer = await fetch(location.href, { credentials: "same-origin", signal: AbortSignal.timeout(LONGEST) });
  return { page: answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null, redirected: answer.redirected };
}

function show(fresh) {
  const opened = [...region.querySelectorAll("details")].map((one) => one.open);
  [...fresh.querySelectorAll("details")].forEach((one, place) => { one.open = opened[place] ?? one.open; });
  if (fresh.innerHTML === region.innerHTML) return;
  const focused = [...region.querySelectorAll(FOCUSED)].indexOf(document.activeElement);
  region.replaceChildren(...fresh.childNodes);
  if (focused >= 0) region.querySelectorAll(FOCUSED)[focused]?.focus({ preventScroll: true });
}

function wait() {
  clearTimeout(waiting);
  if (!document.hidden) waiting = setTimeout(refresh, Math.max(0, asked + every - Date.now()));
}

document.addEventListener("visibilitychange", wait);
wait();
