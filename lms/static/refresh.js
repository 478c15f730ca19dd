// A page of figures that keeps itself fresh: once in data-refresh seconds it asks for itself and puts in what has changed.
// It rests while nobody looks, and looks again as soon as somebody does.
const region = document.querySelector("[data-refresh]");
const failed = document.querySelector("[data-refresh-failed]");
const every = Number(region.dataset.refresh) * 1000;
let waiting;
let asked = Date.now();

async function refresh() {
  clearTimeout(waiting);
  asked = Date.now();
  const answer = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
  const fresh = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-refresh]") : null;
  failed.hidden = Boolean(fresh);
  if (fresh) show(fresh);
  wait();
}

function show(fresh) {
  const opened = [...region.querySelectorAll("details")].map((one) => one.open);
  [...fresh.querySelectorAll("details")].forEach((one, place) => { one.open = opened[place] ?? one.open; });
  if (fresh.innerHTML !== region.innerHTML) region.replaceChildren(...fresh.childNodes);
}

function wait() {
  clearTimeout(waiting);
  if (!document.hidden) waiting = setTimeout(refresh, Math.max(0, asked + every - Date.now()));
}

document.addEventListener("visibilitychange", wait);
wait();
