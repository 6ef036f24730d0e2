// @ts-check
/** Each L3 as a strip, its length to scale with its size, cut into equal segments for the streams that use it. */
import { fitText } from "./labels.js";
import { findUsers } from "./reading.js";

// A segment narrower than this shows neither colour nor hatch.
const NARROWEST = 4;

/** Place the segments of all strips; one whose size is not known is as long as there is room. */
export function layoutStrips(caches, bytes, { side, title, strip }) {
  const room = ({ w }) => w - 2 * side;
  // Pixels a byte, the same for all: the most that fits every box.
  const scale = Math.min(...caches.map((box) => room(box) / (bytes[box.id] ?? 0)));
  return caches.flatMap((box) => {
    const users = findUsers(box);
    const whole = bytes[box.id] * scale || room(box);
    const many = whole / users.length < NARROWEST;
    const shown = many || !users.length ? [null] : users;
    const [w, y, size] = [whole / shown.length, box.y + title, Math.min(11, strip - 2)];
    return shown.map((stream, i) => {
      const x = box.x + side + i * w;
      const text = many ? `${users.length} streams` : users.length ? `S${stream}` : "";
      const label = { x: x + w / 2, y: y + strip / 2, size, text: fitText([text], w - 2, size) };
      return { cache: box.id, x, y, w, h: strip, stream, labels: [label] };
    });
  });
}
