// The call goes on while one follows links of the house: pages are swapped in under it, and it waits in a card at the bottom right.
import htmx from 'htmx.org';
import { play } from './calltiles.js';

// What stays when a page is swapped: everything else in the body belongs to its page.
const STAYS = ['offline-strip', 'toasts', 'rings', 'callcard', 'palette', 'act', 'keys', 'dropped', 'beside', 'refresh-pill'];

export const cardOf = (stage) => stage?.closest('.callcard');

export function toCard(stage, place) {
  if (cardOf(stage)) return;
  const card = document.createElement('div');
  card.id = 'callcard';
  card.className = 'callcard going';
  card.setAttribute('role', 'region');
  card.setAttribute('aria-label', place.title ?? place.name ?? '');
  document.body.append(card);
  move(card, stage);
}

// Back on its own page: it takes the place of the copy that came with the page.
export function toPage(stage, page) {
  const inside = document.getElementById('call-inside');
  const copy = document.getElementById('call-inside').querySelector('#call-stage');
  const card = cardOf(stage);
  for (const part of page.querySelectorAll('[data-before]')) part.hidden = true;
  inside.hidden = false;
  if (copy !== stage) {
    copy?.remove();
    move(inside, stage, inside.firstElementChild);
  }
  card?.remove();
}

function move(parent, stage, before = null) {
  if (stage.isConnected && parent.moveBefore) parent.moveBefore(stage, before);
  else parent.insertBefore(stage, before);
  stage.querySelectorAll('video, audio').forEach(play);
}

export function startTravel({ inCall, arrived }) {
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    if (!link || !inCall() || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (!isPage(link)) return;
    event.preventDefault();
    travel(link.href, true);
  });
  document.addEventListener('call:back', ({ detail }) => travel(detail, true));
  addEventListener('popstate', () => inCall() && travel(location.href, false));

  async function travel(href, push) {
    const answer = await fetch(href, { cache: 'no-store' }).catch(() => undefined);
    if (!answer) return; // no connection: the strip says so
    const isHtml = answer.ok && answer.headers.get('content-type')?.startsWith('text/html');
    const fresh = isHtml ? new DOMParser().parseFromString(await answer.text(), 'text/html') : undefined;
    // The call comes back by itself on whatever page that is.
    if (!fresh?.querySelector('body > .app')) return location.assign(href);
    if (push) history.pushState({ call: true }, '', answer.url);
    await swapPage(fresh);
    arrived();
  }

  async function swapPage(fresh) {
    const stage = document.getElementById('call-stage');
    const page = document.getElementById('call');
    if (stage && !cardOf(stage)) toCard(stage, page?.dataset ?? {});
    document.title = fresh.title;
    const passing = (body) => [...body.children].filter((part) => !part.matches('.app, .skip') && !STAYS.includes(part.id));
    for (const part of passing(document.body)) part.remove();
    const app = fresh.querySelector('body > .app');
    const more = passing(fresh.body);
    const text = app.outerHTML;
    await htmx.swap({ text, sourceElement: document.body, target: document.querySelector('body > .app'), swap: 'outerHTML' });
    for (const part of more) {
      document.body.append(document.adoptNode(part));
      htmx.process(part);
    }
    document.dispatchEvent(new CustomEvent('page:swapped'));
    document.getElementById('main')?.focus({ preventScroll: true });
  }
}

function isPage(link) {
  if (link.target || link.hasAttribute('download') || link.dataset.do || link.closest('[hx-boost]')) return false;
  if (link.origin !== location.origin || /^\/(static|export|files|p)\//.test(link.pathname)) return false;
  return !(link.hash && link.pathname === location.pathname && link.search === location.search);
}
