// Fetches regions of the page again with the reader's own rights, at a moment of the reader's choosing or soon.
import htmx from 'htmx.org';
import { counted } from './words.js';
import { pass, signIn } from './page.js';
import { isBusy, swapRegion } from './swap.js';
import { writeTimes } from './times.js';

const AGAIN_AFTER = 5_000;
const HURRY = 0.2; // seconds at most before what rings, or what one has just done, is fetched: few hear it, and they wait
const JUST_NOW = 3_000;
const CALM = 5_000; // between two loads of a region that follows whatever happens, such as counts

const waiting = new Map(); // id → timer
const stale = new Set(); // ids that changed while nobody looked
const offered = new Map(); // id → changes since, shown in the pill
const loading = new Set();
const loadedAt = new Map();
let actedAt = -JUST_NOW;

export function refreshRegions(regions, seconds = 0) {
  const spread = performance.now() - actedAt < JUST_NOW ? Math.min(seconds, HURRY) : seconds;
  for (const region of regions) {
    if (!region?.id) continue;
    if (region.dataset.refresh === 'pill' && !region.querySelector('.blank')) offer(region.id); // an empty list has no rows to jump
    else if ('evenHidden' in region.dataset) schedule(region.id, Math.random() * Math.min(spread, HURRY) * 1000);
    else if (document.hidden) stale.add(region.id);
    else if (region.dataset.refresh === 'calm') scheduleCalmly(region.id, spread);
    else schedule(region.id, Math.random() * spread * 1000);
  }
}

export function dropRegions(regions) {
  const words = document.getElementById('dropped')?.content;
  for (const region of regions) {
    if (words) region.replaceWith(words.cloneNode(true));
    else region.remove();
  }
  document.dispatchEvent(new CustomEvent('regions:dropped'));
}

// What the whole page is about is closed to its reader: nothing of it stays, its name neither, but the ways elsewhere.
export function dropPage(topic) {
  const main = document.querySelector('main[data-record]');
  if (main?.dataset.record !== topic || main.querySelector('.room')) return false; // beside a room stand the others
  const words = document.getElementById('dropped').content.cloneNode(true);
  document.title = words.querySelector('h2').textContent;
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
  delete main.dataset.record;
  main.replaceChildren(words);
  document.querySelector('.deep')?.classList.remove('deep');
  document.dispatchEvent(new CustomEvent('regions:dropped'));
  askWhatBecame(main);
  return true;
}

// What lies in the trash says so at its address, to those who may know, with the way back.
async function askWhatBecame(main) {
  const response = await fetch(location.href, { headers: { Accept: 'text/html' } }).catch(() => null);
  if (!response) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const said = page.querySelector('[data-became]');
  if (!said || !main.isConnected) return;
  document.title = page.title;
  main.replaceChildren(said); // no swap: whoever is typing must not press what came instead of their field
  htmx.process(main);
  writeTimes();
}

export function watchRegions() {
  htmx.on('htmx:before:request', ({ detail }) => {
    if (detail.ctx.request.method !== 'GET') actedAt = performance.now();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    for (const id of stale) schedule(id, 0);
    stale.clear();
  });
  addEventListener('online', () => [...waiting.keys()].forEach((id) => schedule(id, 0)));
}

function schedule(id, delay) {
  clearTimeout(waiting.get(id));
  waiting.set(id, setTimeout(load, delay, id));
}

function scheduleCalmly(id, spread) {
  if (waiting.has(id)) return; // it comes anyhow
  const rest = (loadedAt.get(id) ?? -CALM) + CALM - performance.now();
  schedule(id, Math.max(rest, Math.random() * spread * 1000));
}

async function load(id) {
  if (loading.has(id)) return schedule(id, 50);
  waiting.delete(id);
  loadedAt.set(id, performance.now());
  const region = document.getElementById(id);
  if (!region) return;
  loading.add(id);
  try {
    await replace(region);
  } catch {
    schedule(id, AGAIN_AFTER + Math.random() * AGAIN_AFTER); // no connection
  } finally {
    loading.delete(id);
  }
}

async function replace(region) {
  // A region's own address answers with a fragment; without one we take our part of the whole page.
  const own = region.dataset.src;
  const headers = own ? { 'HX-Request': 'true', 'HX-Target': region.id } : {};
  if (pass()) headers.Authorization = `Bearer ${pass()}`;
  const response = await fetch(own ?? location.href, { headers, cache: 'no-store' });
  if (response.status === 401 || new URL(response.url).pathname === '/signin') return signIn();
  if (response.status === 403 || response.status === 404) return dropRegions([region]);
  if (!response.ok) throw new Error(`region ${region.id}: ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const fresh = page.getElementById(region.id);
  if (!fresh) return dropRegions([region]);
  // What somebody is writing in stays as it is, and the region comes again when they are done.
  if (isBusy(region)) whenIdle(region.id);
  swapRegion(region, fresh);
}

function whenIdle(id) {
  const check = () => {
    const region = document.getElementById(id);
    if (region && isBusy(region)) return;
    removeEventListener('focusout', soon);
    if (region) schedule(id, 0);
  };
  const soon = () => setTimeout(check, 300);
  addEventListener('focusout', soon);
}

// The pill

function offer(id) {
  offered.set(id, (offered.get(id) ?? 0) + 1);
  showPill();
}

function showPill() {
  const total = [...offered.values()].reduce((sum, n) => sum + n, 0);
  let pill = document.getElementById('refresh-pill');
  if (!total) return pill?.remove();
  if (!pill) {
    pill = document.createElement('button');
    Object.assign(pill, { id: 'refresh-pill', type: 'button', className: 'pillbar', onclick: takeOffers });
    pill.dataset.key = '.';
    pill.setAttribute('aria-live', 'polite');
    document.body.append(pill);
  }
  pill.textContent = counted('changes', total);
}

function takeOffers() {
  for (const id of offered.keys()) schedule(id, 0);
  offered.clear();
  showPill();
}
