// Being in a call: the words, the media and what is shown of them, from the joining to the leaving, whatever page is open meanwhile.
import { openMesh } from './callmesh.js';
import { chosen, openMedia } from './callmedia.js';
import { openPeer } from './callpeer.js';
import { watchQuality } from './callquality.js';
import { openSound } from './callsound.js';
import { openTiles } from './calltiles.js';
import { openTalk } from './callwire.js';
import { said } from './callwords.js';

// `place`: what the page said of the call; `hear(what, detail)` is told what others care for: changed, waiting, out.
export function enterRoom(place, stage, hear) {
  const find = (id) => stage.querySelector(`#call-${id}`);
  const people = new Map();
  const began = Date.now();
  let me = Number(place.me) || undefined;
  let remote = new Map();
  let hand = false;
  let waiting = false;
  let told = false; // that one waits
  let linked = true; // the socket is open
  let connection = 'new';

  const tiles = openTiles(find('grid'), find('tile'));
  const media = openMedia({ changed: ownChanged, failed: note });
  const sound = openSound(find('sound'), askToHear);
  const peer = openPeer({ say: (members) => talk.say(members), changed: (tracks) => draw((remote = tracks)), state: pathChanged });
  const mesh = openMesh({ say: (members) => talk.say(members), peer, own: media.tracks, changed: draw });
  const quality = watchQuality(peer, (of) => tiles.quality(of));
  const talk = openTalk(place.room, { hear: take, out, cut, state: () => ({ ...media.state(), hand }) });
  const clock = setInterval(tick, 1_000);

  const takes = {
    welcome({ me: number, people: all, ice, waiting: lobby }) {
      me = number;
      linked = true;
      people.clear();
      all.forEach((person) => people.set(person.id, person));
      mesh.back();
      peer.ice(ice);
      waiting = lobby;
      tellState();
    },
    offer: (offer) => peer.take(offer),
    people({ join = [], change = [], left = [] }) {
      for (const person of [...join, ...change]) people.set(person.id, { ...people.get(person.id), ...person });
      left.forEach(({ id }) => people.delete(id));
      const own = people.get(me);
      if (waiting && own && own.status !== 'waiting') waiting = false;
    },
    speaker: ({ who }) => tiles.speaks(who),
    quality: ({ of }) => quality.told(mesh.isOn() ? {} : of),
    mesh: (frame) => mesh.take(frame),
    relay: (frame) => mesh.relayed(frame),
    sfu: () => mesh.back(),
  };

  function take(frame) {
    takes[frame.do]?.(frame);
    if (frame.do === 'welcome' || frame.do === 'people') draw();
  }

  function draw() {
    const tracks = mesh.over(remote);
    tiles.draw({ people, tracks, me, own: media.tracks });
    sound.draw(tracks);
    showStatus();
    if (waiting !== told) {
      told = waiting;
      note(waiting ? said('waiting') : '');
    }
    hear('changed', { people, me, waiting, state: { ...media.state(), hand } });
  }

  function ownChanged(source) {
    peer.set(source, mesh.isOn() ? null : media.tracks[source]);
    mesh.set(source, media.tracks[source]);
    tellState();
    draw();
  }

  // Devices come up while we join: what the join could not say yet is said after the welcome.
  function tellState() {
    const own = people.get(me);
    const now = { ...media.state(), hand };
    if (talk.isIn() && own && Object.entries(now).some(([name, on]) => own[name] !== on)) talk.say({ do: 'state', ...now });
  }

  // What is said of the path

  function pathChanged(state) {
    connection = state;
    if (state === 'connected') talk.connected();
    if (state === 'failed') talk.join();
    draw();
  }

  function cut() {
    linked = false;
    showStatus();
  }

  function showStatus() {
    const own = people.get(me);
    const text = !linked ? said('gone_quiet') : own?.status === 'reconnecting' || connection === 'disconnected' ? said('reconnecting') : connection !== 'connected' && !waiting ? said('connecting') : own?.muted ? said('muted_by_host') : waiting ? '' : people.size === 1 ? said('alone') : mesh.isOn() ? said('direct') : '';
    if (find('status').textContent !== text) find('status').textContent = text;
    stage.dataset.path = linked ? connection : 'cut';
  }

  function tick() {
    const seconds = Math.floor((Date.now() - began) / 1000);
    const two = (n) => String(n).padStart(2, '0');
    const hours = Math.floor(seconds / 3600);
    find('clock').textContent = `${hours ? `${hours}:${two(Math.floor(seconds / 60) % 60)}` : Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  }

  function note(text) {
    const place = find('note');
    place.textContent = text;
    place.hidden = !text;
  }

  function askToHear(again) {
    note(said('hear'));
    stage.addEventListener('click', () => {
      note('');
      again();
    }, { once: true });
  }

  // The end

  function out(reason, why) {
    close();
    hear('out', { reason, why });
  }

  function close(words = false) {
    clearInterval(clock);
    quality.close();
    talk.close(words);
    mesh.back();
    peer.close();
    media.close();
    find('sound').replaceChildren();
  }

  return {
    people,
    media,
    tiles,
    draw,
    sound,
    peer,
    isMesh: () => mesh.isOn(),
    number: () => me,
    async join({ video }) {
      const { muted } = chosen();
      media.mute(Boolean(muted) && !video ? false : Boolean(muted));
      tick();
      talk.join();
      await Promise.all([media.turn('audio', true), video ? media.turn('camera', true) : undefined]);
    },
    raise(on) {
      hand = on;
      tellState();
    },
    press: (digit) => peer.press(digit) || talk.say({ do: 'digit', digit }),
    state: () => ({ ...media.state(), hand }),
    leave() {
      close(true);
      hear('out', { reason: 'left' });
    },
  };
}
