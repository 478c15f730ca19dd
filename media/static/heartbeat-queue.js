/* Reports not yet acknowledged, kept in IndexedDB: they survive a closed tab, a crash and a new sign-in. */

const NAME = "watching";
const STORE = "reports";

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("blocked"));
  });
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class HeartbeatQueue {
  #database = null;
  #memory = new Map(); // where the browser allows no storage the queue lasts as long as the page
  #person;

  constructor(person) {
    this.#person = person;
  }

  async open() {
    try {
      this.#database = await opened();
    } catch {
      this.#database = null;
    }
  }

  async put(report) {
    const kept = { ...report, id: `${report.lease}:${report.sequence}`, person: this.#person, touched: Date.now() };
    if (!this.#database) this.#memory.set(kept.id, kept);
    else await settled(this.#objects("readwrite").put(kept));
  }

  async remove(report) {
    const id = `${report.lease}:${report.sequence}`;
    if (!this.#database) this.#memory.delete(id);
    else await settled(this.#objects("readwrite").delete(id));
  }

  /* This person's reports in the order they were made. One that its page still adds to is left alone for half a minute. */
  async due() {
    const all = this.#database ? await settled(this.#objects("readonly").getAll()) : [...this.#memory.values()];
    return all
      .filter((report) => report.person === this.#person && (!report.growing || Date.now() - report.touched > 30000))
      .sort((one, other) => one.touched - other.touched);
  }

  #objects(mode) {
    return this.#database.transaction(STORE, mode).objectStore(STORE);
  }
}
