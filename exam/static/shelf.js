/* Where unsaved changes lie until the server has them: the browser's own database, sealed, or memory where either is closed to us.
   The key comes with the room page to the person signed in and lives in memory only, so that a found or shared device tells nothing. */

const NAME = "exam-room";
const STORE = "changes";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 2);
    request.onupgradeneeded = () => {
      for (const old of request.result.objectStoreNames) request.result.deleteObjectStore(old);
      request.result.createObjectStore(STORE, { keyPath: ["attempt", "seq"] });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

const range = (attempt) => IDBKeyRange.bound([attempt, 0], [attempt, Infinity]);
const bytes = (text) => new TextEncoder().encode(text);
const place = ({ attempt, seq }) => bytes(`${attempt}|${seq}`); // a sealed change opens in its own place only

export class Shelf {
  /* `lasting` tells whether what lies here survives a reload. */
  constructor(database, key) {
    this.database = database;
    this.key = key;
    this.lasting = database !== null;
    this.memory = new Map(); // everything that this page has put, for where the disk forgets it
    this.last = Promise.resolve();
  }

  /* `key` is 32 bytes in base64; without one, or without the browser's cryptography, nothing is put on the disk. */
  static async open(key) {
    try {
      const raw = Uint8Array.from(atob(key), (sign) => sign.charCodeAt(0));
      const sealing = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
      return new Shelf(await open(), sealing);
    } catch {
      return new Shelf(null, null);
    }
  }

  /* Tell whether this browser can keep anything, before there is a key. */
  static async possible() {
    return (await Shelf.open(btoa("0".repeat(32)))).lasting;
  }

  async sealed({ attempt, seq, ...change }) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const body = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: place({ attempt, seq }) }, this.key, bytes(JSON.stringify(change)));
    return { attempt, seq, iv, body };
  }

  async opened({ attempt, seq, iv, body }) {
    try {
      const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: place({ attempt, seq }) }, this.key, body);
      return { attempt, seq, ...JSON.parse(new TextDecoder().decode(text)) };
    } catch {
      return null; // sealed by another key: it stays where it is
    }
  }

  /* Begin a transaction; a sign-out in another tab deletes the database under us, and then it is made anew with all that lay in it of ours. */
  async begin(mode = "readonly") {
    const started = () => this.database.transaction(STORE, mode, { durability: "strict" });
    try {
      return started();
    } catch {
      this.database = await open();
      const lying = await Promise.all([...this.memory.values()].map((record) => this.sealed(record)));
      const again = this.database.transaction(STORE, "readwrite", { durability: "strict" });
      for (const record of lying) again.objectStore(STORE).put(record);
      await done(again);
      return started();
    }
  }

  async all(attempt) {
    if (!this.database) return [...this.memory.values()].filter((record) => record.attempt === attempt);
    const found = await settled((await this.begin()).objectStore(STORE).getAll(range(attempt)));
    return (await Promise.all(found.map((record) => this.opened(record)))).filter(Boolean);
  }

  /* How many changes lie here for the attempts whose names begin so. */
  async count(beginning) {
    if (!this.database) return 0;
    const names = IDBKeyRange.bound([beginning, 0], [`${beginning}\uffff`, Infinity]);
    return settled((await this.begin()).objectStore(STORE).count(names));
  }

  /* One step: what is put and what is taken away stand or fall together. Steps are taken in the order of their asking. */
  write(puts, removed = []) {
    this.last = this.last.then(() => this.step(puts, removed));
    return this.last;
  }

  async step(puts, removed) {
    for (const record of removed) this.memory.delete(record.seq);
    for (const record of puts) this.memory.set(record.seq, record);
    if (!this.database) return;
    try {
      const sealed = await Promise.all(puts.map((record) => this.sealed(record)));
      const transaction = await this.begin("readwrite");
      const store = transaction.objectStore(STORE);
      for (const record of removed) store.delete([record.attempt, record.seq]);
      for (const record of sealed) store.put(record);
      await done(transaction);
    } catch {
      // The disk is full or the browser has closed the database: go on in memory and say so.
      this.lasting = false;
    }
  }

  async clear(attempt) {
    await this.last;
    this.memory.clear();
    if (!this.database) return;
    try {
      const transaction = await this.begin("readwrite");
      transaction.objectStore(STORE).delete(range(attempt));
      await done(transaction);
    } catch {
      // The browser has shut the database: nothing is read from it any more, and nothing in it opens without its key.
    }
  }
}
