// Emphasis, lists, tables and formulas in the item form: signs are put around what is selected, and what is pasted from Word or Excel keeps its own.

const AROUND = { bold: ["<b>", "</b>"], italic: ["<i>", "</i>"], underline: ["<u>", "</u>"], raised: ["<sup>", "</sup>"], lowered: ["<sub>", "</sub>"], formula: ["\\(", "\\)"] };
const KEYS = { KeyB: "bold", KeyI: "italic", KeyU: "underline", Period: "raised", Comma: "lowered", KeyM: "formula" };
const KEPT = { B: "b", STRONG: "b", I: "i", EM: "i", U: "u", S: "s", DEL: "s", STRIKE: "s", SUB: "sub", SUP: "sup", UL: "ul", OL: "ol", LI: "li", TABLE: "table", TR: "tr", TH: "th", TD: "td" };
const ON_LINES = new Set(["UL", "OL", "LI", "TABLE", "TR", "P", "DIV", "PRE", "BLOCKQUOTE", "H1", "H2", "H3", "H4", "H5", "H6"]);
const LEFT_OUT = new Set(["STYLE", "SCRIPT", "TITLE", "TEMPLATE", "IMG", "OBJECT", "SVG", "VIDEO", "AUDIO", "IFRAME"]);

// A sign that would be read as a tag is written so that it is shown.
const literal = (words) => words.replace(/<(?=\/?[a-z])/gi, "&lt;");

// Excel and WPS write emphasis as CSS, at the element or in a class. Nothing is styled here: the words are read.
const LOOKS = { b: /font-weight:\s*(bold|[6-9]00)/, i: /font-style:\s*(italic|oblique)/, u: /text-decoration[^;]*:[^;]*underline/, s: /text-decoration[^;]*:[^;]*line-through/, sup: /vertical-align:\s*super/, sub: /vertical-align:\s*sub\b/ };
const PLAIN = /font-weight:\s*(normal|[1-5]00)/; // Google's documents stand in a <b> that is none

function parsed(html) {
  const classes = new Map();
  const unstyled = html.replace(/<style[^>]*>([\s\S]*?)<\/style>/gi, (whole, css) => {
    for (const [, name, rules] of css.matchAll(/\.([\w-]+)\s*\{([^}]*)\}/g)) classes.set(name, rules);
    return "";
  }).replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\sstyle=/gi, " data-css="));
  const body = new DOMParser().parseFromString(unstyled, "text/html").body;
  return { body, css: (node) => [...node.classList].map((name) => classes.get(name) ?? "").concat(node.dataset.css ?? "").join(";") };
}

// A formula of a page brings the LaTeX it was made of, if at all, as an annotation; Wikipedia puts its own style around.
function latexOf(math) {
  const source = [...math.getElementsByTagNameNS("*", "annotation")].find((each) => each.getAttribute("encoding") === "application/x-tex");
  return source?.textContent.trim().replace(/^\{\\displaystyle\s*([\s\S]*)\}$/, "$1").trim() ?? "";
}

/** Turn pasted HTML into the notation of the form: `{ notation, kept, pictures }`; `kept` tells whether plain text would lose anything. */
export function notationOf(html) {
  const { body, css } = parsed(html);
  let kept = false;
  for (const twice of body.querySelectorAll(".katex-html")) twice.remove(); // KaTeX writes each formula a second time, for the eye
  const around = new Set(); // the emphasis a node stands in
  function inner(node, own) {
    const isRun = node.textContent.trim() && !node.querySelector("p, div, li, td, th, table");
    const tags = isRun ? Object.keys(LOOKS).filter((tag) => !around.has(tag) && tag !== own && LOOKS[tag].test(css(node))) : [];
    const begun = [...tags, own].filter((tag) => tag in LOOKS && !around.has(tag));
    for (const tag of begun) around.add(tag);
    const words = [...node.childNodes].map(written).join("");
    for (const tag of begun) around.delete(tag);
    kept ||= tags.length > 0;
    return tags.map((tag) => `<${tag}>`).join("") + words + tags.reverse().map((tag) => `</${tag}>`).join("");
  }
  function written(node) {
    if (node.nodeType === Node.TEXT_NODE) return literal(node.data.replace(/\s+/g, " "));
    if (node.nodeType !== Node.ELEMENT_NODE || LEFT_OUT.has(node.tagName.toUpperCase())) return "";
    if (node.tagName === "BR") return "\n";
    if (node.localName === "math") {
      kept = true;
      const latex = latexOf(node);
      return latex ? `\\(${latex}\\)` : node.outerHTML.replace(/\s+/g, " ");
    }
    const isAlone = node.tagName === "TABLE" && node.querySelectorAll("td, th").length === 1; // one cell of Excel is its words
    if (isAlone) {
      kept = true; // its plain text ends with a line
      return inner(node.querySelector("td, th")).trim();
    }
    const tag = PLAIN.test(css(node)) && KEPT[node.tagName] === "b" ? undefined : KEPT[node.tagName];
    const words = inner(node, tag);
    const line = ON_LINES.has(node.tagName) ? "\n" : "";
    if (!tag || !(words.trim() || tag === "td" || tag === "th")) return `${line}${words}${line}`;
    kept = true;
    const spans = ["colspan", "rowspan"].filter((name) => /^[2-9]$|^[1-9]\d$/.test(node.getAttribute(name) ?? "")).map((name) => ` ${name}="${node.getAttribute(name)}"`);
    return `${line}<${tag}${spans.join("")}>${tag === "td" || tag === "th" || tag === "li" ? words.trim() : words}</${tag}>${line}`;
  }
  const notation = inner(body).replace(/[ \t]*\n[ \t]*/g, "\n").replace(/\n{2,}/g, "\n").trim();
  const pictures = [...body.querySelectorAll("img, svg")].filter((each) => !each.className.toString().includes("mwe-math")).length; // Wikipedia's of formulas
  return { notation, kept, pictures };
}

