// A record's stream: tells the server how far one has read, and lets the same file be chosen again.
import htmx from 'htmx.org';
import { me } from './page.js';
import { newKey } from './acts.js';

const LOOKED = 1_500; // ms a line is in sight before it counts as read

let timer;
const told = new Map(); // stream → the last line that was told

export function startTimeline() {
  if (!me()) return;
  soon();
  htmx.on('htmx:after:swap', soon);
  document.addEventListener('visibilitychange', soon);
  addEventListener('focus', soon);
  document.addEventListener('scroll', soon, { capture: true, passive: true });
  htmx.on('htmx:finally:request', ({ detail }) => takeBackFiles(detail.ctx));
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(tell, LOOKED);
}

// The stream stands at its newest line when it is scrolled to its end: column-reverse counts from there.
function tell() {
  if (document.hidden || !document.hasFocus()) return;
  for (const list of document.querySelectorAll('[data-read-url]')) {
    const last = [...list.children].findLast((line) => line.id.startsWith('event-'));
    const atEnd = Math.abs(list.parentElement.scrollTop) < 80 && list.checkVisibility();
    if (last && atEnd && told.get(list.dataset.readUrl) !== last.id) send(list.dataset.readUrl, last.id);
  }
}

async function send(url, line) {
  told.set(url, line);
  const body = new URLSearchParams({ event: line.slice('event-'.length) });
  const headers = { 'HX-Request': 'true', 'Idempotency-Key': newKey() };
  try {
    const response = await fetch(url, { method: 'PUT', body, headers, keepalive: true });
    if (!response.ok) throw new Error(`read mark: ${response.status}`);
  } catch {
    told.delete(url); // the next look tells it
  }
}

// Files

function takeBackFiles({ sourceElement }) {
  if (!sourceElement?.matches?.('input[data-files]')) return;
  sourceElement.value = ''; // the same file may be chosen again
}
