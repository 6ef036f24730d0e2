// @ts-check
/**
 * A plotly figure in the colours of the page and as wide as it is, with a table of what it shows.
 *
 * anywidget loads this text from a Blob URL, so it imports nothing; plotly comes from the kernel, once a page.
 * All before "Page" is pure and tested in Node. chart_view.py says what the kernel sends.
 */

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
  const label = { bgcolor: page, bordercolor: line, font: { color: ink } };
  const ours = { width, font: { color: ink, size: 12 }, hoverlabel: label };
  const clear = { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" };
  const fitted = mergeLayout(mergeLayout(layout, ours), clear);
  return width < NARROW ? mergeLayout(fitted, narrow) : fitted;
}

// ---- Page
const VIEW = `<div class="ds-chart" data-deepsched="chart">
  <div class="ds-figure" role="img"><p>Loading the chart.</p></div>
  <details><summary>Table of the chart</summary><div tabindex="0" role="region" aria-label="table of the chart">
    <table><thead><tr></tr></thead><tbody></tbody></table></div></details></div>`;
const CONFIG = { displayModeBar: false, displaylogo: false };
const THEME = ["class", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind"];

/** Take plotly's text out of its compressed form and run it, unless another chart was faster. */
async function startPlotly(buffer) {
  const text = new Response(new Blob([buffer]).stream().pipeThrough(new DecompressionStream("gzip")));
  const url = URL.createObjectURL(new Blob([await text.arrayBuffer()], { type: "text/javascript" }));
  await new Promise((done, fail) => {
    if (globalThis.Plotly?.react) return done(undefined);
    const script = Object.assign(document.createElement("script"), { src: url, onload: done, onerror: fail });
    document.head.append(script);
  });
  URL.revokeObjectURL(url);
}

/** Give a parent one child an item: what is there is updated, the rest made or removed. */
function join(parent, items, tag, update) {
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  while (parent.children.length < items.length) parent.append(document.createElement(tag));
  items.forEach((item, i) => update(parent.children[i], item));
}

function drawTable(table, { columns, rows }) {
  const write = (cell, text) => (cell.textContent = text);
  join(table.tHead.rows[0], columns, "th", (cell, text) => {
    cell.scope = "col";
    write(cell, text);
  });
  join(table.tBodies[0], rows, "tr", (row, cells) => join(row, cells, "td", write));
}

function render({ model, el, signal }) {
  el.insertAdjacentHTML("beforeend", VIEW);
  const root = el.lastElementChild;
  const [figure, details] = root.children;
  let [queued, width] = [0, 0];

  function draw() {
    queued = 0;
    width = root.clientWidth;
    figure.setAttribute("aria-label", model.get("label"));
    if (details.open) drawTable(details.querySelector("table"), model.get("table"));
    // Without plotly it is drawn when that comes, without a width when the page shows it.
    if (!globalThis.Plotly?.react || !width) return;
    if (!figure.classList.contains("js-plotly-plot")) figure.replaceChildren();
    const style = getComputedStyle(root);
    const read = (name) => style.getPropertyValue(name).trim();
    const theme = { ink: style.color, page: read("--ds-page"), line: read("--ds-line") };
    const layout = fitLayout(model.get("layout_of_figure"), model.get("narrow"), width, theme);
    // plotly writes into what it is given.
    globalThis.Plotly.react(figure, structuredClone(model.get("data")), structuredClone(layout), CONFIG);
  }

  const schedule = () => (queued ||= requestAnimationFrame(draw));
  const resized = new ResizeObserver(() => root.clientWidth !== width && schedule());
  const themed = new MutationObserver(schedule);
  resized.observe(root);
  for (const node of [document.documentElement, document.body]) themed.observe(node, { attributeFilter: THEME });
  for (const name of ["data", "layout_of_figure", "narrow", "label", "table"]) model.on(`change:${name}`, schedule);
  details.addEventListener("toggle", schedule);
  model.on("msg:custom", (message, buffers) => {
    if (message?.plotly) startPlotly(buffers[0]).then(schedule);
  });
  if (!globalThis.Plotly?.react) model.send({ ask: "plotly" });
  signal.addEventListener("abort", () => {
    resized.disconnect();
    themed.disconnect();
    cancelAnimationFrame(queued);
    globalThis.Plotly?.purge(figure);
  });
  draw();
}

export default { render };
