// Before one joins: choose devices, see oneself, see that the microphone hears.
import { choose, chosen, devices, meter, openMedia } from './callmedia.js';

// `join({ video, fields })` when one is ready. Gives back how to stop.
export function prepare(form, { join, video }) {
  const preview = form.querySelector('#call-preview');
  const level = form.querySelector('#call-level');
  let stopMeter = () => {};
  const media = openMedia({ changed, failed: (text) => trouble(text) });

  function trouble(text) {
    const place = form.querySelector('#call-trouble');
    place.hidden = !text;
    place.textContent = text;
  }

  function changed(source) {
    const track = media.tracks[source];
    if (source === 'camera') {
      preview.hidden = !track;
      preview.srcObject = track ? new MediaStream([track]) : null;
    }
    if (source === 'audio') {
      stopMeter();
      stopMeter = track ? meter(track, showLevel) : () => showLevel(0);
      if (!track) showLevel(0);
    }
    if (track) list();
  }

  function showLevel(value) {
    const bars = [...level.children];
    bars.forEach((bar, at) => bar.classList.toggle('on', at < value * bars.length));
    level.setAttribute('aria-valuenow', Math.round(value * 100));
  }

  // Names are told only after a device was allowed.
  async function list() {
    const found = await devices();
    for (const select of form.querySelectorAll('[data-device]')) {
      const those = found[select.dataset.device];
      const usual = select.options[0];
      select.replaceChildren(usual, ...those.map(({ deviceId, label }) => new Option(label || deviceId.slice(0, 6), deviceId)));
      select.value = those.some(({ deviceId }) => deviceId === chosen()[select.dataset.device]) ? chosen()[select.dataset.device] : '';
    }
  }

  form.addEventListener('change', ({ target }) => {
    const source = target.dataset?.device;
    if (!source) return;
    choose({ [source]: target.value });
    if (source !== 'speaker') media.turn(source, true);
  });

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!form.reportValidity()) return;
    const fields = Object.fromEntries(new FormData(form));
    join({ video: event.submitter?.value !== 'audio', fields });
  });

  for (const ready of form.querySelectorAll('[type=submit]')) ready.disabled = false; // pressed before, it would send the form
  media.turn('audio', true);
  if (video) media.turn('camera', true);
  list();
  return () => {
    stopMeter();
    media.close();
  };
}
