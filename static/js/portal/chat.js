// The frame of a chat: opens and closes, begins a conversation, keeps its pass in this frame's own storage, and talks with the
// page around it in seven words, only with the site it was drawn for.
import { ask, mayPassBy, newKey, reasonOf, usePass } from './ask.js';
import { recall, remember } from './memory.js';
import { find, lastNumber, numberOf, parse, writeTimes } from './parts.js';
import { startTalk, tellReading } from './talk.js';

const LOOK_EVERY = 60_000;
const AGAIN = 5_000;
const PHONE = 480;

const { key, sites } = document.body.dataset;
const site = new URLSearchParams(location.search).get('site') ?? '';
const mayTalk = JSON.parse(sites ?? '[]').includes(site);
const place = `tertulia:${key}`;
const url = `/p/widget/${key}`;
const lang = `?lang=${document.documentElement.lang}`;

let here = true;
let page = {};
let toldPage = '';
let vouch = '';
let beginning = false;

export function startChat() {
  find('launch').addEventListener('click', () => open(true));
  find('close').addEventListener('click', () => open(false));
  find('anew').addEventListener('click', anew);
  find('start').addEventListener('submit', begin);
  find('call')?.addEventListener('click', callOutside);
  find('start').elements.files.addEventListener('change', ({ target }) => (find('start-picked').textContent = [...target.files].map(({ name }) => name).join(', ')));
  document.addEventListener('keydown', (event) => event.key === 'Escape' && isShown() && open(false));
  addEventListener('message', hear);
  addEventListener('online', sendWaiting);
  setInterval(look, LOOK_EVERY);
  resume();
  say('ready');
}

// What this browser keeps

const kept = () => recall(place, {});

const keep = (changes) => remember(place, { ...kept(), ...changes });

// The page around

function say(word, more) {
  if (mayTalk && parent !== window) parent.postMessage({ tertulia: 1, word, ...more }, site);
}

function hear({ origin, source, data }) {
  if (!mayTalk || origin !== site || source !== parent || data?.tertulia !== 1) return;
  if (data.word === 'open') open(true);
  if (data.word === 'close') open(false);
  if (data.word === 'page') turn(data);
  if (data.word === 'forget') forget({});
  if (data.word === 'identify' && typeof data.token === 'string') identify(data.token);
}

function turn({ url: address, title, referrer }) {
  if (typeof address !== 'string' || typeof title !== 'string') return;
  page = { url: address.slice(0, 2000), title: title.slice(0, 200) };
  if (!kept().origin) keep({ origin: { referrer: typeof referrer === 'string' ? referrer.slice(0, 2000) : '', ...campaignOf(page.url) } });
  if (isTalking()) tellReading();
}

function campaignOf(address) {
  const query = URL.canParse(address) ? new URL(address).searchParams : new URLSearchParams();
  return Object.fromEntries(['utm_source', 'utm_medium', 'utm_campaign'].map((name) => [name, (query.get(name) ?? '').slice(0, 80)]));
}

async function identify(token) {
  const { ok, response } = await ask('POST', `${url}/identity`, { token });
  if (!ok) return;
  const answer = await response.json();
  vouch = answer.vouch;
  const before = kept();
  // Somebody else has signed in on this computer: what was said before is not theirs.
  if (before.sub && before.sub !== answer.sub) return forget({ sub: answer.sub });
  keep({ sub: answer.sub });
  document.querySelectorAll('#start .field[id^=field-], #away-mail').forEach((field) => (field.hidden = true));
}

// Open and closed

function open(yes, { quietly = false } = {}) {
  find('panel').hidden = !yes;
  find('launch').hidden = yes;
  find('launch').setAttribute('aria-expanded', String(yes));
  say('size', { open: yes });
  keep({ open: yes });
  if (!yes) return find('launch').focus();
  look();
  find('unread').hidden = true;
  if (isTalking()) {
    badge();
    tellReading();
  }
  find('talk').scrollTop = find('talk').scrollHeight;
  return quietly ? undefined : focusFirst();
}

const isShown = () => !find('panel').hidden;

const isTalking = () => !find('foot').hidden;

function focusFirst() {
  const first = isTalking() ? find('text') : find('start').querySelector('.field:not([hidden]) :is(input, textarea, select)');
  first?.focus();
}

async function look() {
  if (!isShown()) return;
  const { ok, response } = await ask('GET', `${url}/here${lang}`);
  if (!ok) return;
  ({ here } = await response.json());
  const shown = find('here');
  shown.dataset.here = here ? 'yes' : 'no';
  shown.textContent = here ? shown.dataset.yes : shown.dataset.no;
  find('welcome').hidden = !here;
  find('away').hidden = here;
  find('away-mail').hidden = here || Boolean(vouch) || Boolean(find('start').elements.emails);
}

