// The keys of a telephone, on the screen and on the keyboard, while one is in a call by the public line.
const FIELDS = 'input, textarea, select, [contenteditable]';

// `press(digit)` takes each. Gives back how to stop.
export function startKeys(press) {
  const pad = document.getElementById('keypad');
  if (!pad) return () => {};

  const clicked = ({ target }) => target.closest?.('[data-digit]') && press(target.closest('[data-digit]').dataset.digit);
  function typed(event) {
    if (event.target.closest?.(FIELDS) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^[0-9*#]$/.test(event.key)) press(event.key);
  }

  pad.addEventListener('click', clicked);
  document.addEventListener('keydown', typed);
  return () => {
    pad.removeEventListener('click', clicked);
    document.removeEventListener('keydown', typed);
  };
}
