// Shows in its list what has been written and not yet answered: waiting, not sent with the reason, or older than a day.
import { copy } from './dialogs.js';
import { button, element } from './toasts.js';
import { word } from './words.js';

const UNNOTICED = 300; // most are answered before anybody could read "waiting"
const DAY = 86_400_000;

const timers = new Map();

export function showPending(entry, actions) {
  const list = document.querySelector(entry.list);
  if (!list) return; // written on another page
  clearTimeout(timers.get(entry.key));
  const settled = entry.failed || Date.now() - entry.at > UNNOTICED;
  timers.set(entry.key, setTimeout(draw, settled ? 0 : UNNOTICED, list, entry, actions));
}

export function hidePending(key) {
  clearTimeout(timers.get(key));
  find(key)?.remove();
}

const find = (key) => document.querySelector(`[data-pending="${CSS.escape(key)}"]`);

function draw(list, entry, actions) {
  const item = build(entry);
  const state = item.querySelector('[data-state]');
  state.append(...sayState(entry, actions));
  const there = find(entry.key);
  if (there) there.replaceWith(item);
  else list.append(item);
}

// <template id="pending"> draws it like a message of the page; without one a plain block does.
function build(entry) {
  const drawn = document.getElementById('pending')?.content.firstElementChild.cloneNode(true) ?? plain();
  drawn.dataset.pending = entry.key;
  drawn.classList.toggle('failed', Boolean(entry.failed));
  drawn.querySelector('[data-text]').textContent = textOf(entry);
  return drawn;
}

function plain() {
  const block = element('article', 'pending');
  const text = element('p');
  text.dataset.text = '';
  const state = element('div', 'row1 wrap meta');
  state.dataset.state = '';
  state.setAttribute('role', 'status');
  block.append(text, state);
  return block;
}

const textOf = ({ fields }) => fields.find(([, value]) => typeof value === 'string' && value.trim())?.[1] ?? '';

function sayState(entry, actions) {
  const discard = button(word('discard'), 'btn btn-s', () => actions.discard(entry));
  if (entry.failed) {
    const again = button(word('try_again'), 'btn btn-s', () => actions.send(entry));
    const copier = button(word('copy'), 'btn btn-s', () => copy(textOf(entry)));
    return [element('span', 'bad-t', word('not_sent', entry.failed)), again, copier, discard];
  }
  if (Date.now() - entry.at > DAY && !entry.confirmed) {
    return [element('span', '', word('outbox_old')), button(word('outbox_send'), 'btn btn-s', () => actions.send(entry)), discard];
  }
  return [element('span', '', word('outbox_waiting'))];
}
