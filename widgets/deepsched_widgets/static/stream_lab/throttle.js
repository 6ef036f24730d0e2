// @ts-check
/**
 * Call `send` with the newest value at most once in `ms`, the last value included.
 * @template T
 * @param {(value: T) => void} send
 * @param {number} ms
 * @param {{now: () => number, later: (f: () => void, ms: number) => any}} clock
 */
export function throttle(send, ms, clock) {
  let last = -Infinity;
  let waiting = false;
  let newest;
  const fire = () => {
    waiting = false;
    last = clock.now();
    send(newest);
  };
  return (value) => {
    newest = value;
    if (waiting) return;
    const rest = last + ms - clock.now();
    if (rest <= 0) return fire();
    waiting = true;
    clock.later(fire, rest);
  };
}
