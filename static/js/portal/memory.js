// What this frame remembers: in its own storage, or, in a browser that gives a frame none, for as long as the page lives.
const here = new Map();

export function recall(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? 'null') ?? here.get(name) ?? otherwise;
  } catch {
    return here.get(name) ?? otherwise;
  }
}

export function remember(name, value) {
  here.set(name, value);
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Refused, or full: the page remembers.
  }
}
