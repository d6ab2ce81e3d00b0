// Media through the server: one connection, answers to its offers, and our own three tracks on the lines it gave us. We never offer.
export const SOURCES = ['audio', 'camera', 'screen'];

// `changed(tracks)`: "3-camera" → track, of everybody we hear and see; `say` sends a word; `state(now)` is the connection's.
export function openPeer({ say, changed, state }) {
  const own = Object.fromEntries(SOURCES.map((source) => [source, null]));
  let connection;
  let former; // flows until the newer one is connected
  let ice = [];
  let lines = {};
  let work = Promise.resolve();
  let closed = false;
  let keys; // the channel that the server opened for digits

  function open(round) {
    former?.close();
    former = connection;
    const made = new RTCPeerConnection({ iceServers: ice, bundlePolicy: 'max-bundle' });
    made.onicecandidate = ({ candidate }) =>
      candidate && say({ do: 'candidate', round, candidate: candidate.candidate, mid: candidate.sdpMid });
    made.onconnectionstatechange = () => {
      if (made !== connection) return;
      if (made.connectionState === 'connected') dropFormer();
      state(made.connectionState);
    };
    made.ondatachannel = ({ channel }) => (keys = channel);
    connection = made;
  }

  function dropFormer() {
    former?.close();
    former = undefined;
    changed(tracks());
  }

  async function answer(offer) {
    if (closed) return;
    if (offer.fresh || !connection) open(offer.round);
    const mine = connection;
    await mine.setRemoteDescription({ type: 'offer', sdp: offer.sdp });
    lines = offer.lines;
    for (const transceiver of mine.getTransceivers()) {
      const source = ownSource(transceiver);
      if (!source) continue;
      transceiver.direction = source === 'audio' ? 'sendrecv' : 'sendonly';
      await transceiver.sender.replaceTrack(own[source]);
    }
    await mine.setLocalDescription(await mine.createAnswer());
    if (mine !== connection || closed) return;
    say({ do: 'answer', round: offer.round, sdp: mine.localDescription.sdp });
    changed(tracks());
  }

  const ownSource = ({ mid }) => (lines[mid]?.own ? lines[mid].source : undefined);

  function tracks() {
    const found = new Map();
    for (const { mid, receiver } of connection?.getTransceivers() ?? []) {
      const line = lines[mid];
      // On the line of our own sound comes the server's voice.
      if (line) found.set(line.own ? (line.source === 'audio' ? '0-audio' : '') : `${line.who}-${line.source}`, receiver.track);
    }
    found.delete('');
    return found;
  }

  return {
    ice: (servers) => (ice = servers),
    take: (offer) => (work = work.then(() => answer(offer)).catch((error) => closed || console.error(error))),
    // The same track may be asked for again: what stands in the sender is what counts.
    set(source, track) {
      own[source] = track;
      work = work.then(async () => {
        const sender = connection?.getTransceivers().find((each) => ownSource(each) === source)?.sender;
        if (sender && sender.track !== own[source]) await sender.replaceTrack(own[source]).catch(() => {});
      });
      return work;
    },
    sender: (source) => connection?.getTransceivers().find((each) => ownSource(each) === source)?.sender,
    stats: () => connection?.getStats(),
    lines: () => lines,
    // Whether the channel could take it.
    press(digit) {
      const isOpen = keys?.readyState === 'open';
      if (isOpen) keys.send(digit);
      return isOpen;
    },
    close() {
      closed = true;
      former?.close();
      connection?.close();
    },
  };
}
