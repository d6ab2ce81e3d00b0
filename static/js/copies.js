// Who else a reply goes to: each can be taken out, others are typed. What was chosen outlives a reload in this window, until the
// customer's next letter names other people.
import htmx from 'htmx.org';

const row = () => document.querySelector('[data-copies]');
const place = () => `also:${location.pathname}`;

export function startCopies() {
  document.addEventListener('click', ({ target }) => {
    drop(target.closest?.('[data-copy-drop]'));
    take(target.closest?.('[data-copy-take]'));
  });
  document.addEventListener('change', ({ target }) => target.matches?.('[data-copy-add]') && add(target));
  document.addEventListener('keydown', onEnter);
  htmx.on('htmx:after:swap', restore);
  restore();
}

// Enter sends nothing here: it takes the address, as leaving the field does.
function onEnter(event) {
  if (event.key !== 'Enter' || !event.target.matches?.('[data-copy-add]')) return;
  event.preventDefault();
  add(event.target);
}

function add(field) {
  const address = field.value.trim().toLowerCase();
  if (!address || !field.reportValidity()) return;
  field.value = '';
  if (!chosen().includes(address)) draw([...chosen(), address]);
  keep();
}

function drop(button) {
  if (!button) return;
  button.closest('[data-reader]').remove();
  showNamed();
  keep();
  row().querySelector('[data-copy-add]').focus();
}

function take(button) {
  if (!button) return;
  draw([...chosen(), button.dataset.copyTake]);
  keep();
  row().querySelector('[data-copy-add]').focus();
}

const chosen = () => [...row().querySelectorAll(':scope > [data-reader] > input')].map((input) => input.value);

function draw(addresses) {
  row().querySelectorAll(':scope > [data-reader]').forEach((chip) => chip.remove());
  const [field, form] = [row().querySelector('[data-copy-add]'), row().querySelector('template')];
  for (const address of addresses) {
    const chip = form.content.firstElementChild.cloneNode(true);
    chip.querySelector('.cut').textContent = chip.querySelector('input').value = address;
    const button = chip.querySelector('button');
    button.setAttribute('aria-label', button.getAttribute('aria-label').replace('{}', address));
    field.before(chip);
  }
  showNamed();
}

function showNamed() {
  const buttons = [...row().querySelectorAll('[data-copy-take]')];
  for (const button of buttons) button.hidden = chosen().includes(button.dataset.copyTake);
  const group = row().querySelector('[data-named]');
  if (group) group.hidden = buttons.every(({ hidden }) => hidden);
}

function keep() {
  sessionStorage.setItem(place(), JSON.stringify({ of: row().dataset.copies, chosen: chosen() }));
}

function restore() {
  const kept = row() && JSON.parse(sessionStorage.getItem(place()) ?? 'null');
  if (!kept) return;
  if (kept.of !== row().dataset.copies) sessionStorage.removeItem(place());
  else if (kept.chosen.join() !== chosen().join()) draw(kept.chosen);
}
