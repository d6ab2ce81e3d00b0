// The lamp that says whether the page is up to date, and the strip when there is no connection for a while.
const UNNOTICED = 300; // a blip nobody needs to hear of
const OFFLINE_AFTER = 5_000;

let state = 'live';
let shown = 'live';
let timers = [];

// "live", "catch" (something is missing and on its way) or "cut" (no connection: catching up, after a while paused)
export function setLamp(next) {
  if (next === 'cut' && state === 'cut') return; // the clock is running
  state = next;
  timers.forEach(clearTimeout);
  timers = next === 'live' ? [] : [setTimeout(show, UNNOTICED, 'catch')];
  if (next === 'live') show('live');
  if (next === 'cut') timers.push(setTimeout(show, OFFLINE_AFTER, 'paused'));
}

// A lamp that arrives with a swap says what the others say.
export const relight = () => shown !== 'live' && show(shown);

function show(what) {
  shown = what;
  for (const lamp of document.querySelectorAll('[data-lamp]')) {
    for (const name of ['catch', 'paused']) lamp.classList.toggle(name, name === what);
    const words = lamp.querySelector('span');
    const text = lamp.dataset[`${what}Text`];
    if (words && text && words.textContent !== text) words.textContent = text;
  }
  const strip = document.getElementById('offline-strip');
  if (strip) strip.hidden = what !== 'paused';
}
