// The rules by which HTML gets into the page, the same for a live patch, for the answer to one's own act and for a fetched region:
// never over a newer version, never twice, never under somebody's fingers.
import htmx from 'htmx.org';
import { me } from './page.js';
import { busyControls, isBusy, isChanged, isWriting } from './typed.js';

export { isBusy };

const FLASH = 1500;
const ADDS = ['beforeend', 'afterbegin'];

const held = new Map(); // id → the last patch that waits until nobody writes there
let live = false; // the swap under way is a patch, not an answer
let forced; // the id of the part that is replaced although somebody wrote in it
let kept = new Set(); // parts of a region that stay because somebody writes in them

export function startSwaps() {
  htmx.registerExtension('tertulia-swap', {
    htmx_before_swap: (_source, detail) => applyRules(detail),
    htmx_before_morph_node: (oldNode, { newNode }) => mayMorph(oldNode, newNode),
    htmx_before_morph_attr: (element, { attrName, newValue }) => mayMorphAttribute(element, attrName, newValue),
  });
  htmx.on('htmx:after:swap', releaseSoon);
  for (const event of ['focusout', 'reset', 'change']) document.addEventListener(event, releaseSoon);
}

// html is one or more <hx-partial hx-target hx-swap>. The part of htmx.swap that changes the page runs before it first waits,
// so patches keep their order without being awaited.
export function swapPatches(html, { own = false } = {}) {
  live = !own;
  const done = htmx.swap({ text: html, sourceElement: document.body, target: document.body, swap: 'none' });
  live = false;
  return done;
}

export function swapRegion(region, fresh) {
  kept = new Set(busyControls(region).map((control) => keeper(control, region, fresh)).filter(Boolean));
  const done = htmx.swap({ text: fresh.outerHTML, sourceElement: region, target: region, swap: 'outerMorph' });
  kept = new Set();
  return done;
}

// The smallest named part around a control, when the fresh region has it too.
function keeper(control, region, fresh) {
  for (let part = control.closest('[id]'); part && part !== region; part = part.parentElement.closest('[id]')) {
    if (fresh.querySelector(`#${CSS.escape(part.id)}`)) return part;
  }
  return control;
}

function applyRules({ ctx, tasks }) {
  const ruled = tasks.flatMap((task) => (task.type === 'main' ? [task] : rule(task, ctx)));
  tasks.splice(0, tasks.length, ...ruled.filter((task) => task.type === 'main' || !waits(task, ctx)));
}

// One task, as the tasks it becomes.
function rule(task, ctx) {
  if (!task.target || isOtherForm(task.target, ctx.sourceElement)) return [];
  if (live) task.fragment.querySelectorAll('[autofocus]').forEach((element) => element.removeAttribute('autofocus'));
  const parts = ADDS.includes(task.swapSpec.style) ? splitKnown(task, ctx) : [task];
  return parts.filter(isNotOlder).map(markFlash);
}

// An error belongs under the field of the form that was sent, not of another with a field of that name.
function isOtherForm(target, source) {
  const form = source?.closest?.('form');
  return target.dataset?.errorFor !== undefined && Boolean(form) && !form.contains(target);
}

// An element that is there already is replaced where it is: a patch may come twice.
function splitKnown(task, ctx) {
  const known = [...task.fragment.children].flatMap((child) => {
    const target = child.id && document.getElementById(child.id);
    if (!target) return [];
    const fragment = document.createDocumentFragment();
    fragment.append(child);
    return [{ type: 'partial', fragment, target, swapSpec: { style: 'outerMorph' }, sourceElement: ctx.sourceElement }];
  });
  return task.fragment.childElementCount ? [task, ...known] : known;
}

const version = (element) => Number(element?.dataset?.v ?? -1);
const replaces = (task) => !ADDS.includes(task.swapSpec.style);

function isNotOlder(task) {
  const newcomer = task.fragment.firstElementChild;
  return !replaces(task) || !newcomer?.dataset?.v || version(task.target) <= version(newcomer);
}

function markFlash(task) {
  if (!live || task.swapSpec.style === 'delete') return task;
  for (const newcomer of task.fragment.children) {
    const { by } = newcomer.dataset;
    if (!by || by === me()) continue;
    newcomer.classList.add('flash');
    if (newcomer.id) setTimeout(endFlash, FLASH, newcomer.id);
  }
  return task;
}

function endFlash(id) {
  document.getElementById(id)?.classList.remove('flash');
}

// Under somebody's fingers

function waits(task, ctx) {
  const { target } = task;
  if (!replaces(task) || !target.id || target.id === forced || !isBusy(target)) return false;
  if (ctx.sourceElement !== document.body && target.contains(ctx.sourceElement)) return false; // the answer to what they sent
  held.set(target.id, task);
  target.dispatchEvent(new CustomEvent('patch:held', { bubbles: true, detail: { newcomer: task.fragment.firstElementChild } }));
  return true;
}

// What waited comes now; with force also over what is typed, because its writer said so.
export function release(id, { force = false } = {}) {
  const task = held.get(id);
  held.delete(id);
  const target = document.getElementById(id);
  if (!task || !target) return;
  const html = [...task.fragment.children].map((child) => child.outerHTML).join('');
  const style = force ? 'outerHTML' : task.swapSpec.style; // a morph would keep what is typed
  forced = force ? id : undefined;
  swapPatches(`<hx-partial hx-target="#${CSS.escape(id)}" hx-swap="${style}">${html}</hx-partial>`);
  forced = undefined;
}

function releaseSoon() {
  if (held.size) setTimeout(releaseIdle, 150);
}

function releaseIdle() {
  const ids = [...held.keys()]; // release changes the map
  for (const id of ids) {
    const target = document.getElementById(id);
    if (!target) held.delete(id);
    else if (!isBusy(target)) release(id);
  }
}

// Inside a morph

function mayMorph(oldNode, newNode) {
  if (kept.has(oldNode)) return false;
  if (oldNode.dataset?.v && newNode.dataset?.v && version(oldNode) > version(newNode)) return false;
  return !(oldNode.matches?.('input, textarea, select') && (isWriting(oldNode) || isChanged(oldNode)));
}

function mayMorphAttribute(element, name, value) {
  // Accordions and dialogs are the reader's to open and close.
  if (name === 'open') return false;
  // The attribute is only the default of a tick that was ever pressed.
  if (name === 'checked' && !isChanged(element)) element.checked = value !== null;
  return true;
}
