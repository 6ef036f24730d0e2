// @ts-check
/** Shapes of a picture, put in their places. */
import { set } from "./dom.js";

/** Place a rectangle. */
export const placeRect = (node, { x, y, w, h }, more) => set(node, { x, y, width: w, height: h, ...more });

/** Place a text, in the font size of the style sheet where none is given; without any, empty the node. */
export function placeText(node, { x = 0, y = 0, size = null, text = "" } = {}) {
  set(node, { x, y, "font-size": size }).textContent = text;
}
