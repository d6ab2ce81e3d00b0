// Facts edited in place: Enter saves, Escape leaves, and a colleague's change to the same field appears beside it.
import htmx from 'htmx.org';
import { chip } from './presence.js';
import { release } from './swap.js';

export function startFacts() {
  document.addEventListener('keydown', onKey);
  document.addEventListener('patch:held', showBeside);
  htmx.on('htmx:after:swap', saidOnce);
  document.addEventListener('click', ({ target }) => {
    if (target.closest?.('[data-take]')) take(target);
    if (target.closest?.('.fact [data-keep]')) keep(target.closest('.fact'));
  });
}

function onKey(event) {
  const fact = event.target.closest?.('.fact[data-field]');
  if (!fact?.querySelector('form') || event.isComposing) return;
  if (event.key === 'Enter' && !event.shiftKey && event.target.matches('input, select')) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
  if (event.key === 'Escape') {
    event.preventDefault();
    leave(fact);
  }
}

// What came meanwhile is newer than what would be fetched, and already here.
function leave(fact) {
  if (!fact.dataset.waiting) return drop(fact.querySelector('form'));
  fact.querySelector('form').reset();
  document.activeElement.blur();
  release(fact.id, { force: true });
}

// By the form's own way out: what it was opened on is fetched again, or its window closes.
function drop(form) {
  const way = form.querySelector('[data-cancel-fact], [data-close]');
  form.reset();
  way?.focus();
  way?.click();
}

function showBeside({ target: fact, detail: { newcomer } }) {
  const words = document.getElementById('beside');
  if (!fact.matches('.fact[data-field]') || !words || !newcomer) return;
  fact.dataset.waiting = newcomer.dataset.v ?? '';
  const block = words.content.firstElementChild.cloneNode(true);
  if (newcomer.dataset.by) chip(newcomer.dataset.by).then((known) => known && block.classList.add(...known.hue));
  nameWriter(block.querySelector('[data-who]'), newcomer.dataset);
  block.querySelector('[data-value]').textContent = valueOf(newcomer);
  block.setAttribute('role', 'status');
  fact.querySelectorAll('.beside').forEach((known) => known.remove());
  (fact.querySelector('form')?.parentElement ?? fact).append(block);
}

// The answer to my own saving says the same as the patch before it: the answer stays.
function saidOnce() {
  for (const answer of document.querySelectorAll('.fact [data-error-for] .beside')) {
    for (const known of answer.closest('.fact').querySelectorAll('.beside')) if (known !== answer) known.remove();
  }
}

async function nameWriter(place, { byName, by }) {
  place.textContent = byName ?? (by && (await chip(by))?.name) ?? '';
}

const valueOf = (fact) => fact.dataset.text ?? (fact.querySelector('[data-value], .fact-value') ?? fact.querySelector('dd') ?? fact).textContent.trim();

function take(button) {
  const fact = button.closest('.fact');
  if (!fact?.dataset.waiting) return drop(button.closest('form'));
  release(fact.id, { force: true });
  document.querySelector(`#${CSS.escape(fact.id)} .fact-value`)?.focus();
}

// Mine goes on from theirs: the form says it has seen their version, so that saving asks no second time.
function keep(fact) {
  const version = fact.querySelector('form [name=seen], form [name=version]');
  if (version && fact.dataset.waiting) version.value = fact.dataset.waiting;
  fact.querySelector('.beside').remove();
  fact.querySelector('input:not([type=hidden]), textarea, select')?.focus();
}
