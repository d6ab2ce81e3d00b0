// Where a page meets a call: the room's own page, a guest's page, or any other page while the call goes on in its card.
import htmx from 'htmx.org';
import { newKey } from './acts.js';
import { startBar } from './callbar.js';
import { prepare } from './callbefore.js';
import { cardOf, startTravel, toCard, toPage } from './callcard.js';
import { comeIn, passHere, showRoom } from './callguest.js';
import { startKeys } from './callkeys.js';
import { enterRoom } from './callroom.js';
import { said } from './callwords.js';
import { pass } from './page.js';
import { button, element } from './toasts.js';

const HERE = 'call-here';

let room; // while we are in one
let bar;
let stopKeys = () => {};
let place;
let stage;
let leaving = false; // for another page of ours, which comes back to the call by itself
let forget = () => {};

const page = () => document.getElementById('call');
const known = () => JSON.parse(sessionStorage.getItem(HERE) || 'null');

export function startCall() {
  document.addEventListener('htmx:after:swap', shown);
  globalThis.navigation?.addEventListener('navigate', ({ destination, hashChange }) => {
    leaving = !hashChange && new URL(destination.url).origin === location.origin;
  });
  addEventListener('pagehide', () => room && !leaving && navigator.sendBeacon(place.leave, new URLSearchParams(pass() ? { pass: pass() } : {})));
  startTravel({ inCall: () => Boolean(room), arrived });
  if (page()) arrived();
  else if (known()) comeBack(known());
}

// On a page of a call.
function arrived() {
  const here = page();
  if (!here) return;
  if (room) return here.dataset.room === place.room ? toPage(stage, here) : undefined;
  place = { ...here.dataset };
  stage = document.getElementById('call-stage');
  const back = known()?.room === place.room ? known() : undefined;
  const answered = new URLSearchParams(location.search).has('answered');
  if (place.admit) return welcomeGuest();
  const how = sessionStorage.getItem('call-answer') ?? place.kind;
  if (back || answered) return enter({ video: back ? back.video : how === 'video' });
  const form = document.getElementById('call-join');
  if (form) forget = prepare(form, { video: place.kind === 'video', join: (wish) => enter(wish) });
}

// A guest says a name first; after a reload the tab still has its pass.
async function welcomeGuest() {
  const { admit, kind } = place;
  if (passHere() && (await asGuest(passHere(), { video: sessionStorage.getItem('guest-video') !== 'no' }))) return;
  forget = prepare(document.getElementById('call-join'), {
    video: kind === 'video',
    join: async ({ video, fields }) => {
      const given = await comeIn({ admit }, { ...fields, shown: sentence('call-consent-words') });
      if (given) await asGuest(given, { video });
    },
  });
}

async function asGuest(given, { video }) {
  if (!(await showRoom(given))) return false;
  sessionStorage.setItem('guest-video', video ? 'yes' : 'no');
  place = { ...page().dataset };
  stage = document.getElementById('call-stage');
  await enter({ video });
  return true;
}

// On another page, after it was loaded anew: the card is drawn from the room's page.
async function comeBack({ base, video }) {
  const answer = await fetch(base, { cache: 'no-store' }).catch(() => undefined);
  const text = answer?.ok ? await answer.text() : '';
  const drawn = new DOMParser().parseFromString(text, 'text/html');
  const there = drawn.getElementById('call');
  if (!there) return sessionStorage.removeItem(HERE);
  place = { ...there.dataset };
  stage = document.adoptNode(drawn.getElementById('call-stage'));
  toCard(stage, place);
  htmx.process(stage);
  enter({ video });
}

export async function enter({ video, fields = {} }) {
  forget();
  forget = () => {};
  room = enterRoom(place, stage, hear);
  remember({ video });
  bar = startBar(room, stage, { leave: () => room.leave(), record, back: () => history.pushState && goBack() });
  stopKeys = startKeys((digit) => room?.press(digit));
  document.documentElement.classList.add('in-call');
  if (page()) toPage(stage, page());
  const joined = room.join({ video });
  if (fields.consent) send('PUT', `${place.base}/consent`, sentence('call-consent-words'));
  if (fields.record) {
    await send('PUT', `${place.base}/recording`, { state: 'on' });
  }
  await joined;
}

const remember = ({ video }) => place.guest || sessionStorage.setItem(HERE, JSON.stringify({ base: place.base, room: place.room, video }));

function goBack() {
  if (!page()) document.dispatchEvent(new CustomEvent('call:back', { detail: place.base }));
}

