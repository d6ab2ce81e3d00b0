// What was written waits in this browser until the server has it: also across a reload, in order, each once.
import { ask, mayPassBy, newKey, reasonOf } from './ask.js';
import { recall, remember } from './memory.js';
import { find } from './parts.js';

const SLOWEST = 60_000;

let place;
let timer;
let pause = 1_000;
let sending = false;
let settled = () => undefined;

export function startOutbox(name, onSettled) {
  place = `tertulia-out:${name}`;
  settled = onSettled;
  addEventListener('online', flush);
  show();
  flush();
}

const all = () => recall(place, []);

function keep(entries) {
  remember(place, entries);
  show(entries);
}

export function put(text) {
  keep([...all(), { key: newKey(), text }]);
  flush();
}

export async function flush() {
  if (sending) return;
  sending = true;
  clearTimeout(timer);
  let entry;
  while ((entry = all()[0])) {
    const answer = await ask('POST', '/p/case/messages', { text: entry.text }, entry.key);
    if (mayPassBy(answer)) {
      timer = setTimeout(flush, pause);
      pause = Math.min(pause * 2, SLOWEST);
      break;
    }
    pause = 1_000;
    keep(all().filter(({ key }) => key !== entry.key));
    if (!answer.ok) giveBack(entry, answer);
    settled(answer);
  }
  sending = false;
}

function giveBack({ text }, answer) {
  const field = find('text');
  if (field && !field.value) field.value = text;
  find('wrong').textContent = reasonOf(answer);
}

function show(entries = all()) {
  const list = find('waiting');
  if (!list) return;
  list.hidden = !entries.length;
  list.replaceChildren(...entries.map(({ text }) => Object.assign(document.createElement('li'), { textContent: text })));
}
