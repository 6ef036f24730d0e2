// @ts-check
/** How long a run still takes before it stops by itself. The page counts; nothing is sent for it. */
import { write } from "./page.js";

/**
 * Say when a run stops.
 * @param {number} seconds  that a run takes
 * @param {number | null} since  when it began, in ms; null if it did before the page looked
 * @param {number} now  in ms
 */
export function describeRest(seconds, since, now) {
  if (since === null) return `stops by itself after ${Math.round(seconds)} s`;
  const rest = Math.ceil(seconds - (now - since) / 1000);
  return rest > 0 ? `stops by itself in ${rest} s` : "stops by itself now";
}

/** Count down in an element while a run is on. */
export function bindCountdown({ part: { rest }, model, clock, state }) {
  // A run that was on at the first look began nobody knows when.
  let was = null;
  let since = null;
  let timer;
  function tick() {
    write(rest, describeRest(model.get("seconds"), since, clock.now()));
    if (since !== null) timer = clock.later(tick, 1000);
  }
  return () => {
    const runs = state() === "running";
    rest.hidden = !runs;
    if (runs === was) return;
    since = was === null ? null : clock.now();
    was = runs;
    clock.forget(timer);
    if (runs) tick();
  };
}
