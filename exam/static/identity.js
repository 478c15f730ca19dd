/* A photo is made small before it is sent, as a phone's may be larger than the server takes; where that fails it goes as it is. */

const WIDTH = 1_600;
const SMALL = 1_000_000; // bytes
const input = document.getElementById("photo");
let shrinking = null;

async function shrink(file) {
  const picture = await createImageBitmap(file, { resizeWidth: WIDTH, resizeQuality: "high" });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext("2d").drawImage(picture, 0, 0);
  picture.close();
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.85); });
  const list = new DataTransfer();
  list.items.add(new File([blob], "photo.jpg", { type: blob.type }));
  if (input.files[0] === file) input.files = list.files;
}

input?.addEventListener("change", () => {
  const [file] = input.files;
  if (!file || file.size <= SMALL) return;
  const mine = shrink(file).catch(() => {}).finally(() => { if (shrinking === mine) shrinking = null; });
  shrinking = mine;
});

input?.form.addEventListener("submit", async (event) => {
  if (!shrinking) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  await shrinking;
  input.form.requestSubmit(event.submitter);
});
