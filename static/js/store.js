// The outbox's shelf: IndexedDB, or the memory of the page where the browser does not allow it.
const NAME = 'tertulia';
const TABLE = 'outbox';

let database;
const memory = new Map();

// Entries get their number in the order they were written.
export async function add(entry) {
  const db = await open();
  if (!db) {
    const id = memory.size ? Math.max(...memory.keys()) + 1 : 1;
    memory.set(id, { ...entry, id });
    return id;
  }
  return done(db.transaction(TABLE, 'readwrite').objectStore(TABLE).add(entry));
}

export async function put(entry) {
  const db = await open();
  if (!db) return memory.set(entry.id, entry);
  return done(db.transaction(TABLE, 'readwrite').objectStore(TABLE).put(entry));
}

export async function remove(id) {
  const db = await open();
  if (!db) return memory.delete(id);
  return done(db.transaction(TABLE, 'readwrite').objectStore(TABLE).delete(id));
}

export async function all() {
  const db = await open();
  if (!db) return [...memory.values()];
  return done(db.transaction(TABLE).objectStore(TABLE).getAll());
}

function open() {
  database ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: 'id', autoIncrement: true });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return database;
}

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
