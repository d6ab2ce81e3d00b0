// Chat in the browser: what is mine and what is new, signs under messages, threads, and how far I have read.
import htmx from 'htmx.org';
import { newKey } from './acts.js';
import { me } from './page.js';
import { fill } from './words.js';

const READ_EVERY = 1_500; // ms between two read marks of one room

let sign; // the message, or the field, that the emoji menu was opened for
let reading; // timer
const told = new Map(); // room → the last message we said we have read

export function startChat() {
  if (!/^\d+$/.test(me() ?? '')) return;
  const sheet = new CSSStyleSheet();
  const mine = '{ border-color: var(--accent-line); background: var(--accent-soft); color: var(--accent-ink); font-weight: 600; }';
  sheet.replaceSync(`.react[data-users~="${me()}"] ${mine}`);
  document.adoptedStyleSheets.push(sheet);
  document.addEventListener('click', onClick);
  document.addEventListener('keydown', onKey);
  document.addEventListener('visibilitychange', markRead);
  htmx.on('htmx:after:swap', show);
  show();
  if (!goToMessage()) enterRoom();
}

function show() {
  for (const item of document.querySelectorAll('.rooms [data-room]')) showItem(item);
  openThread();
  markRead();
}

// The list

const openRoom = () => document.querySelector('[data-read-url]')?.id.match(/\d+/)?.[0] ?? location.pathname.match(/^\/chat\/(\d+)$/)?.[1];

// The line knows what was new when it was drawn; the news say how many came since, and who wrote last.
function showItem(item) {
  const { room, kind, n, unread, count } = item.dataset;
  const news = item.querySelector('[data-author]')?.dataset;
  const own = news?.author === me() && Number(news.n) > Number(n);
  const here = room === openRoom();
  const since = Math.max(0, Number(news?.n ?? n) - Number(n));
  const fresh = own || (here && !document.hidden) ? 0 : Number(unread) + since;
  const called = own ? 0 : kind === 'direct' ? fresh : Number(count);
  const muted = item.hasAttribute('data-muted');
  toggle(item, 'aria-current', here ? 'page' : null);
  item.classList.toggle('unread', fresh > 0 && !muted && !here);
  const pill = item.querySelector('.count');
  if (!pill) return;
  pill.hidden = !called || (here && !document.hidden);
  if (pill.textContent !== String(called)) pill.textContent = called;
  pill.setAttribute('aria-label', fill(pill.dataset.label, called));
}

