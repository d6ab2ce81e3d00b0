// Light or dark: the server knows it for members, this browser for everybody else.
import { newKey } from './acts.js';

const KEY = 'theme';

export function startTheme() {
  const root = document.documentElement;
  const saved = stored();
  if (saved && !document.body.dataset.me) root.dataset.bsTheme = saved;
  document.addEventListener('click', (event) => {
    const toggle = event.target.closest?.('[data-theme-toggle]');
    if (!toggle) return;
    const theme = root.dataset.bsTheme === 'dark' ? 'light' : 'dark';
    root.dataset.bsTheme = theme;
    store(theme);
    save(toggle, theme, event);
  });
}

// Sent in the background, so that the page stays where it is: by the form around it, or to data-theme-url.
function save(toggle, theme, event) {
  const { form } = toggle;
  const url = form?.action ?? toggle.dataset.themeUrl;
  if (!url) return;
  event.preventDefault();
  const body = new URLSearchParams(form ? new FormData(form) : {});
  body.set('theme', theme);
  const headers = { 'HX-Request': 'true', 'Idempotency-Key': newKey() };
  fetch(url, { method: form ? 'POST' : 'PUT', body, headers }).catch(() => {}); // chosen again next time
}

// Storage may be switched off; the choice then lasts for the page.
function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // nothing to do
  }
}