function hear(what, detail) {
  if (what === 'out') return gone(detail);
  if (!room || what !== 'changed') return;
  const { people, me, waiting, state } = detail;
  const own = people.get(me);
  const here = page();
  here?.toggleAttribute('data-host', Boolean(own?.host) || 'mayHost' in place);
  here?.toggleAttribute('data-waiting', waiting);
  const count = document.getElementById('call-here');
  if (count) count.textContent = [...people.values()].filter(({ status }) => status !== 'waiting').length;
  if (known() && known().video !== state.video) remember({ video: state.video });
  if (!place.guest) showLobby(people);
  askConsent();
  bar?.show();
}

// Who waits to be let in is seen wherever the call is.
function showLobby(people) {
  const lobby = stage.querySelector('#call-lobby');
  const waiting = [...people.values()].filter(({ status }) => status === 'waiting');
  const known = [...lobby.children].map(({ dataset }) => Number(dataset.guest));
  if (known.join() === waiting.map(({ id }) => id).join()) return;
  lobby.replaceChildren(...waiting.map(({ id, name }) => {
    const line = element('p', 'callnote row1');
    line.dataset.guest = id;
    const admit = () => send('PUT', `${place.base}/participants/${id}/admission`, {});
    line.append(element('span', 'grow', `${name} ${said('waits')}`), button(said('let_in'), 'btn btn-primary btn-s', admit));
    return line;
  }));
}

// Recording

function record() {
  const on = stage.querySelector('.calldot')?.dataset.recording !== 'off';
  send(on ? 'DELETE' : 'PUT', `${place.base}/recording`, on ? {} : { state: 'on' });
}

// Which of our sentences was shown, and in which language: the server knows what it says.
const sentence = (id) => ({ ...document.getElementById(id)?.dataset });

function askConsent() {
  const dot = stage?.querySelector('.calldot');
  const ask = stage?.querySelector('#call-ask');
  if (!dot || !ask || !room) return;
  ask.hidden = dot.dataset.recording === 'off' || !JSON.parse(dot.dataset.asked).includes(room.number());
  ask.onclick = ({ target }) => {
    const answer = target.closest('[data-consent]')?.dataset.consent;
    if (!answer) return;
    ask.hidden = true;
    send(answer === 'yes' ? 'PUT' : 'DELETE', place.consent ?? `${place.base}/consent`, sentence('call-words-asked'));
  };
}

async function send(method, url, fields) {
  const headers = { 'HX-Request': 'true', 'Idempotency-Key': newKey(), ...(pass() ? { Authorization: `Bearer ${pass()}` } : {}) };
  const options = { method, headers, body: new URLSearchParams(fields) };
  const answer = await fetch(url, options).catch(() => undefined);
  if (answer?.ok) await htmx.swap({ text: await answer.text(), sourceElement: document.body, target: document.body, swap: 'none' });
}

// A patch came: the dot may ask us now.
function shown() {
  if (!room) return;
  askConsent();
  bar?.show();
}

// The end

function gone({ reason, why }) {
  const wasIn = room;
  room = undefined;
  bar?.close();
  stopKeys();
  document.documentElement.classList.remove('in-call');
  if (reason !== 'taken') sessionStorage.removeItem(HERE);
  if (!wasIn) return;
  if (cardOf(stage)) return cardOf(stage).remove();
  if (reason === 'ended' && !place.guest) return location.assign(place.base);
  stage.querySelector('#call-grid').replaceChildren();
  stage.classList.add('over');
  document.getElementById('call-inside')?.classList.remove('turned'); // else the talk would cover what is said of the end
  const over = element('div', 'callover');
  over.setAttribute('role', 'alert');
  over.append(element('h2', '', said(`out_${reason}`)));
  if (why || reason === 'lost') over.append(element('p', '', said(`why_${why ?? 'lost'}`)));
  const acts = element('div', 'row1 wrap');
  if (['left', 'lost', 'failed', 'full', 'taken'].includes(reason)) {
    acts.append(button(said(reason === 'taken' ? 'here' : 'again'), 'btn btn-primary', again));
  }
  if (place.after) {
    const away = element('a', 'btn', said('back'));
    away.href = place.after;
    acts.append(away);
  }
  over.append(acts);
  stage.querySelector('#call-grid').append(over);
  over.querySelector('button, a')?.focus();

  function again() {
    over.remove();
    stage.classList.remove('over');
    enter({ video: place.kind === 'video' });
  }
}
