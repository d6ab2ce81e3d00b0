// The self-check's half that only a browser can do: camera, microphone, the live connection, UDP to where media comes in, and
// the relay for closed networks.
import { trouble, said } from './callwords.js';
import { onFrame } from './live.js';
import { send } from './socket.js';

const PATIENCE = 5_000;
let probes = 0;

export function startCheck(box) {
  box.querySelector('button').addEventListener('click', () => {
    test(box, 'microphone', () => device({ audio: true }, 'microphone'));
    test(box, 'camera', () => device({ video: true }, 'camera'));
    test(box, 'socket', socket);
    test(box, 'udp', udp);
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

// A short connection without media, to the addresses and ports that calls use, and without a relay: as a call's would be.
async function udp() {
  const connection = new RTCPeerConnection({ iceServers: [] });
  try {
    const channel = connection.createDataChannel('probe');
    await connection.setLocalDescription();
    const sdp = await answered(connection.localDescription.sdp);
    const tried = [...sdp.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) /gim)].map(([, host, port]) => at(host, port));
    await connection.setRemoteDescription({ type: 'answer', sdp });
    try {
      await within(said('udp_closed', tried.join(', ')), (done) => (channel.onopen = done));
    } catch (error) {
      const pair = await taken(connection);
      throw pair ? new Error(said('udp_insecure', pair)) : error;
    }
    return said('udp_works', await taken(connection));
  } finally {
    connection.close();
  }
}

const at = (host, port) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

// The server's answer to our offer, over the live connection, as in a call.
async function answered(sdp) {
  const call = `probe-${++probes}`;
  let deaf;
  try {
    return await within(said('no_carrier'), (done, fail) => {
      deaf = onFrame('call', (frame) => {
        if (frame.call !== call || frame.do !== 'probed') return;
        if (frame.sdp) done(frame.sdp);
        else fail(said(frame.why === 'later' ? 'udp_busy' : `why_${frame.why}`));
      });
      if (!send({ t: 'call', do: 'probe', call, sdp })) fail(said('socket_closed'));
    });
  } finally {
    deaf();
  }
}

// The address over which both sides have heard each other.
async function taken(connection) {
  const stats = await connection.getStats();
  const all = [...stats.values()];
  const chosen = all.find((one) => one.type === 'transport')?.selectedCandidatePairId;
  const pair = stats.get(chosen) ?? all.find((one) => one.type === 'candidate-pair' && one.state === 'succeeded');
  const remote = pair && stats.get(pair.remoteCandidateId);
  return remote?.protocol === 'udp' ? at(remote.address, remote.port) : undefined;
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
    const fail = (other) => reject(new Error(typeof other === 'string' ? other : sentence));
    setTimeout(fail, PATIENCE);
    run((found) => resolve(typeof found === 'string' ? found : undefined), fail);
  });
}
