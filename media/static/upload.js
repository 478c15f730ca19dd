/* Send a video piece by piece: a broken line costs one piece, and the server says where to go on. */

const form = document.querySelector("[data-upload]");
const words = form.dataset;
const said = form.querySelector("[data-upload-words]");
const progress = form.querySelector("[data-upload-progress]");
const bar = progress.querySelector("progress");
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

class Refused extends Error {}

async function post(url, body, type) {
  const answer = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": words.csrf, "Content-Type": type, Accept: "application/json" } });
  const found = await answer.json().catch(() => ({}));
  if (answer.ok) return found;
  if (found.code === "piece_out_of_place") return found;
  if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
  throw new Refused(found.message || words.wordsFailed);
}

function show(sent, size) {
  const percent = Math.floor((100 * sent) / size);
  bar.value = percent;
  said.textContent = words.wordsSending.replace("{percent}", `${percent}%`);
}

async function again(send) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await send();
    } catch (fault) {
      if (fault instanceof Refused || tries >= 30) throw fault;
      said.textContent = words.wordsWaiting;
      await pause(Math.min(30000, 1000 * 2 ** tries));
    }
  }
}

async function send(file) {
  const begun = { title: form.elements.title.value, file_name: file.name, size: file.size };
  const upload = await post(words.upload, JSON.stringify(begun), "application/json");
  const base = `${words.upload}/${upload.code}`;
  let sent = 0;
  while (sent < file.size) {
    const piece = file.slice(sent, sent + upload.piece_bytes);
    const answer = await again(() => post(`${base}/pieces/${sent}`, piece, "application/octet-stream"));
    sent = answer.received;
    show(sent, file.size);
  }
  await again(() => post(`${base}/end`, "", "application/octet-stream"));
  said.textContent = words.wordsDone;
  location.assign(upload.page);
}

let atWork = false;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const file = form.elements.file.files[0];
  if (atWork || !file) return;
  if (file.size > Number(words.mostBytes)) {
    said.textContent = words.wordsLarge;
    return;
  }
  atWork = true;
  progress.hidden = false;
  show(0, file.size || 1);
  try {
    await send(file);
  } catch (fault) {
    said.textContent = fault instanceof Refused ? fault.message : words.wordsFailed;
    atWork = false;
  }
});

addEventListener("beforeunload", (event) => {
  if (atWork && bar.value < 100) event.preventDefault();
});
