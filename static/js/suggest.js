// What a text offers while it is written: people after @, macros after / where there are any, and tags that are in use.
import htmx from 'htmx.org';
import { moveIn, select, selected } from './listbox.js';
import { me } from './page.js';

const KINDS = [
  { field: '[data-mentions]', sign: '@', words: /(?:^|\s)@([\p{L}\p{N}._-]{0,30})$/u, from: () => '/people', take: takePerson },
  { field: '[data-macros]', sign: '/', words: /(?:^|\s)\/([\p{L}\p{N} ._-]{0,30})$/u, from: (field) => field.dataset.macros, take: takeMacro },
  { field: '[data-tags]', sign: ',', words: /(?:^|,)\s*([^,\s][^,]{0,59})$/u, from: () => '/tags', take: takeTag, isFree: true },
];

let asked = 0;

const listFor = (field) => document.getElementById(field?.getAttribute?.('aria-controls') ?? '');

export const closeOptions = (field) => listFor(field)?.remove();

export async function suggest(field) {
  const before = field.value.slice(0, field.selectionStart);
  const kind = KINDS.find((one) => field.matches(one.field) && one.words.test(before));
  const own = ++asked;
  if (!kind) return closeOptions(field);
  const words = kind.words.exec(before)[1];
  const response = await fetch(`${kind.from(field)}?q=${encodeURIComponent(words)}`, { headers: { 'HX-Request': 'true' } }).catch(() => null);
  if (!response?.ok || own !== asked || field.value.slice(0, field.selectionStart) !== before) return; // it was sent meanwhile
  show(field, kind, await response.text());
}

// The answer's options carry what is put in; who writes sees the list below the text.
function show(field, kind, html) {
  closeOptions(field);
  const options = [...new DOMParser().parseFromString(html, 'text/html').querySelectorAll('[role=option]')];
  const others = options.filter((option) => option.dataset.value !== `user:${me()}` && !(kind.isFree && has(field, option.dataset.name)));
  if (!others.length) return;
  const list = document.createElement('div');
  list.id = `${field.id || 'text'}-options`;
  list.className = 'macros people';
  list.dataset.sign = kind.sign;
  list.setAttribute('role', 'listbox');
  list.append(...others);
  list.addEventListener('pointerdown', (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener('click', ({ target }) => take(list, field, target.closest('[role=option]')));
  field.setAttribute('aria-controls', list.id);
  field.after(list);
  if (!kind.isFree) select(list, field, others[0]); // what is typed may be meant as it is
}

const has = (field, tag) => field.value.split(',').some((one) => one.trim().toLowerCase() === tag);

// Whether the key was the list's.
export function pickOption(field, event) {
  const list = listFor(field);
  if (!list) return false;
  if (moveIn(list, field, event)) return true;
  if (event.key === 'Escape') list.remove();
  else if ((event.key === 'Enter' || event.key === 'Tab') && selected(list)) take(list, field, selected(list));
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

function take(list, field, option) {
  list.remove();
  if (!option) return;
  const { sign } = list.dataset;
  const at = field.selectionStart;
  const start = Math.max(0, field.value.slice(0, at).lastIndexOf(sign));
  field.setRangeText(KINDS.find((kind) => kind.sign === sign).take(field, option, start), start, at, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

// The ids go beside the text, because two people may have one name.
function takePerson(field, option) {
  const { value } = option.dataset;
  if (value && field.form) field.form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'mention', value }));
  return `@${option.dataset.name ?? option.textContent.trim()} `;
}

// The next one is typed at once.
function takeTag(_field, option, start) {
  return `${start ? ', ' : ''}${option.dataset.name}, `;
}

// What a macro does to the case happens with the text it brings; one without a text happens now.
function takeMacro(field, option) {
  const { macro, text, acts } = option.dataset;
  if (acts && !text) htmx.ajax('POST', `${field.dataset.macros}/${macro}`, { source: document.body, swap: 'none' });
  else if (field.form) keepMacro(field.form, acts ? macro : '', option.querySelector('b')?.textContent);
  return text;
}

export function keepMacro(form, macro, name = '') {
  const mark = form.querySelector('[data-macro-mark]');
  if (!mark) return;
  mark.hidden = !macro;
  mark.querySelector('[data-macro-name]').textContent = name;
  form.elements.macro.value = macro;
}
