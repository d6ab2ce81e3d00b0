// Writing: keys that send, a field that grows, and a draft that is kept on the server.
import { newKey } from './acts.js';
import { closeOptions, pickOption, suggest } from './suggest.js';

const REST = 800; // ms without a key before the draft is saved

const drafts = new WeakMap(); // field → { timer, saved }

export function startComposer() {
  document.addEventListener('input', ({ target }) => {
    if (!target.matches?.('textarea')) return;
    grow(target);
    keepDraft(target);
    suggest(target);
  });
  document.addEventListener('keydown', onKey, true);
  document.addEventListener('focusout', ({ target }) => setTimeout(closeOptions, 200, target));
  document.addEventListener('outbox:taken', ({ target }) => target.querySelectorAll('textarea').forEach(settle));
  document.addEventListener('reset', ({ target }) => setTimeout(() => target.querySelectorAll('textarea').forEach(grow)));
  addEventListener('pagehide', () => document.querySelectorAll('textarea[data-draft-url]').forEach((field) => save(field, true)));
  document.querySelectorAll('textarea').forEach(grow);
}

function onKey(event) {
  const field = event.target;
  if (!field.matches?.('textarea') || event.isComposing) return;
  if (pickOption(field, event)) return;
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
