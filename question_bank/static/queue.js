// The reviewers' queue: choose every item of the page at once.
const all = document.querySelector("[data-choose-all]");
if (all) {
  const boxes = [...document.querySelectorAll('[data-queue] input[name="item"]')];
  all.closest("label").hidden = boxes.length === 0;
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
}
