/* Many of the room's own save queues in a simulated time, in which the server answers 503 for a while; at the bell, if one rings, all hand in.
   Prints JSON: saves in each second and how many of them were repetitions, how many seconds after the
   refusals the last answer that one of them had met was taken, and how many held unsaved answers at the end. */

import { readFileSync } from "node:fs";

const [file, people, every, from, until, end, after, bell] = [process.argv[2], ...process.argv.slice(3).map(Number)];
let now = 0;
let number = 0;
const heap = [];
const less = (a, b) => a.at < b.at || (a.at === b.at && a.number < b.number);
const push = (one) => {
  let at = heap.push(one) - 1;
  for (let up = (at - 1) >> 1; at > 0 && less(heap[at], heap[up]); at = up, up = (at - 1) >> 1) [heap[at], heap[up]] = [heap[up], heap[at]];
};
const pop = () => {
  const [first, last] = [heap[0], heap.pop()];
  if (heap.length) {
    heap[0] = last;
    for (let at = 0; ; ) {
      let low = at;
      for (const down of [2 * at + 1, 2 * at + 2]) if (down < heap.length && less(heap[down], heap[low])) low = down;
      if (low === at) break;
      [heap[at], heap[low]] = [heap[low], heap[at]];
      at = low;
    }
  }
  return first;
};
let seed = 20261122;
Math.random = () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};
const refuses = () => now >= from * 1000 && now < until * 1000;
const later = globalThis.setImmediate;
globalThis.setTimeout = (run, wait = 0) => {
  const one = { at: now + wait, number: (number += 1), run };
  push(one);
  return one;
};
globalThis.clearTimeout = (one) => {
  if (one) one.run = null;
};
Object.defineProperty(globalThis, "performance", { value: { now: () => now } });

const { SaveQueue } = await import(`data:text/javascript,${encodeURIComponent(readFileSync(file, "utf8"))}`);
const sent = new Array(end).fill(0);
const again = new Array(end).fill(0);
const shelf = { all: async () => [], write: async () => {} };
const queues = [];
let last = 0;
for (let person = 0; person < people; person += 1) {
  const held = new Map();
  const queue = new SaveQueue({
    attempt: String(person),
    shelf,
    told: () => {},
    left: () => Math.max(0, (bell || Infinity) * 1000 - now),
    post: async (_path, { changes }) => {
      const second = Math.floor(now / 1000);
      sent[second] += 1;
      if (queue.tries) again[second] += 1;
      if (refuses()) return { status: 503, body: {}, retryAfter: after };
      if (queue.tries) last = now / 1000 - until;
      for (const one of changes) held.set(one.position, (held.get(one.position) ?? 0) + 1);
      const saved = changes.map((one) => ({ position: one.position, seq: one.seq, status: "saved", revision: held.get(one.position), choices: one.choices, texts: [], marked: false }));
      return { status: 200, body: { saved, remaining_ms: 1 } };
    },
  });
  await queue.open({ token: "t", seq_from: 1, answers: [] });
  queues.push(queue);
  let position = 0;
  const choose = () => {
    if (bell && now >= bell * 1000) return;
    position += 1;
    queue.change((position % 100) + 1, [position % 2], false);
    setTimeout(choose, -Math.log(1 - Math.random()) * every * 1000);
  };
  setTimeout(choose, Math.random() * every * 1000);
  const pulse = () => {
    if (!refuses()) queue.hurry();
    setTimeout(pulse, 50_000 + Math.random() * 20_000);
  };
  setTimeout(pulse, Math.random() * 60_000);
  if (bell) setTimeout(() => queue.drain(), bell * 1000);
}
while (heap.length && heap[0].at < end * 1000) {
  const one = pop();
  now = one.at;
  if (!one.run) continue;
  one.run();
  await new Promise((done) => later(done));
}
console.log(JSON.stringify({ sent, again, last, unsaved: queues.filter((one) => one.unsaved).length }));