function toggle(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

// How far I have read

function markRead() {
  if (document.hidden || reading || !unreadHere()) return;
  reading = setTimeout(sendRead, told.size ? READ_EVERY : 300);
}

function unreadHere() {
  const list = document.querySelector('[data-read-url]');
  const news = list && document.querySelector(`#room-${openRoom()}-news`)?.dataset;
  const item = list && document.getElementById(`room-${openRoom()}-item`)?.dataset;
  if (!news || !item || Number(news.last) <= (told.get(openRoom()) ?? 0)) return undefined;
  const fresh = Number(item.unread) + Number(news.n) - Number(item.n);
  return fresh > 0 ? { url: list.dataset.readUrl, last: Number(news.last), room: openRoom() } : undefined;
}

async function sendRead() {
  reading = undefined;
  const due = unreadHere();
  if (!due || document.hidden) return;
  told.set(due.room, due.last);
  const body = new URLSearchParams({ message: due.last });
  const headers = { 'HX-Request': 'true', 'Idempotency-Key': newKey() };
  const answer = await fetch(due.url, { method: 'PUT', body, headers }).catch(() => null);
  if (!answer?.ok) told.delete(due.room);
}

// Signs

function onClick({ target }) {
  const pressed = target.closest?.('[data-react], [data-react-menu], [data-emoji-menu], [data-sign], [data-close-thread], [data-insert]');
  if (!pressed) return;
  const { react, message, users = '', reactMenu, insert } = pressed.dataset;
  if (react) return put(message, react, users.split(' ').includes(me()), pressed);
  if (reactMenu) return openMenu(pressed, { message: reactMenu });
  if (pressed.hasAttribute('data-emoji-menu')) return openMenu(pressed, { field: pressed.form.querySelector('textarea') });
  if (insert) return type(pressed.form.querySelector('textarea'), insert);
  if (pressed.dataset.sign) return choose(pressed);
  closeThread();
}

// The element that asks must stay: the answer replaces the message with its buttons.
function put(message, emoji, mine, source) {
  const own = source.isConnected && !source.closest('[popover]') ? source : document.body;
  return htmx.ajax(mine ? 'DELETE' : 'PUT', `/messages/${message}/reactions/${encodeURIComponent(emoji)}`, { source: own, target: document.body, swap: 'none' });
}

function openMenu(button, what) {
  const menu = document.getElementById('emoji');
  if (!menu) return;
  sign = what;
  menu.showPopover();
  const from = button.getBoundingClientRect();
  const above = from.bottom + 4 + menu.offsetHeight > innerHeight;
  menu.style.top = `${above ? from.top - menu.offsetHeight - 4 : from.bottom + 4}px`;
  menu.style.left = `${Math.max(8, Math.min(from.left, innerWidth - menu.offsetWidth - 8))}px`;
  menu.querySelector('button').focus();
}

function choose(button) {
  document.getElementById('emoji').hidePopover();
  const { message, field } = sign ?? {};
  if (field) return type(field, button.dataset.sign);
  if (!message) return;
  const there = document.querySelector(`#message-${message} [data-react="${CSS.escape(button.dataset.sign)}"]`);
  put(message, button.dataset.sign, there?.dataset.users.split(' ').includes(me()) ?? false, button);
}

function type(field, text) {
  const before = field.value.slice(0, field.selectionStart);
  const gap = text === '@' && before && !/\s$/.test(before) ? ' ' : '';
  field.focus();
  field.setRangeText(gap + text, field.selectionStart, field.selectionEnd, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

// Threads

function openThread() {
  const thread = document.getElementById('thread');
  if (!thread || thread.hidden || thread.dataset.shown) return;
  thread.dataset.shown = '1';
  const scroll = thread.querySelector('.thread-scroll');
  if (scroll) scroll.scrollTop = scroll.scrollHeight;
  if (!document.activeElement?.matches('textarea')) thread.querySelector('textarea')?.focus({ preventScroll: true });
}

function closeThread() {
  const thread = document.getElementById('thread');
  if (!thread || thread.hidden) return;
  const empty = document.createElement('aside');
  Object.assign(empty, { id: 'thread', className: 'aside talk-aside', hidden: true });
  thread.replaceWith(empty);
  document.dispatchEvent(new CustomEvent('regions:dropped'));
  document.getElementById('composer-text')?.focus({ preventScroll: true });
}

function onKey(event) {
  if (event.defaultPrevented || document.querySelector('dialog[open], [popover]:popover-open')) return;
  const { target, key } = event;
  const cancel = key === 'Escape' && target.closest?.('form[data-cancel]')?.querySelector('[data-cancel-edit]');
  if (cancel) return cancel.click();
  if (key === 'Escape' && target.closest?.('#thread')) return closeThread();
  if (key === 'ArrowUp' && target.id === 'composer-text' && !target.value) editLast(event);
}

// Arrow up in an empty field mends what I said last.
function editLast(event) {
  const own = [...document.querySelectorAll(`.msg[data-by="${me()}"]:not(.gone)`)].pop();
  const button = own?.querySelector('.mine-only[hx-get]');
  if (!button) return;
  event.preventDefault();
  button.click();
}

function goToMessage() {
  const wanted = /^#message-\d+$/.test(location.hash) && document.querySelector(location.hash);
  if (!wanted) return false;
  wanted.scrollIntoView({ block: 'center' });
  wanted.classList.add('flash');
  setTimeout(() => wanted.classList.remove('flash'), 1_500);
  return true;
}

// Who opens a room at a desk writes at once; on a telephone the keyboard would cover what is read.
function enterRoom() {
  const atDesk = matchMedia('(hover: hover) and (min-width: 701px)').matches;
  if (atDesk && document.activeElement === document.body) document.getElementById('composer-text')?.focus({ preventScroll: true });
}
