// @ts-check
/** What the page adds to a figure that the kernel described: its width, its colours, and what traces share. */

const NARROW = 560; // px

/** Put what one layout says over another, object by object; arrays and values are replaced. */
export function mergeLayout(base, over) {
  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const merged = { ...base };
  for (const [name, value] of Object.entries(over)) {
    merged[name] = isObject(value) && isObject(base[name]) ? mergeLayout(base[name], value) : value;
  }
  return merged;
}

/** Make the layout for a page: its width, its colours, and the smaller figure where there is little room. */
export function fitLayout(layout, narrow, width, { ink, page, line }) {
  const clear = "rgba(0,0,0,0)";
  const ours = {
    width,
    font: { color: ink, size: 12 },
    hoverlabel: { bgcolor: page, bordercolor: line, font: { color: ink } },
    paper_bgcolor: clear,
    plot_bgcolor: clear,
    // What is written over curves stays legible, and so do the ends of intervals, over bars and beside them.
    template: {
      layout: { annotationdefaults: { bgcolor: page } },
      data: { bar: [{ error_y: { color: ink } }] },
    },
  };
  const fitted = mergeLayout(layout, ours);
  // Where a finger scrolls the page, it does not zoom the figure.
  return width < NARROW ? mergeLayout({ ...fitted, dragmode: false }, narrow) : fitted;
}

// What is dim on a dark page, and what stands for it there: deepsched.render draws for white paper.
const LIGHTER = { "#0072B2": "#56B4E9", "rgba(0,114,178,0.18)": "rgba(86,180,233,0.26)" };

/** Whether ink of a computed colour, such as `rgb(255, 255, 255)`, is that of a dark page. */
export function isLight(ink) {
  const [red, green, blue] = (ink.match(/^rgba?\((.*)\)$/)?.[1] ?? "0").split(/[ ,/]+/).map(Number);
  return 0.3 * red + 0.6 * green + 0.1 * blue > 128;
}

/** Give the traces the colours that a page of this ink needs. */
export function fitColours(value, ink) {
  if (!isLight(ink)) return value;
  const lighten = (part) => {
    if (typeof part === "string") return LIGHTER[part] ?? part;
    if (Array.isArray(part)) return part.map(lighten);
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, lighten(inner)]));
  };
  return lighten(value);
}

/** Give the traces that come without `x` that of the first: the kernel sends a column of times once. */
export function shareTimes(traces) {
  return traces.map((trace) => (trace.x ? trace : { ...trace, x: traces[0].x }));
}
