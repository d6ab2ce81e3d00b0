// The self-check's half that only a browser can do: camera, microphone, the live connection, and the relay for closed networks.
import { trouble, said } from './callwords.js';

const PATIENCE = 5_000;

export function startCheck(box) {
  box.querySelector('button').addEventListener('click', () => {
    test(box, 'microphone', () => device({ audio: true }, 'microphone'));
    test(box, 'camera', () => device({ video: true }, 'camera'));
    test(box, 'socket', socket);
    test(box, 'relay', () => relay(JSON.parse(box.dataset.ice)));
  });
}

async function test(box, name, run) {
  const line = box.querySelector(`[data-test="${name}"]`);
  const text = line.querySelector('[data-text]');
  line.dataset.state = 'busy';
  try {
    text.textContent = (await run()) ?? said('works');
    line.dataset.state = 'ok';
  } catch (error) {
    text.textContent = error.message;
    line.dataset.state = 'bad';
  }
}

async function device(wanted, name) {
  try {
    const stream = await navigator.mediaDevices.getUserMedia(wanted);
    const [track] = stream.getTracks();
    const { label } = track;
    track.stop();
    return label || undefined;
  } catch (error) {
    throw new Error(trouble(error, name));
  }
}

function socket() {
  const address = new URL('/live', location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return within(said('socket_closed'), (done, fail) => {
    const opened = new WebSocket(address);
    opened.onopen = () => {
      opened.close();
      done();
    };
    opened.onerror = fail;
  });
}

// A relayed candidate is one that the relay has given us: its address, its secret and the way to it are right.
async function relay(iceServers) {
  if (!iceServers.length) return said('no_relay');
  const connection = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' });
  try {
    await within(said('relay_closed'), (done, fail) => {
      connection.onicecandidate = ({ candidate }) => (candidate ? done() : fail());
      connection.createDataChannel('test');
      connection.setLocalDescription().catch(fail);
    });
  } finally {
    connection.close();
  }
}

function within(sentence, run) {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error(sentence));
    setTimeout(fail, PATIENCE);
    run(() => resolve(undefined), fail);
  });
}
