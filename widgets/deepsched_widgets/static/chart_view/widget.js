// @ts-check
/** A plotly figure in the colours of the page and as wide as it is, with a table of what it shows. */
import { fitColours, fitLayout, shareTimes } from "./fit.js";
import { bringPlotly, hasPlotly } from "./plotly.js";
import { scheduleDrawing } from "../shared/redraw.js";
import { drawTable, foldedTable } from "../shared/table.js";

const VIEW = `<div class="ds ds-chart" data-deepsched="chart">
  <div class="ds-figure" role="img"><p>Loading the chart.</p></div>${foldedTable("chart")}</div>`;
const SILENCE = "The kernel does not answer, so there is no chart here; the table below has its numbers.";
const CONFIG = { displayModeBar: false, displaylogo: false };
const TRAITS = ["data", "layout_of_figure", "narrow", "label", "table"];

/** Read the colours that the page's theme gives the widget. */
function readTheme(root) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(name).trim();
  return { ink: style.color, page: read("--ds-page"), line: read("--ds-frame") };
}

function render({ model, el, signal }) {
  el.insertAdjacentHTML("beforeend", VIEW);
  const root = el.lastElementChild;
  const [figure, details] = root.children;

  function draw() {
    const width = root.clientWidth;
    figure.setAttribute("aria-label", model.get("label"));
    drawTable(details, model.get("table"));
    // Without plotly it is drawn when that comes, without a width when the page shows it.
    if (!hasPlotly() || !width) return;
    if (!figure.classList.contains("js-plotly-plot")) figure.replaceChildren();
    const theme = readTheme(root);
    const layout = fitLayout(model.get("layout_of_figure"), model.get("narrow"), width, theme);
    const traces = fitColours(shareTimes(model.get("data")), theme.ink);
    // plotly writes into what it is given.
    globalThis.Plotly.react(figure, structuredClone(traces), structuredClone(layout), CONFIG);
  }

  function onSilence() {
    figure.firstElementChild.textContent = SILENCE;
    details.open = true;
  }

  const schedule = scheduleDrawing(root, draw, signal);
  for (const name of TRAITS) model.on(`change:${name}`, schedule);
  details.addEventListener("toggle", schedule);
  bringPlotly(model, { onReady: schedule, onSilence, signal });
  signal.addEventListener("abort", () => globalThis.Plotly?.purge(figure));
  draw();
}

export default { render };
