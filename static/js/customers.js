// A case's page, the customer's side of it: tells how far the team has read, and shows that the customer writes.
import htmx from 'htmx.org';
import { onFrame } from './live.js';

const LASTS = 6_000;
const VISITOR = 0;

const told = new Map(); // address → number
let newest = 0; // of what is said here
let timer;

export function startCustomers() {
  htmx.on('htmx:after:swap', tell);
  htmx.on('htmx:after:swap', hushed);
  document.addEventListener('visibilitychange', tell);
  onFrame('typing', hear);
  tell();
}

function tell() {
  const place = document.querySelector('[data-reading]');
  if (!place || document.hidden) return;
  const n = newestIn(place);
  const { reading } = place.dataset;
  if (n <= (told.get(reading) ?? 0)) return;
  told.set(reading, n);
  fetch(reading, { method: 'PUT', body: new URLSearchParams({ n }), headers: { 'HX-Request': 'true' } }).catch(() => told.delete(reading));
}

const newestIn = (place) => Math.max(0, ...[...place.querySelectorAll('[data-said]')].map((line) => Number(line.dataset.said)));

// What was being written stands there now; who goes on writing says so again.
function hushed() {
  const before = newest;
  newest = newestIn(document);
  if (newest <= before) return;
  for (const line of document.querySelectorAll('[data-typing-visitor]')) line.hidden = true;
}

function hear({ topic, id }) {
  const line = document.querySelector(`[data-typing-visitor="${CSS.escape(topic)}"]`);
  if (!line || id !== VISITOR) return;
  line.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => (line.hidden = true), LASTS);
}
