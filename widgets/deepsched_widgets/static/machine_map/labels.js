// @ts-check
/** What is written on the picture, as far as there is room. */
import { cutName, findUsers } from "./reading.js";

export const HEAD_TEXT = 11;

/** Take the first text that fits, at 0.6 of the font's size a character. */
export const fitText = (texts, width, size) => texts.find((text) => text.length * size * 0.6 <= width) ?? "";
export const markStream = ({ stream, stray }) => `S${stream}${stray ? "▲" : ""}`;

/**
 * Write on a cell its stream and, below or beside that, its cpu; before the cpu the initial of its core's kind. A cell
 * in no stream has its cpu only where cells in streams have theirs: it would seem to be that of the stream beside it.
 */
export function labelCell(cell) {
  const { x, y, w, h, id, stream, within: { core }, threads: [{ kind }] } = cell;
  const mark = markStream(stream === null ? core : cell);
  const number = kind ? `${kind[0].toUpperCase()} ${id}` : `${id}`;
  const size = Math.min(16, Math.max(10, Math.min(w, h) * 0.38), (w - 1) / mark.length / 0.6);
  const small = Math.max(8, size * 0.75);
  const ways = [
    [[mark, size, 0.5, 0.33, h > 29 ? w : 0], [number, small, 0.5, 0.76, w]],
    [[mark, size, 0.32, 0.5, w / 2], [number, small, 0.75, 0.5, w > 36 ? w / 2 : 0]],
    [[mark, size, 0.54, 0.5, w]],
  ];
  const fits = ([text, size, , , width]) => size > 7 && size < h - 1 && fitText([text], width, size);
  const find = (ways) => ways.find((way) => way.every(fits)) ?? [];
  const numbered = core.stream === null || find(ways).length > 1;
  const way = find(stream !== null ? ways : numbered ? [[[number, 9, 0.5, 0.5, w - 1]]] : []);
  return way.map(([text, size, across, down]) => ({ x: x + w * across, y: y + h * down, text, size }));
}

/** Write in a box's head what it is and, of an L3, that streams share it. */
export function nameBox(box, { names }) {
  const name = names[box.level]?.[box.id];
  if (!name) return "";
  const users = box.level === "l3" ? findUsers(box) : [];
  const list = users.map((stream) => `S${stream}`).join(", ");
  const sharing = users.length > 1 ? [` · shared by ${list}`, " · shared", ""] : [""];
  const texts = [name, cutName(name), `${box.id}`].flatMap((text) => sharing.map((words) => text + words));
  return fitText(texts, box.w - 12, HEAD_TEXT);
}
