// @ts-check
/** Where keys lead among the bars, and which window a button asks for. Pure. */

/** Find the bar that a key leads to from the bar at `index`: along the lane, or to the nearest of the next lane. */
export function findNeighbour(bars, index, key) {
  const laneOf = ({ panel, stream }) => panel * 1e6 + stream;
  const from = bars[index];
  const lane = bars.filter((bar) => laneOf(bar) === laneOf(from));
  const place = lane.indexOf(from);
  const along = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: lane.length - 1 };
  if (key in along) return lane[along[key]];
  const way = { ArrowUp: -1, ArrowDown: 1 }[key];
  const beyond = way ? bars.filter((bar) => (laneOf(bar) - laneOf(from)) * way > 0) : [];
  if (!beyond.length) return undefined;
  const next = Math.min(...beyond.map((bar) => laneOf(bar) * way)) * way;
  const distance = ({ started, ended }) => Math.abs(started + ended - from.started - from.ended);
  return beyond.filter((bar) => laneOf(bar) === next).sort((a, b) => distance(a) - distance(b))[0];
}

/**
 * Say what a button asks of the kernel; null where there is nothing more to see.
 * @param {import("./layout.js").Picture} picture
 */
export function moveWindow({ start, duration, span, newer }, move) {
  const [earlier, later] = [Math.max(0, start - duration / 2), start + duration / 2];
  const ask = (from, length) => ({ start: from, duration: length });
  const asks = {
    earlier: start > 0 ? ask(earlier, duration) : null,
    later: start + duration < span ? ask(later, duration) : null,
    closer: duration > 0.002 ? ask(start, duration / 2) : null,
    wider: start > 0 || duration < span ? ask(start + 2 * duration > span ? earlier : start, duration * 2) : null,
    newest: newer ? { newest: true } : null,
  };
  return asks[move] ?? null;
}

/** Say where a bar stands, so that it is found again in another picture: its lane, and its place there. */
export function readSpot(bars, index) {
  const { panel, stream } = bars[index];
  return { panel, stream, place: bars.slice(0, index).filter((bar) => bar.panel === panel && bar.stream === stream).length };
}

/** Find the bar that stands at a spot or, where none does any more, the nearest of the lane; -1 without bars. */
export function findSpot(bars, { panel, stream, place }) {
  const lane = bars.filter((bar) => bar.panel === panel && bar.stream === stream);
  return lane.length ? bars.indexOf(lane[Math.min(place, lane.length - 1)]) : Math.min(0, bars.length - 1);
}
