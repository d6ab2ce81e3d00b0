// Writing: keys that send, a field that grows, and a draft that is kept on the server.
import { newKey } from './acts.js';
import { closeOptions, pickOption, suggest } from './suggest.js';

const REST = 800; // ms without a key before the draft is saved

const drafts = new WeakMap(); // field → { timer, saved }

export function startComposer() {
  document.addEventListener('input', ({ target }) => {
    if (target.matches?.('[data-tags]')) return void suggest(target);
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
  if (!field.matches?.('textarea, [data-tags]') || event.isComposing) return;
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
  // One after the other: the next names the mark that this one brings.
  if (draft.isSaving && !leaving) return void (draft.timer = setTimeout(save, REST, field));
  draft.request = new AbortController(); // a draft on its way must not outlive the text that was sent
  draft.isSaving = true;
  try {
    const body = new URLSearchParams({ text, ...seenBy(field), ...(leaving && { last: '1' }) });
    const { signal } = draft.request;
    const response = await fetch(field.dataset.draftUrl, { method: 'PUT', body, signal, headers: { 'HX-Request': 'true', 'Idempotency-Key': newKey() }, keepalive: leaving });
    if (response.status === 409) return offerBoth(field, await response.json());
    if (!response.ok) return;
    if (isVersioned(field)) see(field, (await response.json()).mark);
    draft.saved = text;
    if (field.value === text) mark(field, Boolean(text));
  } catch (error) {
    if (error.name !== 'AbortError') draft.timer = setTimeout(save, REST * 5, field);
  } finally {
    draft.isSaving = false;
  }
}

// Drafts of cases have a mark: who saves names the one they have seen, so that nothing is overwritten unseen.
const isVersioned = (field) => 'draftSeen' in field.dataset;
const seenBy = (field) => (isVersioned(field) ? { seen: field.dataset.draftSeen } : {});

function see(field, seen) {
  field.dataset.draftSeen = seen;
  const sent = field.form?.elements[field.name === 'note' ? 'note_mark' : 'draft_mark'];
  if (sent) sent.value = seen;
}

// The same draft was changed by another way: both texts are there, and one says what becomes of them.
function offerBoth(field, theirs) {
  const box = field.form.querySelector('[data-draft-clash]');
  box.querySelector('[data-draft-other]').textContent = theirs.text;
  box.hidden = false;
  box.onclick = ({ target }) => {
    const { draftKeep } = target.closest('[data-draft-keep]')?.dataset ?? {};
    if (!draftKeep) return;
    if (draftKeep !== 'mine') field.value = draftKeep === 'both' ? `${theirs.text}\n\n${field.value}` : theirs.text;
    see(field, theirs.mark);
    box.hidden = true;
    drafts.get(field).saved = theirs.text;
    grow(field);
    field.focus();
    save(field);
  };
}

// Sent: the act itself removes the draft on the server.
function settle(field) {
  clearTimeout(drafts.get(field)?.timer);
  drafts.get(field)?.request?.abort();
  drafts.delete(field);
  if (isVersioned(field) && !field.value) see(field, '');
  mark(field, false);
  field.form?.querySelectorAll('input[name=mention]').forEach((input) => input.remove());
  grow(field);
}

function mark(field, saved) {
  const place = field.form?.querySelector('[data-draft-mark]');
  if (place) place.hidden = !saved;
}
