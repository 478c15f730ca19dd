/* How the attempt is opened: as the start page handed it over, or asked of the server until it has answered. */

import { banner, root, saveState, words } from "./frame.js";
import { SETTLING } from "./queue.js";
import { page } from "./wire.js";

const { exam, person } = root.dataset;
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const spread = (ms) => ms * (0.6 + Math.random() * 0.4);
let { csrf } = root.dataset;
let unsettled = 0; // how often the server has said that it counts what an outage took

export const csrfToken = () => csrf;

export async function freshCsrf() {
  const fresh = await page(location.href);
  csrf = fresh.document.getElementById("room")?.dataset.csrf ?? csrf;
}

export function settlingWait() {
  const wait = SETTLING[Math.min(unsettled, SETTLING.length - 1)];
  unsettled += 1;
  return spread(wait);
}

/* What the start page got a moment ago; read once, so that a reload asks the server. */
export function handedOver(device) {
  const name = `exam-opened:${exam}`;
  try {
    const text = sessionStorage.getItem(name);
    sessionStorage.removeItem(name);
    const found = JSON.parse(text);
    return found && found.device === device && found.person === person ? found.opened : null;
  } catch {
    return null;
  }
}

/* Returns what the server opened, or `{ refused: code }`; `first`: nothing is shown yet. */
export async function fetchOpened(post, { device, takeover, first }) {
  for (let wait = 1_000; ; wait = Math.min(wait * 2, 8_000)) {
    try {
      const answer = await post("/api/exam/resume", { exam, device, takeover }, { csrf });
      if (answer.status === 200) return answer.body;
      if (answer.body.code === "stale_page") await freshCsrf();
      else if (answer.body.code === "attempt_settling") {
        banner("warning", words.settling);
        await pause(settlingWait());
        continue;
      } else if (answer.status !== 429 && answer.status < 500) return { refused: answer.body.code ?? `http_${answer.status}` };
    } catch {
      saveState("failed", words.no_line);
    }
    if (first) banner("warning", words.opening_offline);
    await pause(spread(wait));
  }
}
