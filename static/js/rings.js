// A call that wants an answer: rings also in a tab that nobody looks at, by title, sound and the system's own notice.
import htmx from 'htmx.org';

const EVERY = 3_000;
const TOOK = 8_000; // who took it is told this long
const TONES = [
  [0, 660],
  [0.22, 880],
  [0.6, 660],
  [0.82, 880],
];

let ringing = 0; // timer
let sound;
let title; // the page's own, while ours stands there
const told = new Set(); // calls that the system was told of

export function startRings() {
  htmx.on('htmx:after:swap', look);
  document.addEventListener('click', ({ target }) => {
    const pressed = target.closest?.('#rings .cbtn:not([data-dialog])');
    if (!pressed) return;
    // A press is the moment to ask: the next call rings louder.
    if (globalThis.Notification?.permission === 'default') Notification.requestPermission();
    pressed.closest('.callcard').classList.add('pressed');
    if (pressed.dataset.answer) sessionStorage.setItem('call-answer', pressed.dataset.answer);
    look();
  });
  look();
}

function look() {
  const cards = [...document.querySelectorAll('#rings [data-ring]:not(.pressed)')];
  for (const note of document.querySelectorAll('#rings [data-took]')) setTimeout(() => note.remove(), TOOK);
  cards.forEach(tell);
  if (cards.length && !ringing) begin(cards[0]);
  if (!cards.length && ringing) end();
}

function begin(card) {
  title = document.title;
  const text = card.getAttribute('aria-label');
  ring();
  ringing = setInterval(() => {
    document.title = document.title === title ? `☎ ${text}` : title;
    ring();
  }, EVERY);
  document.title = `☎ ${text}`;
}

function end() {
  clearInterval(ringing);
  ringing = 0;
  if (document.title.startsWith('☎')) document.title = title;
  sound?.close();
  sound = undefined;
}

// Two soft rising tones, twice. A page that was never pressed may make no sound: the title and the notice do then.
function ring() {
  sound ??= new AudioContext();
  if (sound.state === 'suspended') sound.resume().catch(() => {});
  for (const [after, pitch] of TONES) tone(sound, sound.currentTime + after, pitch);
}

function tone(context, at, pitch) {
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.12, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.2);
  const voice = new OscillatorNode(context, { frequency: pitch });
  voice.connect(gain).connect(context.destination);
  voice.start(at);
  voice.stop(at + 0.2);
}

function tell(card) {
  if (told.has(card.dataset.ring)) return;
  told.add(card.dataset.ring);
  if (!document.hidden || globalThis.Notification?.permission !== 'granted') return;
  const notice = new Notification(card.getAttribute('aria-label'), { body: card.querySelector('b')?.textContent, tag: `call-${card.dataset.ring}` });
  notice.onclick = () => {
    focus();
    notice.close();
  };
}