const cells = (line) => (line.includes("\t") ? line.split("\t") : line.split(/\s*[|｜]\s*/)).map((cell) => cell.trim());
const row = (line, tag) => `<tr>${cells(line).map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
const linesOf = (words) => words.split("\n").filter((line) => line.trim());
const listOf = (words) => `<ul>\n${(linesOf(words).length ? linesOf(words) : [""]).map((line) => `<li>${line.trim()}</li>`).join("\n")}\n</ul>`;
function tableOf(words, skeleton) {
  const [head, ...rest] = linesOf(words).length ? linesOf(words) : skeleton.split("\n");
  return `<table>\n${[row(head, "th"), ...rest.map((line) => row(line, "td"))].join("\n")}\n</table>`;
}

export function wireFormatting({ editor, insert }) {
  const bar = editor.querySelector("[data-format-bar]");
  const told = editor.querySelector("[data-picture-error]");
  let target = editor.querySelector("#stem"); // null while a field is written that holds plain words

  function around([begin, end]) {
    const { value, selectionStart: from, selectionEnd: to } = target;
    const chosen = value.slice(from, to);
    if (value.slice(from - begin.length, from) === begin && value.slice(to, to + end.length) === end) {
      target.setSelectionRange(from - begin.length, to + end.length);
      insert(chosen, target);
      target.setSelectionRange(from - begin.length, to - begin.length);
      return;
    }
    insert(`${begin}${chosen}${end}`, target);
    target.setSelectionRange(from + begin.length, to + begin.length);
  }

  function apply(format) {
    if (!target) return;
    const chosen = target.value.slice(target.selectionStart, target.selectionEnd);
    if (format === "list") insert(listOf(chosen), target);
    else if (format === "table") insert(tableOf(chosen, bar.dataset.skeleton), target);
    else around(AROUND[format]);
  }

  // One stop for Tab, arrows within, as toolbars have it; who writes by keyboard has the shortcuts.
  const buttons = [...bar.querySelectorAll("button")];
  function stopAt(stop) {
    for (const button of buttons) button.tabIndex = button === stop ? 0 : -1;
  }
  stopAt(buttons[0]);
  bar.addEventListener("keydown", (event) => {
    const shown = buttons.filter((button) => button.offsetParent);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = shown.at((shown.indexOf(document.activeElement) + step) % shown.length);
    stopAt(next);
    next.focus();
    event.preventDefault();
  });
  bar.hidden = false;
  editor.addEventListener("focusin", (event) => {
    if (!event.target.matches("textarea, select, .input")) return;
    target = event.target.matches("[data-rich]") ? event.target : null;
    for (const button of buttons) if (button.dataset.format) button.setAttribute("aria-disabled", String(!target));
  });
  bar.addEventListener("mousedown", (event) => { if (event.target.closest("[data-format]")) event.preventDefault(); }); // the selection stays
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-format]");
    if (button) apply(button.dataset.format);
  });
  editor.addEventListener("keydown", (event) => {
    const format = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.target.matches("textarea[data-rich]") && KEYS[event.code];
    if (!format) return;
    event.preventDefault();
    apply(format);
  });
  editor.addEventListener("paste", (event) => {
    const html = event.target.matches("textarea[data-rich]") && event.clipboardData.getData("text/html");
    if (!html) return;
    const { notation, kept, pictures } = notationOf(html);
    if (!notation || event.defaultPrevented) return;
    told.textContent = pictures ? told.dataset.alone : "";
    told.hidden = !pictures;
    if (!kept) return;
    event.preventDefault();
    insert(notation, event.target);
  });
}
