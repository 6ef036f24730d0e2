// @ts-check
/** How streams look in all pictures, as in deepsched.render.palette: their colours and hatches, each in its turn. */
export const HATCHES = ["", "M-1,1l2,-2M0,6l6,-6M5,7l2,-2", "M-1,5l2,2M0,0l6,6M5,-1l2,2", "M0,3h6", "M3,3h.01"];

/** The number of the colour in theme.css, for data-colour. */
export const colourOf = (stream) => stream % 7;

/** What the attribute `fill` says for the hatch; `prefix` is that of the ids. */
export const hatchOf = (stream, prefix) => `url(#${prefix}${stream % HATCHES.length})`;

/**
 * Write hatches as patterns; their ids are the whole page's, so they have a prefix.
 * @param {string} prefix
 * @param {string[][]} hatches  name and path of each; those of the streams are named by their numbers
 */
export function writePatterns(prefix, hatches = Object.entries(HATCHES)) {
  const pattern = ([name, d]) => `<pattern id="${prefix}${name}" width="6" height="6" patternUnits="userSpaceOnUse">
    <path d="${d}"/></pattern>`;
  return hatches.map(pattern).join("");
}
