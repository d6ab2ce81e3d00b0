// Lists whose filters and columns live in the address: a small form builds the next address.
import htmx from 'htmx.org';

export function startLists() {
  document.addEventListener('toggle', ({ target }) => target.matches?.('[data-filters][open]') && fetchFilters(target), true);
  document.addEventListener('change', ({ target }) => target.matches?.('[data-filter-field]') && choose(target));
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !event.target.matches?.('input[data-filter-value]')) return;
    event.preventDefault(); // the menu stands in the form of the search
    filter(event.target.closest('[data-filter]'));
  });
  document.addEventListener('click', ({ target }) => {
    if (target.closest?.('[data-filter-apply]')) filter(target.closest('[data-filter]'));
    if (target.closest?.('[data-columns-apply]')) columns(target.closest('[data-columns]'));
  });
}

// Tags, people and teams are asked for when somebody opens the menu: no list waits for them.
async function fetchFilters(details) {
  const box = details.querySelector('[data-filter]');
  if (!box.childElementCount) await htmx.ajax('GET', details.dataset.filters, { source: box, target: box, swap: 'innerHTML' });
  box.querySelector('[data-filter-field]')?.focus();
}

const partFor = (box, name) => box.querySelector(`[data-filter-for="${name.startsWith('x.') ? 'x' : name}"]`);

function choose(field) {
  const box = field.closest('[data-filter]');
  const chosen = partFor(box, field.value);
  for (const part of box.querySelectorAll('[data-filter-for]')) part.hidden = part !== chosen;
}

// tag=<value>, owner=<value>, or x.<field>.<operator>=<value>
function filter(box) {
  const name = box.querySelector('[data-filter-field]').value;
  const part = partFor(box, name);
  const control = part.querySelector('[data-filter-value]');
  const operator = part.querySelector('[data-filter-operator]')?.value;
  if (!control.value.trim() && !['none', 'any'].includes(operator)) return control.focus();
  go((params) => (operator ? params.append(`${name}.${operator}`, control.value.trim()) : params.set(name, control.value.trim())));
}

function columns(box) {
  const chosen = [...box.querySelectorAll('input:checked')].map((input) => input.value);
  go((params) => params.set('cols', chosen.join(',')));
}

function go(change) {
  const address = new URL(location.href);
  address.searchParams.delete('page');
  change(address.searchParams);
  location.assign(address);
}
