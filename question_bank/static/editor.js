// The item form: keys, live preview and warnings. Without it the form still posts, and 刷新预览 does the same by reload.
const editor = document.querySelector("[data-editor]");

if (editor) {
  const form = editor.closest("form");
  const rows = [...editor.querySelectorAll("[data-option]")];
  const boxes = rows.map((row) => row.querySelector('input[name="key"]'));
  const texts = rows.map((row) => row.querySelector("textarea"));
  const explanations = rows.map((row) => row.querySelector(".option-explanation"));
  const stem = editor.querySelector("#stem");
  const type = () => editor.querySelector('input[name="type"]:checked')?.value ?? "single";

  function showRows() {
    const judged = type() === "true_false";
    if (judged && !texts[0].value.trim() && !texts[1].value.trim()) {
      texts[0].value = "正确";
      texts[1].value = "错误";
    }
    const filled = texts.reduce((last, text, at) => (text.value.trim() || boxes[at].checked ? at : last), -1);
    const shown = judged ? 2 : Math.max(4, filled + 2);
    rows.forEach((row, at) => { row.hidden = at >= shown && at > filled; });
  }

  function keepOneKey(changed) {
    if (type() === "multiple" || !changed.checked) return;
    boxes.forEach((box) => { if (box !== changed) box.checked = false; });
  }

  function grow(text) {
    text.rows = Math.min(8, Math.max(text === stem ? 4 : 1, text.value.split("\n").length));
  }

  let waiting;
  let asked = 0;
  async function refresh() {
    const mine = ++asked;
    const last = texts.reduce((found, text, at) => (text.value.trim() ? at : found), -1);
    const answer = await fetch(editor.dataset.previewUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrf_token.value },
      body: JSON.stringify({
        type: type(),
        stem: stem.value,
        options: texts.slice(0, last + 1).map((text) => text.value),
        option_explanations: explanations.slice(0, last + 1).map((text) => text.value),
        key: boxes.flatMap((box, at) => (box.checked ? [at] : [])),
        explanation: editor.querySelector("#explanation").value,
      }),
    });
    if (!answer.ok || mine !== asked) return;
    show(await answer.json());
  }

  // The HTML comes from the server's allow-list; nothing typed here is ever taken as markup by the page itself.
  function show(seen) {
    editor.querySelector("[data-preview-stem]").innerHTML = seen.stem_html;
    const options = seen.options_html.map((html, at) => {
      const line = document.createElement("div");
      line.className = "option";
      const letter = document.createElement("span");
      letter.className = "option-letter";
      letter.textContent = String.fromCharCode(65 + at);
      const words = document.createElement("span");
      words.className = "option-text";
      words.innerHTML = html;
      line.append(letter, words);
      return line;
    });
    editor.querySelector("[data-preview-options]").replaceChildren(...options);
    const list = seen.flaws.map((words) => Object.assign(document.createElement("li"), { textContent: words }));
    editor.querySelector("[data-flaw-list]").replaceChildren(...list);
    editor.querySelector("[data-flaw-box]").hidden = list.length === 0;
  }

  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(() => refresh().catch(() => {}), 400);
  }

  editor.addEventListener("input", (event) => {
    if (event.target instanceof HTMLTextAreaElement) grow(event.target);
    showRows();
    later();
  });
  editor.addEventListener("change", (event) => {
    if (boxes.includes(event.target)) keepOneKey(event.target);
    if (event.target.name === "type" && type() !== "multiple") {
      boxes.filter((box) => box.checked).slice(1).forEach((box) => { box.checked = false; });
    }
    showRows();
    later();
  });
  form.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter that ends a Chinese input method's word is not ours
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector('button[type="submit"]'));
      return;
    }
    const digit = /^Digit([1-8])$/.exec(event.code);
    if (event.altKey && digit) {
      event.preventDefault();
      const box = boxes[Number(digit[1]) - 1];
      box.checked = !box.checked;
      box.dispatchEvent(new Event("change", { bubbles: true }));
      return;
    }
    const at = texts.indexOf(event.target);
    const explained = explanations.indexOf(event.target);
    if (event.key !== "Enter" || event.shiftKey || (at < 0 && explained < 0)) return;
    event.preventDefault();
    const next = texts[Math.max(at, explained) + 1];
    if (next && !next.closest("[data-option]").hidden) next.focus();
    else editor.querySelector("#explanation").focus();
  });

  [stem, ...texts].forEach(grow);
  showRows();
  later();
}
