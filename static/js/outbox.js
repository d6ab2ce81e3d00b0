// Notes and chat are sent once, also when the connection is gone: each waits in this browser until the server has answered.
// Entries belong to a workspace and a user, go in order, and by one tab at a time.
import { newKey } from './acts.js';
import { ask } from './dialogs.js';
import { me, signIn, workspace } from './page.js';
import { hidePending, showPending } from './pending.js';
import { add, all, put, remove } from './store.js';
import { swapPatches } from './swap.js';
import { showHeader } from './toasts.js';
import { counted, word } from './words.js';

const DAY = 86_400_000;
const SLOWEST = 60_000;
const BUSY = [408, 425, 429];

let pause = 1_000;
let timer;
const tabs = 'BroadcastChannel' in globalThis ? new BroadcastChannel('tertulia-outbox') : null;

export function startOutbox() {
  document.addEventListener('submit', onSubmit, true);
  if (!me()) return;
  addEventListener('online', flush);
  document.addEventListener('visibilitychange', () => document.hidden || flush());
  tabs?.addEventListener('message', ({ data }) => hidePending(data.key));
  showWaiting().then(flush);
}

const owner = () => `${workspace()}:${me()}`;
const mine = async () => (await all()).filter((entry) => entry.owner === owner());

async function onSubmit(event) {
  const form = event.target;
  if (form.matches('[data-sign-out]')) return warn(event);
  if (!form.matches('form[data-outbox]') || event.defaultPrevented) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const fields = [...new FormData(form, event.submitter)];
  if (!fields.some(([name, value]) => value && name === (form.dataset.outboxText ?? 'text'))) return;
  const entry = { key: newKey(), owner: owner(), url: form.getAttribute('action'), fields, at: Date.now(), list: form.dataset.outbox };
  entry.id = await add(entry);
  // A draft that came with the page is the field's default: reset would bring it back.
  form.querySelectorAll('textarea').forEach((field) => (field.defaultValue = ''));
  form.reset();
  form.dispatchEvent(new CustomEvent('outbox:taken', { bubbles: true }));
  showPending(entry, actions);
  flush();
}

export const flush = () =>
  navigator.locks ? navigator.locks.request('tertulia-outbox', sendAll) : sendAll();

async function sendAll() {
  clearTimeout(timer);
  for (const entry of await mine()) {
    if (entry.failed) continue;
    if (Date.now() - entry.at > DAY && !entry.confirmed) {
      showPending(entry, actions);
      continue;
    }
    if (!(await sendOne(entry))) return later();
  }
  pause = 1_000;
}

function later() {
  timer = setTimeout(flush, pause * (0.5 + Math.random() / 2));
  pause = Math.min(pause * 2, SLOWEST);
}

// True when the entry is settled, one way or the other; false when it has to wait, and all after it.
async function sendOne(entry) {
  let response;
  try {
    response = await fetch(entry.url, { method: 'POST', body: bodyOf(entry), headers: headersOf(entry) });
  } catch {
    return false;
  }
  if (response.status === 401) return signIn();
  if (response.status >= 500 || BUSY.includes(response.status)) return false;
  const text = await response.text();
  if (response.ok) await settle(entry, text, response);
  else await fail(entry, response, text);
  return true;
}

const headersOf = ({ key }) => ({ 'Idempotency-Key': key, 'HX-Request': 'true', 'HX-Current-URL': location.href, Accept: 'text/html' });

function bodyOf({ fields }) {
  const withFiles = fields.some(([, value]) => value instanceof Blob);
  const body = withFiles ? new FormData() : new URLSearchParams();
  for (const [name, value] of fields) body.append(name, value);
  return body;
}

async function settle(entry, text, response) {
  await remove(entry.id);
  hidePending(entry.key);
  tabs?.postMessage({ key: entry.key });
  showHeader(response.headers);
  // The answer holds the same partials as the patch; the one that comes second changes nothing.
  if (text.includes('<hx-partial')) swapPatches(text, { own: true });
}

async function fail(entry, response, text) {
  entry.failed = reason(response, text);
  await put(entry);
  showPending(entry, actions);
}

function reason(response, text) {
  const said = response.headers.get('X-Toast');
  if (said) return JSON.parse(said).text;
  const page = new DOMParser().parseFromString(text, 'text/html');
  return page.querySelector('[data-reason]')?.textContent.trim() || word('not_sent_refused');
}

const actions = {
  async discard(entry) {
    await remove(entry.id);
    hidePending(entry.key);
    tabs?.postMessage({ key: entry.key });
  },
  async send(entry) {
    // The server has answered the old key.
    await put({ ...entry, key: entry.failed ? newKey() : entry.key, failed: undefined, confirmed: true });
    hidePending(entry.key);
    await showWaiting();
    flush();
  },
};

async function showWaiting() {
  for (const entry of await mine()) showPending(entry, actions);
}

// Signing out leaves the texts in this browser: whoever wrote them should know.
async function warn(event) {
  const form = event.target;
  if (form.dataset.warned) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { length } = await mine();
  if (length && !(await ask(counted('outbox_leave', length), word('outbox_leave_verb')))) return;
  form.dataset.warned = 'yes';
  form.requestSubmit();
}
