// The one WebSocket of a tab: connects, notices silence and comes back after a cut. It knows nothing of what the frames say.
import { signIn } from './page.js';

const SILENCE = 30_000;
const LONGEST_WAIT = 30_000;
const SIGNED_OUT = 4401;

let address;
let hear;
let socket;
let attempt = 0;
let timer;
let lastHeard = 0;
let retry; // seconds, from and to: the server said when to come back

export function openSocket(path, handlers) {
  address = new URL(path, location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  hear = handlers;
  connect();
  setInterval(noticeSilence, 5_000);
  addEventListener('online', connectNow);
  addEventListener('offline', () => cut(true)); // a line that is gone may stay open for half a minute of silence
  addEventListener('pageshow', connectNow);
  // An open socket would keep the page out of the browser's back and forward cache.
  addEventListener('pagehide', () => cut(false));
  document.addEventListener('visibilitychange', () => document.hidden || connectNow());
}

export function send(frame) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(frame));
  return true;
}

function connect() {
  clearTimeout(timer);
  lastHeard = Date.now();
  const own = new WebSocket(address);
  socket = own;
  own.onopen = () => hear.opened();
  own.onmessage = ({ data }) => own === socket && read(JSON.parse(data));
  own.onclose = ({ code }) => own === socket && closed(code);
}

function connectNow() {
  noticeSilence();
  if (!socket) connect();
}

function read(frame) {
  lastHeard = Date.now();
  attempt = 0; // not at open: a server that accepts and closes at once would be asked without a pause
  if (frame.t === 'bye') retry = frame.retry;
  else hear.frame(frame);
}

function closed(code) {
  socket = undefined;
  if (code === SIGNED_OUT) return signIn();
  hear.closed();
  clearTimeout(timer);
  timer = setTimeout(connect, pause());
}

// At once, then 1, 2, 4 … 30 s with full jitter, so that a thousand browsers do not come back together.
function pause() {
  if (retry) {
    const [from, to] = retry;
    retry = undefined;
    return (from + Math.random() * (to - from)) * 1000;
  }
  const longest = attempt === 0 ? 0 : Math.min(LONGEST_WAIT, 1000 * 2 ** (attempt - 1));
  attempt += 1;
  return Math.random() * longest;
}

function noticeSilence() {
  if (socket && Date.now() - lastHeard > SILENCE) cut(true);
}

// close() waits for the other side, which may be gone: we do not.
function cut(comeBack) {
  const old = socket;
  socket = undefined;
  old?.close();
  if (comeBack) closed();
  else clearTimeout(timer);
}
