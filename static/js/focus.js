// The keyboard stays where it was: what had the focus and is replaced hands it to what stands in its place.
import htmx from 'htmx.org';

const FOCUSABLE = 'a[href], button:not(:disabled), summary, input:not([type=hidden], :disabled), select:not(:disabled), textarea:not(:disabled), [tabindex="0"]';
const TYPED = 'textarea, input:not([type=checkbox], [type=radio], [type=button], [type=submit])';

let stood; // the element that had the focus before the swap, and what lay around it, from the inside out

export function startFocus() {
  htmx.on('htmx:before:swap', remember);
  htmx.on('htmx:after:swap', () => setTimeout(restore)); // what comes with a focus of its own goes first
  document.addEventListener('focusin', ({ target }) => goToEnd(target));
  document.addEventListener('click', rememberOpener, true);
  document.addEventListener('close', ({ target }) => target.matches?.('dialog') && setTimeout(leaveDialog, 0, target), true);
}

const isLost = () => !document.activeElement || document.activeElement === document.body;

function remember() {
  if (!isLost()) stood = { element: document.activeElement, around: [...around(document.activeElement)] };
}

function* around(element) {
  for (let node = element; node && node !== document.body; node = node.parentElement) {
    yield { id: node.id, to: node.dataset.return, node, next: node.nextElementSibling, before: node.previousElementSibling };
  }
}

// Who mends a text goes on where it ends, from the first key.
function goToEnd(field) {
  if (!field.matches('textarea[autofocus], input[autofocus]') || field.selectionEnd !== 0 || field.value !== field.defaultValue) return;
  field.setSelectionRange(field.value.length, field.value.length);
}

function restore() {
  if (!stood || stood.element.isConnected) return;
  if (isLost()) placeFor(stood.around)?.focus({ preventScroll: true });
  stood = undefined;
}

// Where its form says; else in what has the same name now; else in the neighbour of what is gone.
function placeFor(parts) {
  const said = parts.find(({ to }) => to)?.to;
  const wanted = said && [...document.querySelectorAll(said)].find(isSeen);
  if (wanted) return wanted;
  for (const { id, node, next, before } of parts) {
    const same = node.isConnected ? node : id && document.getElementById(id);
    const found = same ? within(same, same.id === parts[0].id) : (within(next) ?? within(before));
    if (found) return found;
  }
}

// A field that was not written in is not entered: on a telephone its keyboard would come up.
function within(place, isItself = false) {
  if (!place?.isConnected) return undefined;
  if (place.matches(FOCUSABLE) && (isItself || !place.matches(TYPED)) && isSeen(place)) return place;
  return [...place.querySelectorAll(FOCUSABLE)].find((element) => !element.matches(TYPED) && isSeen(element));
}

const isSeen = (element) => element.checkVisibility();

// A dialog gives the focus back to what opened it; what opened it from a menu stands in a menu that is shut by then.
const openers = new WeakMap(); // dialog → the menu's own button

function rememberOpener({ target }) {
  const opener = target.closest?.('.menu-box [data-dialog]');
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog) openers.set(dialog, opener.closest('.menu-box').querySelector('summary'));
}

function leaveDialog(dialog) {
  if (isLost() && !document.querySelector('dialog[open]')) openers.get(dialog)?.focus({ preventScroll: true });
  openers.delete(dialog);
}
