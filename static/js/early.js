// What is typed while a field is on its way goes into it, and starts nothing else.
import htmx from 'htmx.org';
import { isTyped } from './keys.js';

const OPENERS = '[hx-get$="/edit"], [hx-get][data-dialog]';
const TEXTS = 'textarea, input:is([type=text], [type=email], [type=tel], [type=search], :not([type]))';

let asked; // the request for it, until it is answered
let typed = '';

export function startEarly() {
  htmx.on('htmx:before:request', ({ detail }) => detail.ctx.sourceElement.matches?.(OPENERS) && begin(detail.ctx));
  htmx.on('htmx:finally:request', ({ detail }) => detail.ctx === asked && begin());
  document.addEventListener('keydown', keep, true);
  document.addEventListener('focusin', ({ target }) => asked && handOver(target)); // before any further key
}

function begin(request) {
  asked = request;
  typed = '';
}

function keep(event) {
  if (!asked || event.ctrlKey || event.metaKey || event.altKey || isTyped(event.target)) return;
  if (event.key === 'Backspace') typed = typed.slice(0, -1);
  else if (event.key.length === 1) typed += event.key;
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function handOver(field) {
  if (!typed || !field.matches(TEXTS)) return;
  if (field.selectionStart === null) field.value += typed; // a mail's field says nothing of its caret
  else field.setRangeText(typed, field.selectionStart, field.selectionEnd, 'end');
  typed = '';
  field.dispatchEvent(new Event('input', { bubbles: true }));
}
