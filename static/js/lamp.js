// The lamp that says whether the page is up to date, and the strip when there is no connection for a while.
const UNNOTICED = 300; // a blip nobody needs to hear of
const OFFLINE_AFTER = 5_000;

let state = 'live';
let shown = 'live';
let timers = [];

// "live", "catch" (something is missing and on its way), "late" (what others do comes some seconds late: paused, though
// the line is there) or "cut" (no connection: catching up, after a while paused)
export function setLamp(next) {
  if (next === 'cut' && state === 'cut') return; // the clock is running
  state = next;
  timers.forEach(clearTimeout);
  const known = next === 'live' || next === 'late';
  timers = known ? [] : [setTimeout(show, UNNOTICED, 'catch')];
  if (known) show(next);
  if (next === 'cut') timers.push(setTimeout(show, OFFLINE_AFTER, 'paused'));
}

// A lamp that arrives with a swap says what the others say.
export const relight = () => shown !== 'live' && show(shown);

function show(what) {
  shown = what;
  const look = what === 'late' ? 'paused' : what;
  for (const lamp of document.querySelectorAll('[data-lamp]')) {
    for (const name of ['catch', 'paused']) lamp.classList.toggle(name, name === look);
    const words = lamp.querySelector('span');
    const text = lamp.dataset[`${look}Text`];
    if (words && text && words.textContent !== text) words.textContent = text;
  }
  const strip = document.getElementById('offline-strip');
  if (strip) strip.hidden = what !== 'paused';
}
