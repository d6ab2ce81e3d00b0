// Short sentences at the bottom right: what was done, with Undo, or what went wrong. The server asks for one by the header X-Toast.
import htmx from 'htmx.org';
import { newKey } from './acts.js';
import { word } from './words.js';

const SHOWN = 6_000;
const SHOWN_WITH_UNDO = 10_000;
const MOST = 3; // notices at once

export function startToasts() {
  htmx.on('htmx:before:response', ({ detail }) => showHeader(detail.ctx.response.headers));
  htmx.on('htmx:after:swap', adopt);
  htmx.on('htmx:error', ({ detail }) => {
    // fetch fails with a TypeError when there is no connection
    if (detail.error instanceof TypeError && detail.ctx) toast(word('not_saved_offline'), { error: true });
  });
  htmx.on('htmx:response:error', ({ detail }) => {
    const { response, sourceElement } = detail.ctx;
    if (response.status >= 500 && !response.headers.get('X-Toast')) toast(word('went_wrong'), { error: true });
    // A tick that was not taken goes back.
    if (sourceElement.type === 'checkbox') sourceElement.checked = sourceElement.defaultChecked;
  });
}

// A toast that came with a live patch gets its cross and goes like the others; what is in sight already needs none.
function adopt() {
  for (const item of document.querySelectorAll('.toasts > [data-fresh]')) {
    item.removeAttribute('data-fresh');
    if (isInSight(item.dataset)) {
      item.remove();
      continue;
    }
    item.append(closer(item, false));
    leaveAfter(item, SHOWN_WITH_UNDO);
  }
  const told = [...document.querySelectorAll('.toasts > .told')];
  told.slice(0, -MOST).forEach((item) => item.remove()); // the bell has them all
}

function isInSight({ url, place }) {
  if (document.hidden) return false;
  if (url && new URL(url, location.href).pathname === location.pathname) return true;
  return Boolean(place) && [...document.querySelectorAll('[data-topics]')].some((region) => region.checkVisibility() && place in JSON.parse(region.dataset.topics || '{}') && region.matches('.talk'));
}

export function showHeader(headers) {
  const said = headers.get('X-Toast');
  if (!said) return;
  const { text, undo, error } = JSON.parse(said);
  toast(text, { undo, error });
}

export function toast(text, { undo, error } = {}) {
  const box = place();
  const item = element('div', `toast2${error ? ' err' : ''}`);
  item.append(icon(error ? 'alert-triangle' : 'check'), element('span', '', text));
  if (undo) item.append(button(word('undo'), 'btn btn-s push', () => takeBack(undo, item)));
  item.append(closer(item, !undo));
  item.setAttribute('role', error ? 'alert' : 'status');
  box.append(item);
  if (!error) leaveAfter(item, undo ? SHOWN_WITH_UNDO : SHOWN); // errors stay
  return item;
}

function place() {
  const given = document.querySelector('.toasts');
  if (given) return given;
  const made = element('div', 'toasts');
  document.body.append(made);
  return made;
}

// Nobody is hurried: the time stands still while the pointer or the focus is on it.
function leaveAfter(item, time) {
  let timer = setTimeout(() => item.remove(), time);
  const hold = () => clearTimeout(timer);
  const go = () => {
    hold();
    timer = setTimeout(() => item.remove(), time);
  };
  item.addEventListener('pointerenter', hold);
  item.addEventListener('pointerleave', go);
  item.addEventListener('focusin', hold);
  item.addEventListener('focusout', go);
}

async function takeBack({ url, method = 'POST' }, item) {
  item.remove();
  try {
    const headers = { 'HX-Request': 'true', 'Idempotency-Key': newKey() };
    const response = await fetch(url, { method, headers });
    const text = await response.text();
    if (!response.ok) return toast(word('went_wrong'), { error: true });
    showHeader(response.headers);
    await htmx.swap({ text, sourceElement: document.body, target: document.body, swap: 'none' });
  } catch {
    toast(word('not_saved_offline'), { error: true });
  }
}

function closer(item, pushed) {
  const close = button('', `btn btn-quiet btn-sq btn-s${pushed ? ' push' : ''}`, () => item.remove());
  close.setAttribute('aria-label', word('close'));
  close.append(icon('x'));
  return close;
}

// Small builders, also for other modules that make an element or two

export function element(tag, css, text) {
  const made = document.createElement(tag);
  if (css) made.className = css;
  if (text !== undefined) made.textContent = text;
  return made;
}

export function button(text, css, act) {
  const made = element('button', css, text);
  made.type = 'button';
  made.addEventListener('click', act);
  return made;
}

// The sprite's name carries a hash: any icon the server drew tells it.
let sprite;

export function icon(name) {
  sprite ??= document.querySelector('svg use[href*="#i-"]')?.getAttribute('href').split('#')[0] ?? '';
  const drawing = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  drawing.setAttribute('class', 'icon');
  drawing.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `${sprite}#i-${name}`);
  drawing.append(use);
  return drawing;
}
