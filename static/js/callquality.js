// How good each line is, 0 (nothing) to 3 (good): what this browser misses of it, and what the server says of the other's sending.
const EVERY = 2_000;
const LOSS = [0.15, 0.05, 0.02]; // more than this: 0, 1, 2
const SLOW = [1, 0.5, 0.3]; // seconds there and back

export function watchQuality(peer, show) {
  const before = new Map();
  let told = new Map();
  const timer = setInterval(async () => {
    const found = await peer.stats()?.catch?.(() => undefined);
    if (found) show(levels([...found.values()], peer.lines()));
  }, EVERY);

  function levels(reports, lines) {
    const pair = reports.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded');
    const path = grade(pair?.currentRoundTripTime ?? 0, SLOW);
    const of = new Map();
    for (const report of reports) {
      const line = lines[report.mid];
      if (!line) continue;
      if (report.type === 'inbound-rtp' && !line.own) lower(of, line.who, Math.min(path, grade(lossOf(report), LOSS)));
      if (report.type === 'outbound-rtp' && line.own) lower(of, line.who, path);
    }
    for (const [who, level] of told) if (of.has(who)) lower(of, who, level);
    return of;
  }

  function lossOf({ id, packetsReceived = 0, packetsLost = 0 }) {
    const last = before.get(id) ?? { packetsReceived, packetsLost };
    before.set(id, { packetsReceived, packetsLost });
    const lost = Math.max(0, packetsLost - last.packetsLost);
    const all = packetsReceived - last.packetsReceived + lost;
    return all > 0 ? lost / all : 0;
  }

  return {
    told: (of) => (told = new Map(Object.entries(of).map(([who, level]) => [Number(who), level]))),
    close: () => clearInterval(timer),
  };
}

const lower = (of, who, level) => of.set(who, Math.min(level, of.get(who) ?? 3));

export function grade(value, steps) {
  const at = steps.findIndex((step) => value > step);
  return at < 0 ? 3 : at;
}
