// Lists of items: choose every item of the page at once, and see how many are chosen.
const all = document.querySelector("[data-choose-all]");
if (all) {
  const list = all.closest("[data-queue]");
  const told = list.querySelector("[data-chosen]");
  const boxes = [...list.querySelectorAll('input[name="item"], input[name="version"]')];
  const tell = () => {
    if (!told) return;
    const chosen = boxes.filter((box) => box.checked).length;
    told.textContent = told.dataset.chosen.replace("#", chosen);
    told.hidden = chosen === 0;
  };
  all.closest("label").hidden = boxes.length === 0;
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
  list.addEventListener("change", tell);
  addEventListener("pageshow", tell);
}
