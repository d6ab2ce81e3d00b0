// Opens and closes dialogs and menus, asks before what cannot be undone, and copies texts.
import htmx from 'htmx.org';
import { button, element, toast } from './toasts.js';
import { word } from './words.js';

export function startDialogs() {
  document.addEventListener('click', (event) => {
    const opener = event.target.closest?.('[data-dialog]');
    if (opener) return openDialog(document.getElementById(opener.dataset.dialog));
    const closer = event.target.closest?.('[data-close]');
    if (closer) return closer.closest('dialog, [popover]')?.[closer.closest('dialog') ? 'close' : 'hidePopover']();
    if (event.target.matches?.('dialog')) closeOutside(event);
    const copier = event.target.closest?.('[data-copy]');
    if (copier) copy(copier.dataset.copy);
  });
  document.addEventListener('toggle', placeMenu, true);
  // What was fetched into a dialog goes with it, so that no two forms of a page have the same names.
  document.addEventListener('close', ({ target }) => emptied(target)?.replaceChildren(), true);
  // A dialog that came with an answer opens by itself.
  htmx.on('htmx:after:swap', () => document.querySelectorAll('dialog[data-open]').forEach(openDialog));
  htmx.on('htmx:after:swap', enterFetched);
  // hx-confirm asks in our own words and look.
  htmx.on('htmx:confirm', (event) => {
    const { ctx, issueRequest, dropRequest } = event.detail;
    if (!ctx.confirm) return;
    event.preventDefault();
    const { confirmVerb, confirmTone } = ctx.sourceElement.dataset;
    ask(ctx.confirm, confirmVerb ?? ctx.sourceElement.textContent.trim(), confirmTone).then((yes) => (yes ? issueRequest() : dropRequest()));
  });
}

const emptied = (dialog) => (dialog.matches?.('[data-empty-on-close]') ? dialog : dialog.querySelector?.('[data-empty-on-close]'));

// A dialog was empty when it opened: what is fetched into it begins at its first field, as if it had been there.
function enterFetched() {
  const dialog = document.activeElement;
  if (dialog?.matches('dialog[open]')) dialog.querySelector('[autofocus], input:not([type=hidden]), select, textarea, button')?.focus();
}

export function openDialog(dialog) {
  if (!dialog || dialog.open) return;
  delete dialog.dataset.open;
  dialog.showModal();
  dialog.dispatchEvent(new CustomEvent('dialog:open', { bubbles: true }));
}

// The veil is the dialog element's own area outside its box.
function closeOutside({ target, clientX, clientY }) {
  const box = target.getBoundingClientRect();
  const inside = clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom;
  if (!inside && clientX + clientY > 0) target.close();
}

// A menu opens at its button, and upwards or leftwards where there is no room.
function placeMenu({ target, newState }) {
  if (newState !== 'open' || !target.matches('.menu[popover]')) return;
  const from = document.querySelector(`[popovertarget="${CSS.escape(target.id)}"]`)?.getBoundingClientRect();
  if (!from) return;
  const { offsetWidth: width, offsetHeight: height } = target;
  const below = from.bottom + 4 + height <= innerHeight || from.top < height;
  target.style.top = `${below ? from.bottom + 4 : from.top - height - 4}px`;
  target.style.left = `${Math.max(8, Math.min(from.left, innerWidth - width - 8))}px`;
}

// Resolves to true or false. The safe answer comes first and has the focus.
export function ask(question, verb, tone = 'danger') {
  const dialog = element('dialog', 'dlg');
  const header = element('header');
  header.append(element('h2', '', question));
  const footer = element('footer');
  const stay = button(word('stay'), 'btn', () => dialog.close());
  footer.append(stay, button(verb, `btn btn-${tone}`, () => dialog.close('yes')));
  dialog.append(header, element('div', 'body'), footer);
  dialog.setAttribute('aria-label', question);
  document.body.append(dialog);
  dialog.showModal();
  stay.focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(word('copied'));
  } catch {
    toast(word('not_copied'), { error: true });
  }
}
