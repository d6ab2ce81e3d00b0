// A guest's side: a name becomes a pass, which this tab keeps; with it the page hears, speaks and comes back after a reload.
import htmx from 'htmx.org';
import { newKey } from './acts.js';
import { startLive } from './live.js';
import { showHeader, toast } from './toasts.js';
import { word } from './words.js';

const kept = () => `guest-pass:${location.pathname}`;

export const passHere = () => sessionStorage.getItem(kept());

// The pass, or undefined when it did not work and the page said why.
export async function comeIn(place, { name, consent, shown }) {
  const body = new URLSearchParams({ name, ...(consent ? shown : {}) });
  const headers = { 'HX-Request': 'true', 'Idempotency-Key': newKey() };
  const answer = await fetch(place.admit + location.search, { method: 'POST', body, headers }).catch(() => undefined);
  if (!answer?.ok) return refused(answer);
  const { pass } = await answer.json();
  sessionStorage.setItem(kept(), pass);
  return pass;
}

async function refused(answer) {
  if (answer?.status === 429) document.getElementById('line-note')?.setAttribute('open', '');
  if (answer?.status === 404) return location.reload(); // the page says it in full
  if (answer?.headers.get('X-Toast')) showHeader(answer.headers);
  else toast(word(answer ? 'went_wrong' : 'not_saved_offline'), { error: true });
}

// The room in place of the page before it; false when the pass is no longer good.
export async function showRoom(pass) {
  const answer = await fetch(`/p/call${location.search}`, { headers: { Authorization: `Bearer ${pass}` }, cache: 'no-store' }).catch(() => undefined);
  if (!answer?.ok) {
    if (answer?.status === 404) sessionStorage.removeItem(kept());
    return false;
  }
  document.body.dataset.pass = pass;
  await htmx.swap({ text: await answer.text(), sourceElement: document.body, target: document.getElementById('call'), swap: 'outerHTML' });
  startLive();
  return true;
}
