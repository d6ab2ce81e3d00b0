// The buttons of a call and their keys: M, V and S come by data-key like all keys of the house, Esc closes what lies over the call.
import { choose } from './callmedia.js';

export function startBar(room, stage, { leave, record, back }) {
  let large = false;

  const acts = {
    audio() {
      const { audio } = room.state();
      choose({ muted: audio });
      if (!room.media.tracks.audio) room.media.turn('audio', true);
      room.media.mute(audio);
    },
    camera: () => room.media.turn('camera', !room.state().video),
    screen: () => room.media.turn('screen', !room.state().screen),
    hand() {
      room.raise(!room.state().hand);
      show();
    },
    view() {
      large = !large;
      room.tiles.large(large);
      room.draw();
    },
    picture: () => picture(room),
    beside: () => document.getElementById('call-inside')?.classList.toggle('turned'),
    record,
    back,
    leave,
  };

  function press(event) {
    const pressed = event.target.closest?.('[data-do]');
    const act = pressed && acts[pressed.dataset.do];
    if (!act || !(stage.contains(pressed) || pressed.closest('#call-inside'))) return;
    if (pressed.matches('a')) event.preventDefault();
    act();
  }

  function key(event) {
    if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]')) return;
    const inside = document.getElementById('call-inside');
    if (inside?.classList.contains('turned')) inside.classList.remove('turned');
    else if (large) acts.view();
  }

  // What a button will do is its name, and whether it is on is told too.
  function show() {
    const { audio, video, screen, hand } = room.state();
    const recording = stage.querySelector('.calldot')?.dataset.recording ?? 'off';
    const on = { audio, camera: video, screen, hand, view: large, record: recording !== 'off' };
    for (const [name, isOn] of Object.entries(on)) {
      const button = stage.querySelector(`[data-do="${name}"]`);
      if (!button) continue;
      const text = isOn ? button.dataset.off : button.dataset.on;
      button.setAttribute('aria-label', text);
      button.title = text;
      const isSource = name === 'audio' || name === 'camera';
      button.classList.toggle('off', isSource ? !isOn : isOn);
      button.classList.toggle('is-on', isOn);
      button.setAttribute('aria-pressed', isSource ? !isOn : isOn);
    }
  }

  document.addEventListener('click', press);
  document.addEventListener('keydown', key);
  show();
  return {
    show,
    close() {
      document.removeEventListener('click', press);
      document.removeEventListener('keydown', key);
    },
  };
}

async function picture(room) {
  if (document.pictureInPictureElement) return document.exitPictureInPicture();
  const video = room.tiles.loudest()?.querySelector('video');
  await video?.requestPictureInPicture?.().catch(() => {}); // nobody shows a picture yet
}
