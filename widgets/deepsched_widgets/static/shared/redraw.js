// @ts-check
/** When to draw again: once a frame at most, when the width or the page's theme changed, until the view is gone. */
const THEME = ["class", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind"];

/**
 * Give a function that asks for `draw`, which is also called when `root` gets another width or the page another theme.
 * @param {HTMLElement} root
 * @param {() => void} draw
 * @param {AbortSignal} signal  ends it
 */
export function scheduleDrawing(root, draw, signal) {
  let [queued, width] = [0, 0];
  const drawNow = () => {
    queued = 0;
    width = root.clientWidth;
    draw();
  };
  // The model of a view that is gone may still call.
  const schedule = () => (queued ||= signal.aborted ? 0 : requestAnimationFrame(drawNow));
  const resized = new ResizeObserver(() => root.clientWidth !== width && schedule());
  const themed = new MutationObserver(schedule);
  resized.observe(root);
  for (const node of [document.documentElement, document.body]) themed.observe(node, { attributeFilter: THEME });
  signal.addEventListener("abort", () => {
    resized.disconnect();
    themed.disconnect();
    cancelAnimationFrame(queued);
  });
  return schedule;
}
