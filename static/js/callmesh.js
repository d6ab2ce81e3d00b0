// The direct path of exactly two members, which the server proposes: media moves to it only when both are connected, and back at once.
import { SOURCES } from './callpeer.js';

export function openMesh({ say, peer, own, changed }) {
  let direct; // { connection, other, first, senders, early }
  let on = false;

  function take({ with: other, first, on: use }) {
    if (use) return go();
    back();
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    direct = { connection, other, first, early: [] };
    const mine = direct;
    connection.onicecandidate = ({ candidate }) =>
      candidate && say({ do: 'relay', to: other, kind: 'candidate', candidate: candidate.candidate, mid: candidate.sdpMid });
    connection.onconnectionstatechange = () => {
      if (direct !== mine) return;
      if (connection.connectionState === 'connected') say({ do: 'mesh', up: true });
      if (connection.connectionState === 'failed') fail();
    };
    if (first) offer(mine).catch(fail);
  }

  async function offer({ connection, other }) {
    for (const source of SOURCES) connection.addTransceiver(source === 'audio' ? 'audio' : 'video', { direction: 'sendrecv' });
    await connection.setLocalDescription(await connection.createOffer());
    say({ do: 'relay', to: other, kind: 'offer', sdp: connection.localDescription.sdp });
  }

  function relayed({ from, ...word }) {
    const mine = direct;
    if (!mine || mine.other !== from) return;
    // One after the other: a candidate needs the description before it.
    mine.work = (mine.work ?? Promise.resolve()).then(() => hear(mine, word)).catch(fail);
  }

  async function hear({ connection, other, early }, { kind, sdp, candidate, mid }) {
    if (kind === 'candidate') {
      if (!connection.remoteDescription) return void early.push({ candidate, mid });
      return connection.addIceCandidate({ candidate, sdpMid: mid });
    }
    await connection.setRemoteDescription({ type: kind, sdp });
    for (const each of early.splice(0)) await connection.addIceCandidate({ candidate: each.candidate, sdpMid: each.mid });
    if (kind !== 'offer') return;
    connection.getTransceivers().forEach((transceiver) => (transceiver.direction = 'sendrecv'));
    await connection.setLocalDescription(await connection.createAnswer());
    say({ do: 'relay', to: other, kind: 'answer', sdp: connection.localDescription.sdp });
  }

  // Both are connected: our tracks move over. The lines to the server stay, so that the way back needs no new words.
  async function go() {
    if (!direct || on) return;
    on = true;
    await Promise.all(SOURCES.map((source) => set(source, own[source])));
    SOURCES.forEach((source) => peer.set(source, null));
    changed();
  }

  function fail() {
    if (!direct) return;
    say({ do: 'mesh', up: false });
    back();
  }

  function back() {
    if (!direct) return;
    direct.connection.close();
    direct = undefined;
    if (!on) return;
    on = false;
    SOURCES.forEach((source) => peer.set(source, own[source]));
    changed();
  }

  async function set(source, track) {
    if (!on) return;
    await direct?.connection.getTransceivers()[SOURCES.indexOf(source)]?.sender.replaceTrack(track).catch(() => {});
  }

  // What is seen and heard: the other's tracks from here while the path is used.
  function over(tracks) {
    if (!on || !direct) return tracks;
    const all = new Map(tracks);
    direct.connection.getTransceivers().forEach(({ receiver }, at) => all.set(`${direct.other}-${SOURCES[at]}`, receiver.track));
    return all;
  }

  return { take, relayed, back, set, over, isOn: () => on };
}
