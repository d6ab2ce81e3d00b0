// One tile a person, and one a shared screen: who they are, what they show, whether they speak, how good their line is.
import { said } from './callwords.js';

const GOOD = 2; // of 0 … 3: below it a line is weak
const HUES = 8;

// `people`: id → as the server tells them; `tracks`: "3-camera" → track; `me` may be unknown until we are in.
export function openTiles(grid, template) {
  const tiles = new Map(); // "3" or "3-screen" → element
  let speaker = null;
  let large = false;

  function draw({ people, tracks, me, own }) {
    const wanted = new Map();
    const inside = [...people.values()].filter(({ id, status }) => status !== 'waiting' || id === me);
    for (const person of inside) {
      if (person.screen) wanted.set(`${person.id}-screen`, person);
    }
    for (const person of inside.sort((a, b) => (a.id === me) - (b.id === me))) wanted.set(`${person.id}`, person);
    for (const [key, tile] of tiles) if (!wanted.has(key)) remove(key, tile);
    for (const [key, person] of wanted) fill(key, person, { tracks, me, own });
    arrange([...wanted.keys()], me);
  }

  function remove(key, tile) {
    tile.remove();
    tiles.delete(key);
  }

  function fill(key, person, { tracks, me, own }) {
    const isScreen = key.endsWith('-screen');
    const mine = person.id === me;
    const tile = tiles.get(key) ?? make(key, person, isScreen);
    const source = isScreen ? 'screen' : 'camera';
    const on = isScreen || person.video;
    const track = mine ? own[source] : tracks.get(`${person.id}-${source}`);
    show(tile, on ? track : null);
    tile.classList.toggle('mine', mine && !isScreen);
    tile.dataset.status = person.status;
    const name = mine ? said('you') : person.name.split(' ')[0];
    const text = isScreen ? `${said('screen_of')} ${name}` : name;
    write(tile.querySelector('.tile-name'), person.status === 'here' || mine ? text : `${text} · ${said(person.status)}`);
    tile.setAttribute('aria-label', isScreen ? text : person.name);
    tile.querySelector('.tile-muted').hidden = isScreen || (person.audio && !person.muted);
    tile.querySelector('.tile-hand').hidden = isScreen || !person.hand;
  }

  function make(key, person, isScreen) {
    const tile = template.content.firstElementChild.cloneNode(true);
    tile.dataset.tile = key;
    const face = document.querySelector(`[data-participant="${person.id}"] .av`);
    const avatar = tile.querySelector('.av');
    const hue = /hue-\d/.exec(face?.className ?? '')?.[0] ?? `hue-${(person.id % HUES) + 1}`;
    tile.classList.add(hue);
    avatar.classList.add(hue);
    if (face?.querySelector('img')) avatar.append(face.querySelector('img').cloneNode());
    else avatar.textContent = initials(person.name);
    tile.classList.toggle('screen', isScreen);
    tiles.set(key, tile);
    return tile;
  }

  // The biggest comes first: a screen, or who of the others spoke last.
  function arrange(keys, me) {
    const screen = keys.find((key) => key.endsWith('-screen'));
    const loud = large ? keys.find((key) => key === `${speaker}`) ?? keys.find((key) => key !== `${me}`) : undefined;
    const first = screen ?? loud;
    const order = first ? [first, ...keys.filter((key) => key !== first)] : keys;
    grid.dataset.count = Math.min(order.length, 10);
    grid.classList.toggle('speaker', Boolean(first) && order.length > 1);
    order.forEach((key, at) => {
      const tile = tiles.get(key);
      if (grid.children[at] !== tile) move(tile, grid.children[at] ?? null);
    });
  }

  // A picture that is moved stops, where the browser cannot move it whole.
  function move(tile, before) {
    if (tile.isConnected && grid.moveBefore) grid.moveBefore(tile, before);
    else grid.insertBefore(tile, before);
    play(tile.querySelector('video'));
  }

  return {
    draw,
    speaks(who) {
      for (const [key, tile] of tiles) tile.classList.toggle('talks', key === `${who}`);
      const tile = tiles.get(`${who}`);
      if (tile && !tile.classList.contains('mine')) speaker = who; // who speaks looks at the others
    },
    quality(of) {
      for (const [who, level] of of) rate(tiles.get(`${who}`), level);
    },
    large(on) {
      large = on;
    },
    loudest: () => tiles.get(`${speaker}`) ?? grid.querySelector('.vid:not(.mine)') ?? grid.firstElementChild,
    resume: () => tiles.forEach((tile) => play(tile.querySelector('video'))),
  };
}

function show(tile, track) {
  const video = tile.querySelector('video');
  const now = video.srcObject?.getTracks()[0] ?? null;
  video.hidden = !track;
  if (now === (track ?? null)) return;
  video.srcObject = track ? new MediaStream([track]) : null;
  play(video);
}

export function play(media) {
  if (media?.srcObject && media.paused) media.play().catch(() => {}); // moved again meanwhile, or not allowed yet
}

function rate(tile, level) {
  const sign = tile?.querySelector('.q');
  if (!sign) return;
  sign.hidden = false;
  const weak = level < GOOD;
  sign.classList.toggle('weak', weak);
  sign.dataset.level = level;
  const text = sign.querySelector('.q-text');
  text.classList.toggle('visually-hidden', !weak);
  write(text, said(weak ? 'weak' : 'good'));
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function initials(name) {
  const words = name.split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const picked = words.length > 1 ? words[0][0] + words.at(-1)[0] : (words[0] ?? '?').slice(0, 2);
  return picked.toUpperCase();
}
