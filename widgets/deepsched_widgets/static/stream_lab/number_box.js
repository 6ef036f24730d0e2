// @ts-check
/** A box for a number: Enter or leaving it asks, Escape takes back, and what is being typed is left alone. */
import { fill } from "./page.js";

/**
 * Read what was typed: the nearest number within the limits, or what is in force where it is no number.
 * @param {string} text
 * @param {{min: number, max: number, whole?: boolean}} limits
 * @param {number} inForce
 */
export function readNumber(text, { min, max, whole = true }, inForce) {
  const number = text.trim() ? Number(text) : NaN;
  if (Number.isNaN(number)) return inForce;
  return Math.min(Math.max(whole ? Math.round(number) : number, min), max);
}

/** Let a box show what `current` gives, within what `limits` gives, and call `ask` with another number. */
export function bindNumberBox(box, { limits, current, ask }, on) {
  let typing = false;
  const show = () => {
    const { min, max, whole = true } = limits();
    fill(box, { min: `${min}`, max: `${max}`, step: whole ? "1" : "any" });
    if (!typing) fill(box, { value: `${current()}` });
  };
  const finish = (number = readNumber(box.value, limits(), current())) => {
    typing = false;
    if (number !== current()) ask(number);
    show();
  };
  on(box, "input", () => (typing = true));
  on(box, "change", () => finish());
  on(box, "blur", () => typing && finish());
  on(box, "keydown", ({ key }) => {
    if (key === "Enter") finish();
    if (key === "Escape") finish(current());
  });
  return show;
}
