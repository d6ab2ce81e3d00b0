// The server renders a fragment once for everybody: what is mine is marked here.
import { me } from './page.js';

const OWNERS = ['assignee', 'owner', 'by'];

export function startMine() {
  for (const here of document.querySelectorAll('.sets-nav [aria-current], .chips.seg > [aria-current]')) {
    here.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
  if (!/^\d+$/.test(me() ?? '')) return;
  const mine = OWNERS.map((name) => `[data-${name}="${me()}"]`).join(', ');
  const sheet = new CSSStyleSheet();
  // .for-me asks the element itself alone: what lies around it may be mine because I changed it.
  sheet.replaceSync(`.mine-only:not(:is(${mine}), :is(${mine}) *), .others-only:is(${mine}, :is(${mine}) *), .for-me:not(${mine}) { display: none; }`);
  document.adoptedStyleSheets.push(sheet);
}
