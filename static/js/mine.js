// The server renders a fragment once for everybody: what is mine is marked here.
import { me } from './page.js';

const OWNERS = ['assignee', 'owner', 'by'];
const CHANGES = '.fact-value, .fact-choice form, .react, .task .form-check-input, .task-title .form-check-input'; // they tell something too, and stay

export function startMine() {
  for (const here of document.querySelectorAll('.sets-nav [aria-current], .chips.seg > [aria-current]')) {
    here.scrollIntoView({ block: 'nearest', inline: 'center' });
  }
  if (document.body.matches('[data-reader]')) for (const press of ['click', 'keydown']) document.addEventListener(press, refuse, true);
  if (!/^\d+$/.test(me() ?? '')) return;
  const mine = OWNERS.map((name) => `[data-${name}="${me()}"]`).join(', ');
  const sheet = new CSSStyleSheet();
  // .for-me asks the element itself alone: what lies around it may be mine because I changed it.
  sheet.replaceSync(`.mine-only:not(:is(${mine}), :is(${mine}) *), .others-only:is(${mine}, :is(${mine}) *), .for-me:not(${mine}) { display: none; }`);
  document.adoptedStyleSheets.push(sheet);
}

// Who may only read presses by key too: what would change something does not act.
function refuse(event) {
  if (!event.target.closest?.(CHANGES) || !isAct(event)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

const isAct = ({ type, key, target }) => type === 'click' || (target.closest('.fact-choice') ? key !== 'Tab' : ['Enter', ' '].includes(key));
