// The words between this page and a call (docs/calls.md): joins, keeps the frames' numbers, and begins anew after anything went wrong.
import { onFrame, onLink } from './live.js';
import { send } from './socket.js';

const WELCOME = 3_000; // a join without an answer is said again
const LATER = 2_000;
const LASTING = ['left', 'removed', 'ended', 'rights', 'taken']; // why one is out and stays out

// `hear` gets every frame of the call that counts; `hear.out(reason, why)` says that it is over for us.
export function openTalk(room, { hear, out, cut, state }) {
  const kept = `call-token:${room}`;
  let last = null; // the number of the frame before; null = not welcome yet
  let timer;
  let failures = 0;
  let over = false;

  const say = (members) => !over && send({ t: 'call', call: room, ...members });

  function join() {
    clearTimeout(timer);
    if (over) return;
    last = null;
    const token = sessionStorage.getItem(kept);
    // A closed socket says nothing: its opening joins.
    if (say({ do: 'join', state: state(), ...(token ? { token } : {}) })) timer = setTimeout(join, WELCOME);
  }

  function joinAfter(milliseconds) {
    clearTimeout(timer);
    last = null;
    timer = setTimeout(join, milliseconds);
  }

  function frame(members) {
    if (over || members.call !== room) return;
    // Another window's join begins the numbers anew, so the goodbye to this one counts whatever its number is.
    if (members.do === 'bye') return bye(members);
    if (members.do === 'welcome') welcome(members);
    else if (members.do === 'no') refused(members.why);
    else if (members.do === 'err') return members.code === 'join' && last !== null ? join() : undefined;
    else if (last === null) return; // of the connection before
    else if (members.n !== last + 1) return join(); // one is missing that nobody will send again
    else last = members.n;
    hear(members);
  }

  function welcome({ n, token }) {
    clearTimeout(timer);
    last = n;
    if (token) sessionStorage.setItem(kept, token);
  }

  function refused(why) {
    if (why === 'later') return joinAfter(LATER);
    end(why);
  }

  function bye({ reason, why }) {
    if (reason === 'restart') return joinAfter(1_000 + Math.random() * 2_000);
    if (LASTING.includes(reason)) return end(reason);
    failures += 1;
    if (failures > 2) return end(reason, why);
    joinAfter(500);
  }

  function end(reason, why) {
    over = true;
    clearTimeout(timer);
    if (reason !== 'taken') sessionStorage.removeItem(kept);
    out(reason, why);
  }

  const passOver = () => over || end('removed'); // the door may close before the call says so
  document.addEventListener('pass:over', passOver);
  const deaf = [
    () => document.removeEventListener('pass:over', passOver),
    onFrame('call', frame),
    onLink((open) => {
      if (open) return join();
      last = null;
      clearTimeout(timer);
      cut();
    }),
  ];

  return {
    join,
    say,
    isIn: () => last !== null, // before that, the join says our state
    connected: () => (failures = 0),
    close(words) {
      if (words) say({ do: 'leave' });
      over = true;
      clearTimeout(timer);
      sessionStorage.removeItem(kept);
      deaf.forEach((stop) => stop());
    },
  };
}
