/* Where unsaved changes lie until the server has them: the browser's own database, or memory where that is closed to us. */

const NAME = "exam-room";
const STORE = "changes";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ["attempt", "seq"] });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

function range(attempt) {
  return IDBKeyRange.bound([attempt, 0], [attempt, Infinity]);
}

function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

export class Shelf {
  /* `lasting` tells whether what lies here survives a reload. */
  constructor(database) {
    this.database = database;
    this.lasting = database !== null;
    this.memory = new Map();
  }

  static async open() {
    try {
      return new Shelf(await open());
    } catch {
      return new Shelf(null);
    }
  }

  async all(attempt) {
    if (!this.database) return [...this.memory.values()].filter((record) => record.attempt === attempt);
    const request = this.database.transaction(STORE).objectStore(STORE).getAll(range(attempt));
    return new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  /* One step: what is put and what is taken away stand or fall together. */
  async write(puts, removed = []) {
    if (this.database) {
      try {
        const transaction = this.database.transaction(STORE, "readwrite", { durability: "strict" });
        const store = transaction.objectStore(STORE);
        for (const record of removed) store.delete([record.attempt, record.seq]);
        for (const record of puts) store.put(record);
        await done(transaction);
        return;
      } catch {
        // The disk is full or the browser has closed the database: go on in memory and say so.
        this.lasting = false;
      }
    }
    for (const record of removed) this.memory.delete(record.seq);
    for (const record of puts) this.memory.set(record.seq, record);
  }

  async clear(attempt) {
    this.memory.clear();
    if (!this.database) return;
    const transaction = this.database.transaction(STORE, "readwrite");
    transaction.objectStore(STORE).delete(range(attempt));
    await done(transaction);
  }
}
