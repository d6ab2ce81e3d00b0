// Who else is here: avatars of those who look at the record, the field somebody edits, who is typing, whose dot is green.
import htmx from 'htmx.org';
import { listensTo, onFrame } from './live.js';
import { me } from './page.js';
import { send } from './socket.js';
import { fill } from './words.js';

const TYPING_LASTS = 6_000;
const TYPING_EVERY = 3_000;
const SHOWN = 4;

const here = new Map(); // topic → Map(person → field or null)
const typing = new Map(); // topic → Map(person → timer)
const chips = new Map(); // person → promise of { html, name, hue }
let editing = null;
let told = ''; // the last `at` we sent
let typedAt = 0;

export function startPresence() {
  onFrame('ok', tellWhereIAm);
  onFrame('who', hearWho);
  onFrame('typing', hearTyping);
  htmx.on('htmx:after:swap', hearMessages);
  htmx.on('htmx:after:swap', show);
  document.addEventListener('focusin', noticeEditing);
  document.addEventListener('focusout', () => setTimeout(noticeEditing, 200));
  document.addEventListener('input', noticeTyping);
}

// Saying

const record = () => document.querySelector('main[data-record], [data-record]')?.dataset.record;

function tellWhereIAm(frame) {
  if (frame) told = ''; // a new connection knows nothing of us
  const topic = record();
  if (!topic || !listensTo(topic)) return;
  const said = { t: 'at', topic, ...(editing && { editing }) };
  const text = JSON.stringify(said);
  if (text !== told && send(said)) told = text;
}

function noticeEditing() {
  const control = document.activeElement?.closest?.('input, textarea, select');
  editing = control?.closest('[data-field]')?.dataset.field ?? null;
  tellWhereIAm();
}

function noticeTyping({ target }) {
  const topic = target.dataset?.typingTopic;
  if (!topic || !listensTo(topic) || Date.now() - typedAt < TYPING_EVERY) return;
  typedAt = Date.now();
  send({ t: 'typing', topic });
  if (target.dataset.typingTo) send({ t: 'typing', topic: target.dataset.typingTo }); // for the customer's side
}

// Hearing

function hearWho({ topic, all, join = [], left = [], editing: fields = {} }) {
  const people = all ? new Map() : new Map(here.get(topic));
  for (const id of join) people.set(String(id), people.get(String(id)) ?? null);
  for (const id of left) people.delete(String(id));
  for (const [id, field] of Object.entries(fields)) people.set(id, field);
  people.delete(me());
  here.set(topic, people);
  show();
}

function hearTyping({ topic, id }) {
  const people = typing.get(topic) ?? new Map();
  typing.set(topic, people);
  const person = String(id);
  if (person === me()) return;
  clearTimeout(people.get(person)?.timer);
  const timer = setTimeout(() => people.delete(person) && showTyping(topic), TYPING_LASTS);
  people.set(person, { timer, after: lastSaid(topic)?.id });
  showTyping(topic);
}

// The newest message of a room, or line of a record.
function lastSaid(topic) {
  const name = CSS.escape(topic.replace(':', '-'));
  return [...document.querySelectorAll(`#${name}-messages > .msg, #timeline-${name} > .ev`)].at(-1);
}

// What they were typing has come.
function hearMessages() {
  for (const [topic, people] of typing) {
    const last = lastSaid(topic);
    const known = people.get(last?.dataset.by);
    if (!known || known.after === last.id) continue;
    clearTimeout(known.timer);
    people.delete(last.dataset.by);
    showTyping(topic);
  }
}

// Showing

function show() {
  for (const topic of here.keys()) showWho(topic);
  showFields();
  showDots();
  for (const topic of typing.keys()) showTyping(topic);
}

async function showWho(topic) {
  const people = here.get(topic);
  const known = await Promise.all([...people.keys()].map(chip));
  if (people !== here.get(topic)) return; // somebody came or went meanwhile
  for (const place of document.querySelectorAll(`[data-who="${CSS.escape(topic)}"]`)) {
    const avatars = known.filter(Boolean).map(({ html, id }) => avatar(html, people.get(id)));
    const more = avatars.length - SHOWN;
    if (more > 0) avatars.splice(SHOWN, more, Object.assign(document.createElement('span'), { className: 'meta', textContent: `+${more}` }));
    const next = document.createElement('span');
    next.append(...avatars);
    if (place.innerHTML !== next.innerHTML) place.replaceChildren(...next.childNodes);
  }
}

function avatar(html, field) {
  const shown = document.createRange().createContextualFragment(html).firstElementChild;
  shown.classList.toggle('live', Boolean(field));
  return shown;
}

async function showFields() {
  const people = here.get(record()) ?? new Map();
  const editors = new Map([...people].filter(([, field]) => field).map(([id, field]) => [field, id]));
  for (const fact of document.querySelectorAll('.fact[data-field]')) {
    const person = editors.get(fact.dataset.field);
    const known = person && (await chip(person));
    if (known) markTheirs(fact, known);
    else if (fact.classList.contains('theirs')) unmark(fact);
  }
}

function markTheirs(fact, { name, hue }) {
  unmark(fact);
  fact.classList.add('theirs', ...hue);
  const text = fact.closest('[data-editing-text]')?.dataset.editingText ?? '%s';
  fact.append(Object.assign(document.createElement('span'), { className: ['by', ...hue].join(' '), textContent: fill(text, name) }));
}

function unmark(fact) {
  fact.querySelector(':scope > .by')?.remove();
  fact.classList.remove('theirs', ...hues(fact));
}

function showDots() {
  const everybody = new Set([...here.values()].flatMap((people) => [...people.keys()]));
  if (here.size) everybody.add(me());
  for (const dot of document.querySelectorAll('[data-presence-of]')) {
    const on = everybody.has(dot.dataset.presenceOf);
    dot.classList.toggle('on', on);
    dot.hidden = !on;
  }
}

async function showTyping(topic) {
  const known = await Promise.all([...(typing.get(topic)?.keys() ?? [])].map(chip));
  const names = known.filter(Boolean).map(({ name }) => name);
  for (const line of document.querySelectorAll(`[data-typing="${CSS.escape(topic)}"]`)) {
    const place = line.querySelector('[data-typing-names]') ?? line;
    const text = names.length ? fill(line.dataset.typingText ?? '%s', names.join(', ')) : '';
    if (place.textContent !== text) place.textContent = text;
    line.hidden = !names.length;
  }
}

// Ids only come by the socket; each person is asked for once. 0 is a visitor of the public side, who has none.
export function chip(id) {
  if (id === '0') return null;
  if (!chips.has(id)) chips.set(id, fetchChip(id));
  return chips.get(id);
}

async function fetchChip(id) {
  try {
    const response = await fetch(`/people/${id}/chip`, { headers: { 'HX-Request': 'true' } });
    if (!response.ok) return null;
    const html = await response.text();
    const shown = new DOMParser().parseFromString(html, 'text/html').body.firstElementChild;
    return { id, html, name: shown.title || shown.getAttribute('aria-label'), hue: hues(shown) };
  } catch {
    chips.delete(id); // no connection: ask again next time
    return null;
  }
}

const hues = (element) => [...element.classList].filter((name) => name.startsWith('hue-'));
