// @ts-check
/** What the timeline says: times, and the requests' names. */

/** Write a time as a person reads it: 12.0, 3.1, 0.12, 0.0047. */
export function formatMs(value) {
  return value.toFixed(value >= 1 || value <= 0 ? 1 : Math.ceil(-Math.log10(value)) + 1);
}

/** Say of a bar what a person asks. */
export function nameBar({ request, count, stream, waited, ran }) {
  const who = count === 1 ? `request ${request}` : `${count} requests from ${request} on`;
  const mean = count === 1 ? "" : " on average";
  return `${who}, stream ${stream}, waited ${formatMs(waited)} ms, ran ${formatMs(ran)} ms${mean}`;
}

/** Cut a text to a width, at 0.54 of the font's size a character. */
export function cutText(text, width, size) {
  const most = Math.max(1, Math.floor(width / (size * 0.54)));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Break a text into lines of a width, at 0.54 of the font's size a character. */
export function wrapText(text, width, size) {
  const most = Math.max(1, Math.floor(width / (size * 0.54)));
  const lines = [];
  for (const word of text.split(" ").filter(Boolean)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    lines.length && longer.length <= most ? (lines[lines.length - 1] = longer) : lines.push(word);
  }
  return lines;
}

const COLUMNS = ["timeline", "request", "stream", "queued at, ms", "waited, ms", "ran, ms", "ended at, ms"];

/** Write the bars as a table. */
export function tabulate({ panels }, bars) {
  const rows = bars.map((bar) => {
    const who = bar.count === 1 ? bar.request : `${bar.request} and ${bar.count - 1} more`;
    const times = [bar.started - bar.waited, bar.waited, bar.ran, bar.ended].map(formatMs);
    return [panels[bar.panel].title, who, bar.stream, ...times];
  });
  return { columns: COLUMNS, rows };
}
