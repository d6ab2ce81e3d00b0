// Writes times in the reader's language and zone, and what depends on the reader: today, overdue, day lines, the unread line.
import htmx from 'htmx.org';
import { language, timeZone } from './page.js';
import { word } from './words.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
const LONG_AGO = 7; // days after which "ago" becomes a date

const formats = {
  time: { hour: '2-digit', minute: '2-digit' },
  date: { day: 'numeric', month: 'short', year: 'numeric' },
  short: { weekday: 'short', day: 'numeric', month: 'short' },
  long: { weekday: 'long', day: 'numeric', month: 'long' },
  full: { dateStyle: 'full', timeStyle: 'short' },
  key: { year: 'numeric', month: '2-digit', day: '2-digit' },
};
const made = new Map();

export function startTimes() {
  writeTimes();
  htmx.on('htmx:after:swap', writeTimes);
  setInterval(writeTimes, MINUTE / 2);
}

export function writeTimes() {
  for (const time of document.querySelectorAll('time[data-format]')) write(time);
  for (const list of document.querySelectorAll('[data-days]')) divide(list);
  for (const promise of document.querySelectorAll('[data-due]')) colour(promise);
}

function write(time) {
  const moment = read(time);
  if (Number.isNaN(moment.getTime())) return;
  const text = writers[time.dataset.format]?.(moment, time);
  if (text && time.textContent !== text) time.textContent = text;
  if (!time.title && !isDayOnly(time)) time.title = inFormat('full', moment);
}

const writers = {
  time: (moment) => inFormat('time', moment),
  date: (moment, time) => inFormat('date', moment, time),
  day: (moment, time) => dayName(moment, 'long', time),
  ago: (moment) => ago(moment),
  due: (moment, time) => due(moment, time),
  by: (moment) => (daysFromNow(moment) === 0 ? inFormat('time', moment) : `${inFormat('short', moment)} ${inFormat('time', moment)}`),
  left: (moment) => left(moment),
};

// A date without a time belongs to no zone: it is read and written in UTC.
export const isDayOnly = (time) => /^\d{4}-\d\d-\d\d$/.test(time.dateTime);
export const read = (time) => new Date(isDayOnly(time) ? `${time.dateTime}T00:00Z` : time.dateTime);

function inFormat(name, moment, time) {
  const zone = time && isDayOnly(time) ? 'UTC' : timeZone();
  const key = `${name} ${zone} ${language()}`;
  if (!made.has(key)) {
    const tongue = name === 'key' ? 'en-CA' : language() === 'en' ? 'en-GB' : language();
    made.set(key, new Intl.DateTimeFormat(tongue, { ...formats[name], timeZone: zone }));
  }
  return made.get(key).format(moment);
}

// Days from today, in the reader's zone: −1 yesterday, 1 tomorrow.
export function daysFromNow(moment, time) {
  const day = (date, of) => Date.parse(`${inFormat('key', date, of)}T00:00Z`);
  return Math.round((day(moment, time) - day(new Date())) / DAY);
}

function dayName(moment, format, time) {
  const days = daysFromNow(moment, time);
  return Math.abs(days) <= 1 ? capital(relative(days, 'day')) : inFormat(format, moment, time);
}

const relative = (n, unit, style = 'long') => new Intl.RelativeTimeFormat(language() === 'en' ? 'en-GB' : language(), { numeric: 'auto', style }).format(n, unit);
const capital = (text) => text.charAt(0).toLocaleUpperCase(language()) + text.slice(1);

function ago(moment) {
  const minutes = Math.round((moment - Date.now()) / MINUTE);
  const days = daysFromNow(moment);
  if (Math.abs(minutes) < 60) return relative(minutes || 0, minutes ? 'minute' : 'second', 'short');
  if (days === 0) return relative(Math.round(minutes / 60), 'hour', 'short');
  return Math.abs(days) < LONG_AGO ? relative(days, 'day') : inFormat('date', moment);
}

function due(moment, time) {
  const days = daysFromNow(moment, time);
  const late = isDayOnly(time) ? days < 0 : moment < Date.now();
  const open = !time.closest('.done');
  time.classList.toggle('bad-t', open && late);
  time.classList.toggle('warn-t', open && !late && days === 0);
  const day = dayName(moment, 'short', time);
  return isDayOnly(time) ? day : `${day} ${inFormat('time', moment)}`;
}

// How long a promise has still to run, or how late it is.
function left(moment) {
  const minutes = Math.trunc((moment - Date.now()) / MINUTE);
  const [days, hours, rest] = [Math.trunc(Math.abs(minutes) / 1440), Math.trunc(Math.abs(minutes) / 60) % 24, Math.abs(minutes) % 60];
  const parts = days ? [unit(days, 'day'), hours && unit(hours, 'hour')] : hours ? [unit(hours, 'hour'), rest && unit(rest, 'minute')] : [unit(rest, 'minute')];
  const span = parts.filter(Boolean).join(' ');
  return moment < Date.now() ? word('late', span) : span;
}

const unit = (n, name) => new Intl.NumberFormat(language() === 'en' ? 'en-GB' : language(), { style: 'unit', unit: name, unitDisplay: 'narrow' }).format(n);

// The last quarter of its time is a warning.
function colour(promise) {
  const [from, due] = [Date.parse(promise.dataset.from), Date.parse(promise.dataset.due)];
  const used = due > from ? (Date.now() - from) / (due - from) : 1;
  promise.classList.toggle('is-late', used >= 1);
  promise.classList.toggle('is-near', used >= 0.75 && used < 1);
  const bar = promise.querySelector('progress');
  if (bar) bar.value = Math.min(Math.max(used, 0), 1);
}

// Day lines and the unread line of a list. Lines that are right already stay, so that nothing moves.
function divide(list) {
  const unreadFrom = list.dataset.readAt ? Date.parse(list.dataset.readAt) : Infinity;
  let day;
  let unread = false;
  const children = [...list.children]; // lines are put in between
  for (const child of children) {
    if (child.dataset.line) continue;
    const time = child.querySelector('time[datetime]');
    if (!time) continue;
    const moment = read(time);
    const today = inFormat('key', moment, time);
    const lines = [];
    if (today !== day) lines.push(['day', dayName(moment, 'long', time)]);
    day = today;
    if (!unread && moment > unreadFrom && !isMine(child)) {
      lines.push(['new', word('new_since', inFormat('time', new Date(unreadFrom)))]);
      unread = true;
    }
    putBefore(child, lines);
  }
  const lines = list.querySelectorAll(':scope > [data-line]');
  for (const line of lines) if (isBeforeNothing(line)) line.remove();
}

const isMine = (child) => child.dataset.by !== undefined && child.dataset.by === document.body.dataset.me;

// What followed it has gone.
function isBeforeNothing(line) {
  const next = line.nextElementSibling;
  return !next || next.dataset.line === line.dataset.line;
}

function putBefore(child, lines) {
  const there = linesBefore(child);
  const same = there.length === lines.length && there.every((line, i) => line.dataset.line === lines[i][0] && line.textContent === lines[i][1]);
  if (same) return;
  there.forEach((line) => line.remove());
  for (const [kind, text] of lines) child.before(makeLine(kind, text));
}

function linesBefore(child) {
  const found = [];
  for (let line = child.previousElementSibling; line?.dataset.line; line = line.previousElementSibling) found.unshift(line);
  return found;
}

function makeLine(kind, text) {
  const line = document.createElement('div');
  line.className = kind === 'new' ? 'day new' : 'day';
  line.dataset.line = kind;
  line.textContent = text;
  return line;
}
