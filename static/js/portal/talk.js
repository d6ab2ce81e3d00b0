// The conversation: hears its topic from the number the page was read at, sends, says how far one has read and that one writes.
import { openSocket, send } from '../socket.js';
import { ask, mayPassBy, newKey, reasonOf, usePass } from './ask.js';
import { flush, put, startOutbox } from './outbox.js';
import { applyParts, find, lastNumber, lastPart, parse, writeTimes } from './parts.js';

const TYPING_LASTS = 6_000;
const TYPING_EVERY = 3_000;

let topic;
let last = 0;
let token;
let typedAt = 0;
let typing;
let readTo = 0;
let partTo = 0;
let watch = {}; // what the frame around wants to know: said(), isShown(), where()

export function startTalk(pass, around = {}) {
  token = pass;
  watch = around;
  usePass(pass);
  readTopics();
  document.addEventListener('submit', onSubmit);
  document.addEventListener('click', onClick);
  find('text')?.addEventListener('input', onType);
  find('text')?.addEventListener('keydown', onKey);
  document.querySelector('input[name=files]')?.addEventListener('change', showPicked);
  document.addEventListener('visibilitychange', tellReading);
  startOutbox(pass.slice(0, 12), (answer) => answer.status === 404 && over());
  document.addEventListener('pass:over', over);
  openSocket(`/p/live?lang=${document.documentElement.lang}`, { opened, closed: () => lamp(true), frame });
  tellReading();
}

const over = () => (watch.over ? watch.over() : location.reload());

function readTopics() {
  const [[name, n]] = Object.entries(JSON.parse(find('thread').dataset.topics));
  topic = name;
  last = n;
}

function lamp(isCut) {
  const shown = find('lamp');
  if (shown) shown.hidden = !isCut;
}

function opened() {
  send({ t: 'auth', token });
  send({ t: 'sub', topics: { [topic]: last } });
  lamp(false);
  flush();
}

function frame(said) {
  if (said.t === 'hb') return said.n?.[topic] !== undefined && said.n[topic] > last && send({ t: 'sub', topics: { [topic]: last } });
  if (said.t === 'ok') return said.topics[topic] > last && fetchAgain();
  if (said.topic !== topic) return undefined;
  if (said.t === 'typing') return showTyping();
  if (['gap', 'r', 'drop'].includes(said.t)) return fetchAgain(); // dropped: it is over, or goes on in another case
  if (said.t === 'no') return over();
  return said.t === 'p' && said.n > last ? numbered(said) : undefined;
}

function numbered({ n, html }) {
  if (n > last + 1) return send({ t: 'sub', topics: { [topic]: last } });
  last = n;
  if (html) applyParts(html);
  hideTyping();
  watch.said?.();
  return tellReading();
}

async function fetchAgain() {
  const { ok, status, response } = await ask('GET', '/p/case');
  if (status === 404) return over();
  if (!ok) return undefined;
  find('thread').replaceWith(parse(await response.text()).firstElementChild);
  writeTimes(document);
  readTopics();
  send({ t: 'sub', topics: { [topic]: last } });
  watch.said?.();
  return tellReading();
}

// Saying

async function onSubmit(event) {
  const form = event.target;
  if (!form.matches('[data-say], [data-rate]')) return;
  event.preventDefault();
  find('wrong').textContent = '';
  if (form.matches('[data-rate]')) return rate(form);
  const text = form.elements.text.value.trim();
  if (form.elements.files.files.length) return sendFiles(form);
  if (!text) return;
  form.reset();
  put(text);
}

async function rate(form) {
  const answer = await ask('POST', '/p/case/rating', new FormData(form), newKey());
  if (!answer.ok) find('wrong').textContent = reasonOf(answer);
  else for (const field of form.querySelectorAll('textarea')) field.defaultValue = field.value;
}

async function sendFiles(form) {
  const button = form.querySelector('[type=submit]');
  button.disabled = true;
  const answer = await ask('POST', '/p/case/messages', new FormData(form), newKey());
  button.disabled = false;
  if (answer.ok) form.reset();
  else find('wrong').textContent = mayPassBy(answer) && !reasonOf(answer) ? form.dataset.offline : reasonOf(answer);
  showPicked();
}

function showPicked() {
  const { files } = document.querySelector('#composer').elements;
  find('picked').textContent = [...files.files].map(({ name }) => name).join(', ');
}

function onKey(event) {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.target.form.requestSubmit();
}

// A link cannot send a pass.
async function onClick(event) {
  const link = event.target.closest('a[data-file]');
  if (!link) return;
  event.preventDefault();
  const { ok, response } = await ask('GET', `/p/case?file=${link.dataset.file}`);
  if (!ok) return;
  const url = URL.createObjectURL(await response.blob());
  Object.assign(document.createElement('a'), { href: url, download: link.querySelector('span').textContent }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// Reading and writing

export function tellReading() {
  const isSeen = !document.hidden && (!watch.isShown || watch.isShown());
  const [n, part] = isSeen ? [lastNumber(), lastPart()] : [readTo, partTo];
  const where = watch.where?.() ?? {};
  if (n <= readTo && part <= partTo && !where.changed) return;
  [readTo, partTo] = [Math.max(n, readTo), Math.max(part, partTo)];
  ask('POST', '/p/case/reading', { n: String(readTo), part: String(partTo), page: where.url ?? '', title: where.title ?? '' });
}

function onType() {
  if (Date.now() - typedAt < TYPING_EVERY) return;
  typedAt = Date.now();
  send({ t: 'typing', topic });
}

function showTyping() {
  find('typing').hidden = false;
  clearTimeout(typing);
  typing = setTimeout(hideTyping, TYPING_LASTS);
}

function hideTyping() {
  find('typing').hidden = true;
}
