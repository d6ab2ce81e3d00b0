// A field that names a record: the server answers with options as somebody types, and the hidden field keeps the reference.
import htmx from 'htmx.org';
import { moveIn, select, selected } from './listbox.js';

const REST = 120; // ms without a key

let timer;

export function startPickers() {
  document.addEventListener('focusin', ({ target }) => target.closest?.('[data-picker]') && target.matches('input') && target.select());
  document.addEventListener('click', ({ target }) => {
    const option = target.closest?.('[data-picker] [role=option]');
    if (option) choose(option.closest('[data-picker]'), option);
    else if (target.matches?.('[data-picker] input')) ask(target);
  });
  document.addEventListener('input', ({ target }) => target.matches?.('[data-picker] [role=combobox]') && ask(target));
  document.addEventListener('keydown', onKey, true);
  document.addEventListener('focusout', ({ target, relatedTarget }) => {
    const box = target.closest?.('[data-picker]');
    if (box && !box.contains(relatedTarget)) leave(box);
  });
  htmx.on('htmx:after:swap', () => {
    for (const box of document.querySelectorAll('[data-picker]:has([role=listbox]:not([hidden]))')) first(box);
  });
}

function partsOf(box) {
  return [box.querySelector('[role=combobox]'), box.querySelector('[role=listbox]'), box.querySelector('[data-picked]')];
}

function ask(input) {
  const box = input.closest('[data-picker]');
  clearTimeout(timer);
  timer = setTimeout(() => {
    const [, list] = partsOf(box);
    open(box, true); // not from the form, which would close its dialog when this is answered
    htmx.ajax('GET', `${box.dataset.picker}?q=${encodeURIComponent(input.value)}`, { source: document.body, target: list, swap: 'innerHTML' });
  }, REST);
}

function onKey(event) {
  const box = event.target.closest?.('[data-picker]');
  const [input, list] = box ? partsOf(box) : [];
  if (!box || event.target !== input || event.isComposing) return;
  if (list.hidden) return event.key === 'ArrowDown' ? ask(input) : undefined;
  if (moveIn(list, input, event)) return;
  if (event.key !== 'Enter' && event.key !== 'Escape') return;
  event.preventDefault();
  event.stopPropagation();
  if (event.key === 'Escape') open(box, false);
  else if (selected(list)) choose(box, selected(list));
}

function first(box) {
  const [input, list] = partsOf(box);
  if (!selected(list)) select(list, input, list.querySelector('[role=option]'));
}

function choose(box, option) {
  const [input, , picked] = partsOf(box);
  picked.value = option.dataset.value;
  picked.dataset.text = input.value = option.dataset.text;
  open(box, false);
  input.focus();
}

// An empty field names nothing; other words without a choice go back to what was chosen.
function leave(box) {
  clearTimeout(timer);
  const [input, , picked] = partsOf(box);
  if (!input.value.trim()) picked.value = picked.dataset.text = '';
  input.value = picked.dataset.text;
  open(box, false);
}

function open(box, on) {
  const [input, list] = partsOf(box);
  list.hidden = !on;
  input.setAttribute('aria-expanded', String(on));
  if (on) return;
  list.replaceChildren();
  input.removeAttribute('aria-activedescendant');
}
