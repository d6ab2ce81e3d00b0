// Single keys: / to search, j and k through rows, x to choose one, Enter to open, ? for help, and one letter for each
// visible [data-key].
import { openDialog } from './dialogs.js';

const WRITABLE = 'input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable]';

export function startKeys() {
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'k') return run(event, () => open('palette'));
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return;
    if (event.target.matches?.('[data-search]') && fromSearch(event)) return;
    if (isTyped(event.target) || document.querySelector('dialog[open]')) return;
    const key = event.shiftKey ? event.key : lower(event.key); // capitals may be locked
    const act = fixed[key] ?? byLetter(key);
    if (act) run(event, act);
  });
}

// The field of a dialog that has just closed has the focus for a moment longer.
export const isTyped = (element) => element.matches?.(WRITABLE) && element.checkVisibility();

const lower = (key) => (key.length === 1 ? key.toLowerCase() : key);

function run(event, act) {
  if (act() !== false) event.preventDefault();
}

// Each says false when there was nothing to do, and the browser goes on with the key.
const fixed = {
  '/': () => focus(visible('[data-search]')),
  '?': () => open('keys'),
  j: () => step(1),
  k: () => step(-1),
  x: () => choose(),
  Enter: () => openRow(),
};

function byLetter(key) {
  const target = key.length === 1 && [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(isWithinReach);
  return target ? () => press(target) : ofOneRow(key);
}

// While no row is chosen, what the bar does with the chosen ones is done with the row one is at, and no longer than that.
function ofOneRow(key) {
  const act = document.querySelector(`[data-bulk-bar] [data-key="${CSS.escape(key)}"]`);
  const box = act && boxOf(current());
  if (!box) return undefined;
  return () => {
    box.click();
    act.addEventListener('htmx:after:request', () => box.checked && box.click(), { once: true });
    press(act);
  };
}

const boxOf = (row) => row?.querySelector('[data-bulk-row]');

function choose() {
  const box = boxOf(current());
  if (!box) return false;
  box.click();
}

// What opens a field (`data-focus`) leads into it.
function press(target) {
  if (target.matches('input, textarea')) return target.focus();
  target.click();
  document.getElementById(target.dataset.focus)?.focus();
}

// What stands in a menu that is shut is pressed without opening it.
const isWithinReach = (element) => element.checkVisibility() || element.closest('details:not([open])')?.checkVisibility();

function visible(selector) {
  return [...document.querySelectorAll(selector)].find((element) => element.checkVisibility());
}

// From what was found into its rows by arrow; Escape, once the field is empty, leaves it for the other keys.
function fromSearch(event) {
  if (event.key === 'ArrowDown') run(event, () => step(1));
  else if (event.key === 'Escape' && !event.target.value) event.target.blur();
  else return false;
  return true;
}

function focus(element) {
  if (!element) return false;
  element.focus();
  element.select?.();
}

function open(id) {
  const dialog = document.getElementById(id);
  if (!dialog) return false;
  openDialog(dialog);
}

const rows = () => [...document.querySelectorAll('[data-row]')].filter((row) => row.checkVisibility());
const current = () => document.querySelector('[data-row].current') ?? document.activeElement?.closest?.('[data-row]');

function step(by) {
  const list = rows();
  if (!list.length) return false;
  const at = list.indexOf(current());
  const next = list[at < 0 ? 0 : Math.max(0, Math.min(list.length - 1, at + by))];
  document.querySelector('[data-row].current')?.classList.remove('current');
  next.classList.add('current');
  (next.matches('a, button') ? next : next.querySelector('a, button'))?.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
}

function openRow() {
  if (document.activeElement?.matches('a, button, summary, input')) return false; // Enter does it already
  const row = document.querySelector('[data-row].current');
  const link = row?.matches('a') ? row : row?.querySelector('a');
  if (!link) return false;
  link.click();
}
