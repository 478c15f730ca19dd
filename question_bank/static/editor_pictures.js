// Pictures in the item form: chosen, pasted or dropped; the server keeps them and the text gets their name.

const KINDS = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"];
// Excel lays a picture of its cells beside them: who pastes words wants the words.
const hasWords = (source) => /[^\s<>]/.test(source.getData("text/plain"));
const pictureOf = (files) => [...(files ?? [])].find((file) => KINDS.includes(file.type) || file.type === "image/svg+xml");

export function wirePictures({ editor, form, insert }) {
  const dialog = document.querySelector("[data-picture-dialog]");
  const words = dialog.querySelector("[data-picture-words]");
  const file = editor.querySelector("[data-picture-file]");
  const error = editor.querySelector("[data-picture-error]");
  let target = editor.querySelector("#stem");
  let digest = "";

  async function bring(picture) {
    error.hidden = true;
    const body = new FormData();
    body.append("picture", picture);
    const answer = await fetch(editor.dataset.picturesUrl, {
      method: "POST", body, headers: { "X-CSRFToken": form.elements.csrf_token.value },
    });
    const found = await answer.json();
    if (!answer.ok) {
      error.textContent = found.message ?? "";
      error.hidden = false;
      error.scrollIntoView({ block: "nearest" });
      return;
    }
    digest = found.digest;
    words.value = "";
    dialog.showModal();
  }

  function put() {
    const { selectionStart, selectionEnd } = target;
    dialog.close();
    target.setSelectionRange(selectionStart, selectionEnd); // closing a dialog sets the caret to the beginning
    insert(`![${words.value.trim().replace(/[\]\\]/g, "\\$&")}](picture:${digest})`, target);
  }

  editor.addEventListener("focusin", (event) => { if (event.target.matches("textarea[data-rich]")) target = event.target; });
  editor.querySelector("[data-insert-picture]").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    if (file.files.length) bring(file.files[0]);
    file.value = "";
  });
  for (const [name, source] of [["paste", "clipboardData"], ["drop", "dataTransfer"]]) {
    editor.addEventListener(name, (event) => {
      const picture = event.target.matches("textarea[data-rich]") && !(name === "paste" && hasWords(event[source])) && pictureOf(event[source].files);
      if (!picture) return;
      event.preventDefault();
      target = event.target;
      bring(picture);
    });
  }
  editor.addEventListener("dragover", (event) => { if (event.target.matches("textarea[data-rich]")) event.preventDefault(); });
  dialog.querySelector("[data-picture-yes]").addEventListener("click", put);
  words.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    put();
  });
  return { choose: () => file.click() };
}
