/* The control room: the same figures again every few seconds, written into the page where they stand. */

const root = document.getElementById("control-room");
const lost = root.querySelector("[data-lost-words]");
const REST = 5_000;
const WORST = 60_000;
let tries = 0;

function write(place, value) {
  const text = String(value);
  if (place && place.textContent !== text) place.textContent = text;
}

function draw(now) {
  for (const [name, count] of Object.entries(now.total)) write(root.querySelector(`[data-total="${name}"]`), count);
  for (const place of root.querySelectorAll("[data-unit]")) write(place, now.units[place.dataset.unit]?.[place.dataset.count] ?? 0);
  write(root.querySelector("[data-latency]"), now.latency);
  write(root.querySelector("[data-at]"), now.at);
}

async function look() {
  let wait = REST + Math.random() * 1_000;
  if (!document.hidden) {
    try {
      const answer = await fetch(root.dataset.now, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10_000) });
      if (!answer.ok) throw new Error(answer.status);
      draw(await answer.json());
      tries = 0;
    } catch {
      tries += 1;
      wait = Math.random() * Math.min(WORST, REST * 2 ** tries) + REST / 2;
    }
    lost.hidden = !tries;
    write(lost, tries ? root.dataset.lost : "");
  }
  setTimeout(look, wait);
}

setTimeout(look, REST);
