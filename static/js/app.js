// Where the browser begins: sets htmx up for a strict policy and starts each module once.
import htmx from 'htmx.org';
import { startActs } from './acts.js';
import { startBoard } from './board.js';
import { startBulk } from './bulk.js';
import { startCards } from './cards.js';
import { startCases } from './cases.js';
import { startCopies } from './copies.js';
import { startChat } from './chat.js';
import { startComposer } from './composer.js';
import { startCustomers } from './customers.js';
import { startDialogs } from './dialogs.js';
import { startEarly } from './early.js';
import { startFacts } from './facts.js';
import { startFiles } from './files.js';
import { startFocus } from './focus.js';
import { startForms } from './forms.js';
import { startKeys } from './keys.js';
import { startLines } from './lines.js';
import { startLists } from './lists.js';
import { startLive } from './live.js';
import { startMenus } from './menus.js';
import { startMine } from './mine.js';
import { startNotices } from './notices.js';
import { startOutbox } from './outbox.js';
import { startPalette } from './palette.js';
import { startPickers } from './picker.js';
import { startPresence } from './presence.js';
import { watchRegions } from './regions.js';
import { startRings } from './rings.js';
import { startSwaps } from './swap.js';
import { startTheme } from './theme.js';
import { startTimeline } from './timeline.js';
import { startTimes } from './times.js';
import { startToasts } from './toasts.js';
import { startWaves } from './waves.js';

// Our style sheet has the indicator's rules.
document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== htmx.indicatorStyleSheet);

// Text that a person wrote must never become code, also on a page without our policy.
function noCode() {
  throw new Error('code in an attribute is not allowed');
}
htmx.registerExtension('tertulia-no-code', { init: (api) => api.initSecurity(null, noCode, noCode) });

startTheme();
startSwaps();
startActs();
startToasts();
startWaves();
startDialogs();
startFocus();
startForms();
startMenus();
startMine();
startTimes();
watchRegions();
startLive();
startPresence();
startOutbox();
startEarly();
startKeys();
startPalette();
startPickers();
startFacts();
startFiles();
startComposer();
startBulk();
startBoard();
startLines();
startLists();
startNotices();
startChat();
startCards();
startCases();
startCopies();
startCustomers();
startTimeline();
startRings();

const check = document.getElementById('call-check');
if (check) import('./callcheck.js').then(({ startCheck }) => startCheck(check));

// A call's page, or a page one came to in the middle of a call: nobody else pays for it.
if (document.getElementById('call') || sessionStorage.getItem('call-here')) import('./call.js').then(({ startCall }) => startCall());
