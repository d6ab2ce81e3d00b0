// Keeps the page at the number of each topic it shows: subscribes, applies patches in order, notices holes, catches up.
import htmx from 'htmx.org';
import { relight, setLamp } from './lamp.js';
import { language, livePath, me, pass } from './page.js';
import { dropPage, dropRegions, refreshRegions } from './regions.js';
import { openSocket, send } from './socket.js';
import { swapPatches } from './swap.js';

const REMEMBERED = 100; // frames kept per topic, for regions that were fetched a moment too early
const PATIENCE = 10_000;

const SPREAD = 2; // seconds, for regions that come beside patches
const topics = new Map(); // name → { last, asked, recent }
const seen = new WeakMap(); // region → the data-topics we took into account
const listeners = {}; // frames that others handle, by their t
const linked = new Set();
let late = false; // the server's bus is away: what others do comes some seconds late

// Each gives back how to stop.
export function onFrame(kind, listener) {
  (listeners[kind] ??= new Set()).add(listener);
  return () => listeners[kind].delete(listener);
}

// Told true when the socket opens, false when it is cut.
export function onLink(listener) {
  linked.add(listener);
  return () => linked.delete(listener);
}

export const listensTo = (topic) => topics.has(topic) && topics.get(topic).asked === 0;

export function startLive() {
  if (!me() && !pass()) return; // nobody is signed in: nothing to hear
  scan();
  htmx.on('htmx:before:swap', ({ detail }) => detail.tasks.forEach(forget));
  htmx.on('htmx:after:swap', scan);
  htmx.on('htmx:after:swap', relight);
  htmx.on('regions:dropped', scan);
  openSocket(`${livePath()}?lang=${language()}`, { opened, closed, frame });
}

function opened() {
  late = false; // if it still is, the server says so
  if (pass()) send({ t: 'auth', token: pass() });
  const wanted = Object.fromEntries([...topics].map(([topic, { last }]) => [topic, last]));
  subscribe(wanted);
  showState();
  linked.forEach((listener) => listener(true));
}

function closed() {
  setLamp('cut');
  linked.forEach((listener) => listener(false));
}

function frame(said) {
  const handle = { p: numbered, r: numbered, ok, no: dropped, gap, drop: dropped, hb, bus }[said.t];
  handle?.(said);
  for (const listener of listeners[said.t] ?? []) listener(said);
}

// Numbers

function numbered(said) {
  const state = topics.get(said.topic);
  if (!state || (state.last !== null && said.n <= state.last)) return;
  if (state.last !== null && said.n > state.last + 1) return ask(said.topic, state);
  state.last = said.n;
  state.recent.push(said);
  if (state.recent.length > REMEMBERED) state.recent.shift();
  apply(said);
}

function apply(said) {
  if (said.html) swapPatches(said.html);
  if (said.t === 'p' && !said.regions) return; // an empty one only has its number
  const named = said.regions?.map((id) => document.getElementById(id));
  refreshRegions(named ?? regionsOf(said.topic), said.spread ?? SPREAD);
}

function ok({ topics: heads }) {
  for (const [topic, head] of Object.entries(heads)) {
    const state = topics.get(topic);
    if (!state) continue;
    state.asked = 0;
    // After a replay the last number is the head. If not, something is missing that nobody will send.
    if (state.last !== null && head > state.last) refreshRegions(regionsOf(topic));
    state.last = head;
  }
  showState();
}

function hb({ n: heads = {} }) {
  for (const [topic, head] of Object.entries(heads)) {
    const state = topics.get(topic);
    if (state && head !== state.last) ask(topic, state);
  }
}

function bus({ up }) {
  late = !up;
  showState();
}

function gap({ topic, n, spread }) {
  const state = topics.get(topic);
  if (!state) return;
  state.last = n;
  state.asked = 0;
  state.recent = [];
  refreshRegions(regionsOf(topic), spread);
  showState();
}

function dropped({ topic }) {
  topics.delete(topic);
  if (!dropPage(topic)) dropRegions(regionsOf(topic));
  showState();
}

// Once is enough: what arrives before the answer is dropped here and comes again with the replay.
function ask(topic, state) {
  if (Date.now() - state.asked > PATIENCE) subscribe({ [topic]: state.last });
}

function subscribe(wanted) {
  if (!Object.keys(wanted).length || !send({ t: 'sub', topics: wanted })) return;
  for (const topic of Object.keys(wanted)) topics.get(topic).asked = Date.now();
  showState();
}

// Regions come and go

const numbersOf = (region) => JSON.parse(region.dataset.topics || '{}');

function regionsOf(topic) {
  return [...document.querySelectorAll('[data-topics]')].filter((region) => topic in numbersOf(region));
}

function scan() {
  const shown = new Set();
  const fresh = {};
  for (const region of document.querySelectorAll('[data-topics]')) {
    const arrived = seen.get(region) !== region.dataset.topics;
    seen.set(region, region.dataset.topics);
    for (const [topic, n] of Object.entries(numbersOf(region))) {
      shown.add(topic);
      if (arrived) fresh[topic] = Math.min(fresh[topic] ?? Infinity, n ?? Infinity);
    }
  }
  leave([...topics.keys()].filter((topic) => !shown.has(topic)));
  join(fresh);
}

// A region that is morphed is the same element with a text read anew, perhaps under the same number.
function forget({ type, target, swapSpec }) {
  if (type !== 'main' || swapSpec?.style === 'none' || !target?.querySelectorAll) return;
  for (const region of [target, ...target.querySelectorAll('[data-topics]')]) seen.delete(region);
}

function join(fresh) {
  const wanted = {};
  for (const [topic, number] of Object.entries(fresh)) {
    const n = number === Infinity ? null : number;
    if (!topics.has(topic)) {
      topics.set(topic, { last: n, asked: Date.now(), recent: [] });
      wanted[topic] = n;
    } else if (n !== null && n < topics.get(topic).last && !again(topic, n)) {
      topics.get(topic).last = n;
      wanted[topic] = n;
    }
  }
  subscribe(wanted);
}

// A region that was read before our last number gets the patches since then once more; a row that has them already
// is not harmed, because it carries a higher data-v or is the same.
function again(topic, since) {
  const { last, recent } = topics.get(topic);
  const later = recent.filter(({ n }) => n > since);
  if (later.length !== last - since) return false;
  queueMicrotask(() => later.forEach(apply));
  return true;
}

function leave(gone) {
  if (!gone.length) return;
  for (const topic of gone) topics.delete(topic);
  send({ t: 'unsub', topics: gone });
}

function showState() {
  const catching = [...topics.values()].some(({ asked }) => asked > 0);
  setLamp(catching ? 'catch' : late ? 'late' : 'live');
}
