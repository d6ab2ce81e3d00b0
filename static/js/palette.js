// The command palette: the server answers with options, this walks through them.
import htmx from 'htmx.org';
import { moveIn, select, selected } from './listbox.js';

const REST = 120; // ms without a key
let timer;

export function startPalette() {
  document.addEventListener('keydown', (event) => {
    const [dialog, input, list] = parts();
    if (!dialog?.open || event.target !== input) return;
    if (moveIn(list, input, event) || event.key !== 'Enter') return;
    event.preventDefault();
    go(dialog, selected(list));
  });
  document.addEventListener('click', (event) => {
    const dialog = event.target.closest?.('#palette');
    if (dialog && event.target.closest('[role=option]')) dialog.close();
  });
  htmx.on('htmx:after:swap', () => {
    const [dialog, input, list] = parts();
    if (dialog?.open && !selected(list)) select(list, input, list.querySelector('[role=option]'));
  });
  document.addEventListener('dialog:open', begin);
  document.addEventListener('input', ({ target }) => {
    if (!target.closest?.('#palette')) return;
    clearTimeout(timer);
    timer = setTimeout(search, REST, target);
  });
}

function parts() {
  const dialog = document.getElementById('palette');
  return [dialog, dialog?.querySelector('input'), dialog?.querySelector('[role=listbox]')];
}

// Opened: the old words are marked, so that typing replaces them, and the answer is asked for again.
function begin({ target }) {
  if (target.id !== 'palette') return;
  const input = target.querySelector('input');
  input.select();
  search(input);
}

function search(input) {
  const [, , list] = parts();
  htmx.ajax('GET', `/palette?q=${encodeURIComponent(input.value)}`, { source: input, target: list, swap: 'innerHTML' });
}

function go(dialog, option) {
  if (!option) return;
  const actor = option.matches('a, button') ? option : option.querySelector('a, button');
  dialog.close();
  (actor ?? option).click();
}
