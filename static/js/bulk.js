// Rows chosen in a table: one box for all, Shift for a range, and a bar that counts them.
import htmx from 'htmx.org';
import { counted } from './words.js';

let last; // the row box pressed before, where a range begins

export function startBulk() {
  document.addEventListener('click', ({ target, shiftKey }) => {
    const table = target.closest?.('[data-bulk]');
    if (target.matches?.('[data-bulk-clear]')) return clear(document.querySelector('[data-bulk]'));
    if (!table || !target.matches('[data-bulk-row], [data-bulk-all]')) return;
    if (target.matches('[data-bulk-all]')) boxes(table).forEach((box) => (box.checked = target.checked));
    else if (shiftKey && last?.isConnected) range(boxes(table), last, target);
    last = target;
    show(table);
  });
  htmx.on('htmx:after:swap', () => document.querySelectorAll('[data-bulk]').forEach(show));
}

const boxes = (table) => [...table.querySelectorAll('[data-bulk-row]')];

function range(all, one, other) {
  const [from, to] = [all.indexOf(one), all.indexOf(other)].sort((a, b) => a - b);
  for (const box of all.slice(from, to + 1)) box.checked = other.checked;
}

function clear(table) {
  boxes(table).forEach((box) => (box.checked = false));
  show(table);
}

function show(table) {
  const all = boxes(table);
  const chosen = all.filter((box) => box.checked);
  for (const box of all) box.closest('tr, li, [data-row]')?.classList.toggle('sel', box.checked);
  const head = table.querySelector('[data-bulk-all]');
  if (head) Object.assign(head, { checked: chosen.length > 0 && chosen.length === all.length, indeterminate: chosen.length > 0 && chosen.length < all.length });
  const bar = document.querySelector('[data-bulk-bar]');
  if (!bar) return;
  bar.hidden = !chosen.length;
  const count = bar.querySelector('[data-bulk-count]');
  if (count) count.textContent = counted('selected', chosen.length);
  for (const link of bar.querySelectorAll('a[href]')) link.href = withIds(link.href, chosen);
}

function withIds(address, chosen) {
  const url = new URL(address);
  url.searchParams.set('ids', chosen.map(({ value }) => value).join());
  return url;
}
