// @ts-check
/** What the person wants and the kernel has not been told yet: the newest wish wins, at most one message in 100 ms. */
import { throttle } from "./throttle.js";

const WISH_MS = 100;

/**
 * Collect wishes for a model, and send them together.
 * @param {any} model
 * @param {() => void} schedule  shows them
 * @param {{now: () => number, later: (f: () => void, ms: number) => any}} clock
 */
export function collectWishes(model, schedule, clock) {
  let waiting = {};
  const send = throttle(() => {
    const news = Object.entries(waiting).filter(([name, value]) => model.get(name) !== value);
    // Emptied first: whoever hears of the change reads the model.
    waiting = {};
    for (const [name, value] of news) model.set(name, value);
    if (news.length) model.save_changes();
  }, WISH_MS, clock);
  return {
    /** Ask for new values of traits. */
    wish(values) {
      Object.assign(waiting, values);
      send(undefined);
      schedule();
    },
    /** Give a trait as the person wants it, which is ahead of the kernel. */
    get: (name) => (name in waiting ? waiting[name] : model.get(name)),
  };
}

/** Make timers that end with the view. */
export function startClock(signal) {
  const timers = new Set();
  signal.addEventListener("abort", () => timers.forEach(clearTimeout));
  return {
    now: () => Date.now(),
    later(react, ms) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        react();
      }, ms);
      timers.add(timer);
      return timer;
    },
    forget(timer) {
      clearTimeout(timer);
      timers.delete(timer);
    },
  };
}
