// Writing: keys that send, a field that grows, a draft that is kept on the server, and people called by @.
import { newKey } from './acts.js';
import { me } from './page.js';
import { moveIn, select, selected } from './listbox.js';

const REST = 800; // ms without a key before the draft is saved
const MENTION = /(?:^|\s)@([\p{L}\p{N}._-]{0,30})$/u;

const drafts = new WeakMap(); // field → { timer, saved }
let asked = 0;

export function startComposer() {
  document.addEventListener('input', ({ target }) => {
    if (!target.matches?.('textarea')) return;
    grow(target);
    keepDraft(target);
    if (target.hasAttribute('data-mentions')) suggest(target);
  });
  document.addEventListener('keydown', onKey, true);
  document.addEventListener('focusout', ({ target }) => setTimeout(() => listFor(target)?.remove(), 200));
  document.addEventListener('outbox:taken', ({ target }) => target.querySelectorAll('textarea').forEach(settle));
  document.addEventListener('reset', ({ target }) => setTimeout(() => target.querySelectorAll('textarea').forEach(grow)));
  addEventListener('pagehide', () => document.querySelectorAll('textarea[data-draft-url]').forEach((field) => save(field, true)));
  document.querySelectorAll('textarea').forEach(grow);
}

function onKey(event) {
  const field = event.target;
  if (!field.matches?.('textarea') || event.isComposing) return;
  const list = listFor(field);
  if (list && pick(list, field, event)) return;
  const sends = event.key === 'Enter' && (event.ctrlKey || event.metaKey || (field.hasAttribute('data-enter-sends') && !event.shiftKey));
  if (!sends || !field.form) return;
  event.preventDefault();
  field.form.requestSubmit(field.form.querySelector('[type=submit]:not([hidden])'));
}

// A browser that knows field-sizing does it by itself.
function grow(field) {
  if (!field.matches?.('textarea') || CSS.supports('field-sizing', 'content')) return;
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}

// Drafts

function keepDraft(field) {
  if (!field.dataset.draftUrl) return;
  const draft = drafts.get(field) ?? { saved: field.defaultValue };
  clearTimeout(draft.timer);
  draft.timer = setTimeout(save, REST, field);
  drafts.set(field, draft);
  mark(field, false);
}

async function save(field, leaving = false) {
  const draft = drafts.get(field);
  const text = field.value;
  if (!draft || text === draft.saved) return;
  clearTimeout(draft.timer);
  draft.request = new AbortController(); // a draft on its way must not outlive the text that was sent
  try {
    const body = new URLSearchParams({ text });
    const { signal } = draft.request;
    const response = await fetch(field.dataset.draftUrl, { method: 'PUT', body, signal, headers: { 'HX-Request': 'true', 'Idempotency-Key': newKey() }, keepalive: leaving });
    if (!response.ok) return;
    draft.saved = text;
    if (field.value === text) mark(field, Boolean(text));
  } catch (error) {
    if (error.name !== 'AbortError') draft.timer = setTimeout(save, REST * 5, field);
  }
}

// Sent: the act itself removes the draft on the server.
function settle(field) {
  clearTimeout(drafts.get(field)?.timer);
  drafts.get(field)?.request?.abort();
  drafts.delete(field);
  mark(field, false);
  field.form?.querySelectorAll('input[name=mention]').forEach((input) => input.remove());
  grow(field);
}

function mark(field, saved) {
  const place = field.form?.querySelector('[data-draft-mark]');
  if (place) place.hidden = !saved;
}

// Mentions

const listFor = (field) => document.getElementById(field?.getAttribute?.('aria-controls') ?? '');

async function suggest(field) {
  const words = MENTION.exec(field.value.slice(0, field.selectionStart))?.[1];
  if (words === undefined) return listFor(field)?.remove();
  const own = ++asked;
  const response = await fetch(`/people?q=${encodeURIComponent(words)}`, { headers: { 'HX-Request': 'true' } }).catch(() => null);
  if (!response?.ok || own !== asked) return;
  showPeople(field, await response.text());
}

// The answer's options carry data-name; a person already writing sees the list above their text.
function showPeople(field, html) {
  listFor(field)?.remove();
  const options = [...new DOMParser().parseFromString(html, 'text/html').querySelectorAll('[role=option]')];
  const others = options.filter((option) => option.dataset.value !== `user:${me()}`);
  if (!others.length) return;
  const list = document.createElement('div');
  list.id = `${field.id || 'text'}-people`;
  list.className = 'macros people';
  list.setAttribute('role', 'listbox');
  list.append(...others);
  list.addEventListener('pointerdown', (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener('click', ({ target }) => insert(list, field, target.closest('[role=option]')));
  field.setAttribute('aria-controls', list.id);
  field.after(list);
  select(list, field, others[0]);
}

function pick(list, field, event) {
  if (moveIn(list, field, event)) return true;
  if (event.key === 'Escape') list.remove();
  else if ((event.key === 'Enter' || event.key === 'Tab') && selected(list)) insert(list, field, selected(list));
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

function insert(list, field, option) {
  list.remove();
  if (!option) return;
  const at = field.selectionStart;
  const start = field.value.slice(0, at).lastIndexOf('@');
  field.setRangeText(`@${option.dataset.name ?? option.textContent.trim()} `, start, at, 'end');
  keepName(field, option.dataset.value);
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

// The ids go beside the text, because two people may have one name.
function keepName(field, person) {
  if (!person || !field.form) return;
  field.form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'mention', value: person }));
}
