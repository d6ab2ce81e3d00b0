// Light or dark: the server knows it for members, this browser for everybody else.
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
    save(toggle.form, theme, event);
  });
}

// Inside a form the choice is sent in the background, so that the page stays where it is.
function save(form, theme, event) {
  if (!form) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  body.set('theme', theme);
  fetch(form.action, { method: 'POST', body, headers: { 'HX-Request': 'true' } }).catch(() => {}); // seen again at the next choice
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
