// Microphone, camera and screen of this browser: which ones, on or off, and what is said when one does not work.
import { trouble } from './callwords.js';

const KEPT = 'call-devices';
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 24, max: 30 } };
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const OF_KIND = { audioinput: 'audio', videoinput: 'camera', audiooutput: 'speaker' };

export function chosen() {
  try {
    return { audio: '', camera: '', speaker: '', muted: false, dark: false, ...JSON.parse(localStorage.getItem(KEPT) || '{}') };
  } catch {
    return { audio: '', camera: '', speaker: '', muted: false, dark: false };
  }
}

export function choose(changes) {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ ...chosen(), ...changes }));
  } catch {
    // storage is off: the choice lasts for the page
  }
}

// `changed(source)` after a track came or went; `failed(sentence)` says in plain words what is wrong.
export function openMedia({ changed, failed }) {
  const tracks = { audio: null, camera: null, screen: null };
  const asked = { audio: 0, camera: 0, screen: 0 }; // a newer wish makes an older one void
  let muted = false;

  async function get(source) {
    const { audio, camera } = chosen();
    const exact = (id) => (id ? { deviceId: { ideal: id } } : {});
    if (!navigator.mediaDevices) throw new Error('insecure');
    if (source === 'screen') return (await navigator.mediaDevices.getDisplayMedia({ video: true })).getVideoTracks()[0];
    const wanted = source === 'audio' ? { audio: { ...SOUND, ...exact(audio) } } : { video: { ...PICTURE, ...exact(camera) } };
    return (await navigator.mediaDevices.getUserMedia(wanted)).getTracks()[0];
  }

  async function turn(source, on) {
    const turn = (asked[source] += 1);
    stop(source);
    if (!on) return changed(source);
    let track = null;
    try {
      track = await get(source);
    } catch (error) {
      if (turn === asked[source] && !(source === 'screen' && error.name === 'NotAllowedError')) failed(trouble(error, source));
    }
    if (turn !== asked[source]) return track?.stop();
    if (track) take(source, track);
    changed(source);
  }

  function take(source, track) {
    tracks[source] = track;
    if (source === 'audio') track.enabled = !muted;
    // Pulled out, or sharing was ended in the browser's own bar.
    track.onended = () => {
      if (tracks[source] !== track) return;
      tracks[source] = null;
      changed(source);
      if (source !== 'screen') failed(trouble({ name: 'NotFoundError' }, source));
    };
  }

  function stop(source) {
    tracks[source]?.stop();
    tracks[source] = null;
  }

  return {
    tracks,
    turn,
    mute(on) {
      muted = on;
      if (tracks.audio) tracks.audio.enabled = !on;
      changed('audio');
    },
    state: () => ({ audio: Boolean(tracks.audio) && !muted, video: Boolean(tracks.camera), screen: Boolean(tracks.screen) }),
    close() {
      for (const source of Object.keys(tracks)) {
        asked[source] += 1;
        stop(source);
      }
    },
  };
}

// The devices by kind, once the browser tells their names.
export async function devices() {
  const found = { audio: [], camera: [], speaker: [] };
  for (const device of (await navigator.mediaDevices?.enumerateDevices()) ?? []) {
    if (OF_KIND[device.kind] && device.deviceId) found[OF_KIND[device.kind]].push(device);
  }
  return found;
}

// How loud a track is, 0 … 1, some twenty times a second.
export function meter(track, show) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(wave);
    const power = Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length);
    show(Math.min(1, Math.max(0, 1 + Math.log10(Math.max(power, 0.001)) / 3) * 1.4));
  }, 50);
  return () => {
    clearInterval(timer);
    context.close().catch(() => {}); // again, when a device comes up after the form was left
  };
}