// A call needs a window of its own: this frame may not use the microphone.
function callOutside(event) {
  event.preventDefault();
  window.open(event.currentTarget.href, '_blank', 'noopener,noreferrer,popup,width=480,height=760');
}

// The conversation

async function resume() {
  const { pass, open: wasOpen } = kept();
  if (wasOpen && screen.width > PHONE) open(true, { quietly: true }); // over a whole page of a telephone it would be in the way
  if (!pass) return sendWaiting();
  usePass(pass);
  const answer = await ask('GET', '/p/case');
  if (answer.offline || answer.status >= 500) return setTimeout(resume, AGAIN);
  if (!answer.ok) return forget({});
  return show(pass, await answer.response.text());
}

function show(pass, html) {
  document.body.dataset.pass = pass;
  find('begin').hidden = true;
  find('thread').replaceWith(parse(html).firstElementChild);
  find('foot').hidden = false;
  writeTimes(document);
  startTalk(pass, { said: badge, isShown, where, over: () => forget({}) });
  badge();
  find('talk').scrollTop = find('talk').scrollHeight;
  if (isShown() && document.hasFocus()) find('text').focus();
}

function where() {
  const changed = page.url !== undefined && page.url !== toldPage;
  toldPage = page.url;
  return { ...page, changed };
}

function badge() {
  find('anew').hidden = !['solved', 'closed'].includes(find('state').dataset.way);
  const { read = 0, lines = 0 } = kept();
  const all = [...document.querySelectorAll('#said > li')];
  if (isShown()) {
    keep({ read: lastNumber(), lines: all.length });
    find('talk').scrollTop = find('talk').scrollHeight;
    return;
  }
  // What is said in a part that was split off counts in its own case: there its place tells.
  const isNew = (line, place) => (line.dataset.n ? numberOf(line) > read : place >= lines);
  const news = all.filter((line, place) => line.matches('.ours') && isNew(line, place)).length;
  find('unread').textContent = String(news);
  find('unread').hidden = !news;
}

async function begin(event) {
  event.preventDefault();
  const form = find('start');
  if (beginning) return;
  clearWrong();
  const fields = new FormData(form);
  const mail = find('start-mail').value.trim();
  if (mail && !fields.get('emails')) fields.set('emails', mail);
  if (!fields.get('text').trim() && !form.elements.files.files.length) return missing(form.elements.text);
  const words = [...fields].filter(([, value]) => typeof value === 'string');
  keep({ waiting: { key: newKey(), words } });
  await sendWaiting(form.elements.files.files);
}

function missing(field) {
  find('start-wrong').textContent = find('start-wrong').dataset.empty;
  field.setAttribute('aria-invalid', 'true');
  field.focus();
}

// What was written before there was a connection waits here, under one key, also across a reload.
async function sendWaiting(files = []) {
  const { waiting, origin = {} } = kept();
  if (!waiting || beginning) return;
  beginning = true;
  const fields = new FormData();
  for (const [name, value] of waiting.words) fields.append(name, value);
  for (const [name, value] of Object.entries({ ...origin, page: page.url ?? '', title: page.title ?? '', vouch })) fields.set(name, value);
  for (const file of files.length === undefined ? [] : files) fields.append('files', file);
  const answer = await ask('POST', url + lang, files.length ? fields : [...fields].filter(([, value]) => typeof value === 'string'), waiting.key);
  beginning = false;
  find('start-waits').hidden = !mayPassBy(answer);
  if (mayPassBy(answer)) {
    find('start-wrong').textContent = reasonOf(answer);
    return setTimeout(sendWaiting, AGAIN);
  }
  keep({ waiting: undefined });
  if (!answer.ok) return refused(answer, waiting);
  keep({ pass: (await answer.response.json()).pass });
  find('start').reset();
  return resume();
}

function refused(answer, { words }) {
  for (const [name, value] of words) {
    const field = find('start').elements[name];
    if (field && 'value' in field && field.type !== 'file' && !field.value) field.value = value;
  }
  markWrong(answer);
}

// Under the field it is about, or below the whole when no field of that name is there.
async function markWrong(answer) {
  const parts = [...parse(await answer.response.text()).querySelectorAll('hx-partial')];
  const told = parts.filter((part) => {
    const target = find('start').querySelector(part.getAttribute('hx-target'));
    if (target) target.textContent = part.textContent.trim();
    find('start').elements[target?.dataset.errorFor]?.setAttribute('aria-invalid', 'true');
    return Boolean(target);
  });
  if (!told.length) find('start-wrong').textContent = reasonOf(answer);
  find('start').querySelector('[aria-invalid=true]')?.focus();
}

function clearWrong() {
  for (const place of find('start').querySelectorAll('.wrong')) place.textContent = '';
  for (const field of find('start').querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
}

function anew() {
  forget({ sub: kept().sub, origin: kept().origin });
}

function forget(rest) {
  remember(place, { ...rest, open: isShown() });
  location.reload();
}
