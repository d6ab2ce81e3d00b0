// A link to a record, in a message or a note, gets a small card. Fragments are drawn once for everybody, so the card is
// asked for with the reader's own rights, and of a record that is not theirs only the link stays.
import htmx from 'htmx.org';
import { me } from './page.js';

const TEXTS = '.msg .text, .say .text, .written';
const PATH = /^\/(contacts|companies)\/([1-9]\d{0,17})$/;
const MOST = 3; // in one text
const AT_ONCE = 20;

const cards = new Map(); // reference → element, null when there is none for this reader
const asked = new Set();
let timer;

export function startCards() {
  if (!/^\d+$/.test(me() ?? '')) return;
  htmx.on('htmx:after:swap', look);
  look();
}

function look() {
  const missing = new Set();
  for (const text of document.querySelectorAll(TEXTS)) {
    const named = [...new Set([...text.querySelectorAll('a[href]')].map(reference).filter(Boolean))].slice(0, MOST);
    for (const about of named) {
      if (!cards.has(about)) missing.add(about);
      else show(text, about);
    }
  }
  const fresh = [...missing].filter((about) => !asked.has(about));
  fresh.forEach((about) => asked.add(about));
  for (let n = 0; n < fresh.length; n += AT_ONCE) ask(fresh.slice(n, n + AT_ONCE));
}

function reference(link) {
  const { origin, pathname } = new URL(link.href, location.href);
  const [, kind, id] = (origin === location.origin && PATH.exec(pathname)) || [];
  return id && `${kind === 'companies' ? 'company' : 'contact'}:${id}`;
}

function show(text, about) {
  if (!cards.get(about) || [...text.children].some((child) => child.dataset.card === about)) return;
  text.append(cards.get(about).cloneNode(true));
}

async function ask(abouts) {
  const response = await fetch(`/records/cards?about=${abouts.join(',')}`, { headers: { 'HX-Request': 'true' } }).catch(() => null);
  abouts.forEach((about) => asked.delete(about));
  if (!response?.ok) return again();
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  for (const about of abouts) cards.set(about, page.querySelector(`[data-card="${about}"]`));
  look();
}

function again() {
  clearTimeout(timer);
  timer = setTimeout(look, 10_000); // no connection
}
