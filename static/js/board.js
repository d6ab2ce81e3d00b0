// The board of tasks: a tile is dragged to another lane, or moved there with Shift and an arrow; a tile whose day or state
// changed elsewhere goes to its lane by itself, because a patch only replaces it where it is.
import htmx from 'htmx.org';
import { daysFromNow, isDayOnly, read } from './times.js';

const TAKES = ['today', 'later', 'done']; // nobody makes a task late on purpose

let held; // the tile under the pointer

export function startBoard() {
  document.addEventListener('pointerdown', ({ target }) => target.closest?.('.board .task')?.setAttribute('draggable', 'true'));
  document.addEventListener('dragstart', begin);
  document.addEventListener('dragover', over);
  document.addEventListener('dragleave', ({ target, relatedTarget }) => {
    const lane = target.closest?.('.lane.over');
    if (lane && !lane.contains(relatedTarget)) lane.classList.remove('over');
  });
  document.addEventListener('drop', drop);
  document.addEventListener('dragend', end);
  document.addEventListener('keydown', onKey);
  htmx.on('htmx:after:swap', settle);
}

function begin(event) {
  held = event.target.closest?.('.board .task');
  if (!held) return;
  event.dataTransfer.effectAllowed = 'move';
  event.dataTransfer.setData('text/plain', held.id);
  event.dataTransfer.setDragImage(held, 16, 16);
  held.classList.add('held');
}

function laneUnder({ target }) {
  const lane = held && target.closest?.('[data-lane]');
  return lane && TAKES.includes(lane.dataset.lane) && !lane.contains(held) ? lane : undefined;
}

function over(event) {
  const lane = laneUnder(event);
  document.querySelectorAll('.lane.over').forEach((other) => other !== lane && other.classList.remove('over'));
  if (!lane) return;
  event.preventDefault(); // it may be dropped here
  lane.classList.add('over');
}

function drop(event) {
  const lane = laneUnder(event);
  if (!lane) return;
  event.preventDefault();
  move(held, lane.dataset.lane);
}

function end() {
  held?.classList.remove('held');
  held = undefined;
  document.querySelectorAll('.lane.over').forEach((lane) => lane.classList.remove('over'));
}

function onKey(event) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const tile = event.shiftKey && by && event.target.closest?.('.board .task');
  if (!tile) return;
  event.preventDefault();
  const lanes = [...document.querySelectorAll('[data-lane]')].map((lane) => lane.dataset.lane);
  const next = lanes[lanes.indexOf(tile.closest('[data-lane]').dataset.lane) + by];
  if (TAKES.includes(next)) move(tile, next, true);
}

// The answer draws the tile anew, and `settle` puts it where it belongs.
async function move(tile, lane, focus = false) {
  const { id } = tile;
  const place = `${tile.querySelector('a.t').pathname}/lane`;
  await htmx.ajax('PUT', place, { source: tile, target: tile, swap: 'none', values: { lane } });
  if (focus) document.querySelector(`#${CSS.escape(id)} a.t`)?.focus();
}

function settle() {
  for (const tile of document.querySelectorAll('.board .task')) {
    const from = tile.closest('[data-lane]');
    const to = document.querySelector(`[data-lane="${laneOf(tile)}"]`);
    if (!to || to === from) continue;
    const list = to.querySelector('ul');
    const after = to.dataset.lane === 'done' ? list.firstElementChild : [...list.children].find((other) => dueOf(other) > dueOf(tile));
    list.insertBefore(tile, after ?? null);
    count(from, -1);
    count(to, 1);
  }
}

const dueOf = (tile) => tile.querySelector('time.due')?.dateTime ?? '9999';

function laneOf(tile) {
  if (tile.classList.contains('done')) return 'done';
  const time = tile.querySelector('time.due');
  if (!time) return 'later';
  const days = daysFromNow(read(time), time);
  if (days < 0 || (!isDayOnly(time) && read(time) < Date.now())) return 'overdue';
  return days === 0 ? 'today' : 'later';
}

function count(lane, by) {
  const place = lane.querySelector('[data-lane-count]');
  if (place && /^\d+$/.test(place.textContent)) place.textContent = String(Math.max(0, Number(place.textContent) + by));
}
