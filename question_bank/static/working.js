// An import in the background: ask now and then how far it is, and show the page anew once it stands elsewhere.
const box = document.querySelector("[data-working]");
const bar = box.querySelector("progress");
const figure = box.querySelector(".progress-figure");

async function look() {
  try {
    const answer = await fetch(box.dataset.working, { headers: { Accept: "application/json" } });
    const found = await answer.json();
    if (found.state !== box.dataset.state) return location.reload();
    if (found.total) {
      bar.max = found.total;
      bar.value = found.done;
      figure.textContent = `${found.done} / ${found.total}`;
      bar.setAttribute("aria-valuetext", figure.textContent);
    }
  } catch {
    // The network is away for a moment: ask again.
  }
  setTimeout(look, 1500);
}

setTimeout(look, 1000);
