// A case's page: a reply knows how far its writer has read, an emptied composer forgets its draft, and it shows who else writes.
import htmx from 'htmx.org';
import { onFrame } from './live.js';
import { keepMacro } from './suggest.js';

const DRAFTS_REST = [0, 2_000, 5_000]; // ms
let looks = [];

export function startCases() {
  htmx.on('htmx:finally:request', ({ detail }) => emptied(detail.ctx));
  htmx.on('htmx:after:swap', markCurrent);
  onFrame('who', lookForWriters);
  onFrame('typing', lookForWriters);
  markCurrent();
  document.addEventListener('click', nameSeen, true); // before its request is made
  for (const begun of ['focusin', 'beforeinput']) document.querySelector('[data-case-composer]')?.addEventListener(begun, read);
  document.addEventListener('click', onClick);
  document.addEventListener('change', ({ target }) => target.matches?.('[data-case-composer] [name=send_at]') && showLater(target.form));
}

function onClick({ target }) {
  const form = target.closest?.('[data-case-composer]');
  if (!form) return;
  if (target.closest('[data-macro-drop]')) keepMacro(form, '');
  if (target.closest('[data-later-drop]')) clearLater(form);
  if (target.closest('[data-macro-open]')) openMacros(form);
  showLater(form);
}

function openMacros(form) {
  const field = form.elements.audience.value === 'team' ? form.elements.note : form.elements.text;
  const gap = field.value && !/\s$/.test(field.value) ? ' /' : '/';
  field.focus();
  read({ target: field });
  field.setRangeText(gap, field.selectionStart, field.selectionEnd, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

// A reply that waits says so on its button; what is said in a chat never waits.
function showLater(form) {
  form.classList.toggle('is-later', Boolean(form.elements.send_at?.value));
}

function clearLater(form) {
  if (form.elements.send_at) form.elements.send_at.value = '';
  showLater(form);
}

// What stands in the thread when one begins to write has been seen; what comes later has not. In a chat the field keeps
// the focus between two answers: the first letter counts as well.
function read({ target }) {
  if (target.name === 'text' && !target.value) haveRead(target.form);
}

function haveRead(form) {
  const seen = form.querySelector('[data-seen]');
  seen.value = Math.max(Number(seen.value), newest());
}

const newest = () => Math.max(0, ...[...document.querySelectorAll('[data-said]')].map((line) => Number(line.dataset.said)));

// A reply for later that is sent now says what its reader sees at this moment.
function nameSeen({ target }) {
  target.closest?.('[data-departs]')?.setAttribute('hx-vals', JSON.stringify({ seen: String(newest()) }));
}

function emptied({ response, sourceElement }) {
  const form = sourceElement?.closest?.('[data-case-composer]');
  if (!form || sourceElement !== form || !response || response.status >= 400) return;
  const note = form.elements.audience.value === 'team';
  const field = note ? form.elements.note : form.elements.text;
  field.defaultValue = field.value = '';
  keepMacro(form, '');
  clearLater(form);
  form.querySelector('[data-clash-told]')?.replaceChildren();
  if (!note) haveRead(form);
  form.dispatchEvent(new CustomEvent('outbox:taken', { bubbles: true }));
}

// Rows are drawn for everybody; which of them is open here, the page alone knows.
function markCurrent() {
  for (const link of document.querySelectorAll('.zone .case-row > a')) {
    if (link.pathname === location.pathname) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
}

// Somebody began or stopped to write. Their first words are fetched with one's own rights, at once and when their draft is
// likely to be saved, which is announced to nobody.
function lookForWriters() {
  looks.forEach(clearTimeout);
  looks = DRAFTS_REST.map((wait) => setTimeout(showWriters, wait));
}

function showWriters() {
  const place = document.querySelector('[data-writing]');
  if (place) htmx.ajax('GET', place.dataset.src, { target: place, swap: 'outerMorph' });
}
