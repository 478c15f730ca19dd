/* The strip under the video: which seconds count, wait or were refused; by height and pattern, not by colour alone. */

const SHAPE = { counted: [2, 16], pending: [4, 12], refused: [14, 6] };

export function union(spans) {
  const found = [];
  for (const [from, to] of [...spans].sort((one, other) => one[0] - other[0])) {
    const last = found[found.length - 1];
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else if (to > from) found.push([from, to]);
  }
  return found;
}

export function difference(spans, taken) {
  let rest = union(spans);
  for (const [from, to] of taken) {
    rest = rest.flatMap(([start, end]) => [[start, Math.min(end, from)], [Math.max(start, to), end]].filter(([low, high]) => high > low));
  }
  return rest;
}

export function milliseconds(spans) {
  return spans.reduce((sum, [from, to]) => sum + to - from, 0);
}

export class Strip {
  #figure;
  #length;
  #words;

  constructor(figure, length, words) {
    this.#figure = figure;
    this.#length = length * 1000;
    this.#words = words;
  }

  draw(parts) {
    const group = this.#figure.querySelector(".strip-spans");
    const drawn = [];
    for (const [state, spans] of Object.entries(parts)) {
      const [y, height] = SHAPE[state];
      for (const [from, to] of spans) {
        const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
        const shape = { class: `strip-${state}`, x: `${(100 * from) / this.#length}%`, width: `${(100 * (to - from)) / this.#length}%`, y, height };
        if (state === "pending") shape.fill = "url(#strip-pending)";
        for (const [name, value] of Object.entries(shape)) box.setAttribute(name, value);
        drawn.push(box);
      }
      const figure = this.#figure.querySelector(`[data-seconds="${state}"]`);
      const seconds = Math.floor(milliseconds(spans) / 1000);
      figure.textContent = this.#words.duration.replace("{m}", Math.floor(seconds / 60)).replace("{s}", String(seconds % 60).padStart(2, "0"));
    }
    group.replaceChildren(...drawn);
  }
}
