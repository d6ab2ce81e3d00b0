// The waveform beside a recording: it fills as the sound plays, and a press on it goes there.
export function startWaves() {
  document.addEventListener('timeupdate', ({ target }) => paint(target), true); // media events do not bubble
  document.addEventListener('seeking', ({ target }) => paint(target), true);
  document.addEventListener('click', (event) => {
    const wave = event.target.closest?.('.wave[data-for]');
    const sound = wave && document.getElementById(wave.dataset.for);
    if (!sound) return;
    const { left, width } = wave.getBoundingClientRect();
    const share = (event.clientX - left) / width;
    const seconds = Number.isFinite(sound.duration) ? sound.duration : Number(wave.dataset.seconds);
    sound.currentTime = share * seconds;
    sound.play().catch(() => {}); // the browser shows in its own controls what it could not play
  });
}

function paint(sound) {
  const wave = sound.id && document.querySelector(`.wave[data-for="${sound.id}"]`);
  if (!wave) return;
  const seconds = Number.isFinite(sound.duration) ? sound.duration : Number(wave.dataset.seconds);
  const bars = wave.querySelectorAll('rect');
  const played = Math.round((sound.currentTime / seconds) * bars.length);
  bars.forEach((bar, n) => bar.classList.toggle('on', n < played));
}
