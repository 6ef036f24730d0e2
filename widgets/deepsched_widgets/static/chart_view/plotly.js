// @ts-check
/** Brings plotly to the page: once, from the kernel, whichever chart of the page asks first. */

const READY = "deepsched-plotly"; // the page's event: plotly is there, or who asked for it is gone
const PATIENCE = 20_000; // ms

/** Whether plotly is on the page. */
export const hasPlotly = () => Boolean(globalThis.Plotly?.react);

/**
 * Ask the kernel for plotly, unless another chart of the page has asked.
 * @param {{ onReady: () => void, onSilence: () => void, signal: AbortSignal }} view  told that plotly is there, or that
 *   no answer came
 */
export function bringPlotly(model, { onReady, onSilence, signal }) {
  if (hasPlotly()) return;
  // On the page, for each chart may have a copy of this script.
  const page = (document[READY] ??= { asker: null, running: false });
  const tell = () => document.dispatchEvent(new Event(READY));
  const ask = () => {
    if (hasPlotly()) return onReady();
    if (page.asker && !page.asker.aborted) return;
    page.asker = signal;
    try {
      model.send({ ask: "plotly" });
    } catch {
      onSilence(); // the kernel is gone
    }
  };
  const silence = setTimeout(() => hasPlotly() || onSilence(), PATIENCE);
  model.on("msg:custom", (message, buffers) => {
    if (!message?.plotly || page.running) return;
    page.running = true;
    runScript(buffers[0]).then(tell, onSilence);
  });
  document.addEventListener(READY, ask, { signal });
  signal.addEventListener("abort", () => {
    clearTimeout(silence);
    tell();
  });
  ask();
}

/** Take a script out of its compressed form and run it. */
async function runScript(buffer) {
  const text = new Response(new Blob([buffer]).stream().pipeThrough(new DecompressionStream("gzip")));
  const src = URL.createObjectURL(new Blob([await text.arrayBuffer()], { type: "text/javascript" }));
  await new Promise((onload, onerror) => {
    document.head.append(Object.assign(document.createElement("script"), { src, onload, onerror }));
  });
  URL.revokeObjectURL(src);
}
