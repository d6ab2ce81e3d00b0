// Menus that are <details class="menu-box">: one at a time, shut by Escape, by a press elsewhere and by a choice. And accordions that remember.
const KEY = 'open:';

export function startMenus() {
  document.addEventListener('click', ({ target }) => {
    const own = target.closest?.('.menu-box');
    for (const box of document.querySelectorAll('.menu-box[open]')) {
      const chosen = box === own && target.closest('.menu a, .menu > button, .menu > form > button');
      if (box !== own || chosen) box.open = false;
    }
  });
  document.addEventListener('keydown', (event) => {
    const box = event.key === 'Escape' && document.querySelector('.menu-box[open]');
    if (!box) return;
    event.preventDefault();
    box.open = false;
    box.querySelector('summary').focus();
  });
  document.addEventListener('toggle', remember, true);
  document.querySelectorAll('details[data-remember]').forEach(recall);
}

function remember({ target }) {
  if (!target.matches?.('details[data-remember]')) return;
  try {
    localStorage.setItem(KEY + target.dataset.remember, target.open ? '1' : '0');
  } catch {
    // storage may be switched off
  }
}

function recall(details) {
  try {
    const said = localStorage.getItem(KEY + details.dataset.remember);
    if (said !== null) details.open = said === '1';
  } catch {
    // storage may be switched off
  }
}
