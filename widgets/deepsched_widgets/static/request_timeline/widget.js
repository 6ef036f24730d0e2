// @ts-check
/**
 * Requests as bars in lanes: solid where they ran on a stream, hatched where they waited in the queue.
 * request_timeline.py builds what the kernel sends: which requests, and the words beside them.
 */
import { join, set } from "../shared/dom.js";
import { scheduleDrawing } from "../shared/redraw.js";
import { drawTable, foldedTable } from "../shared/table.js";
import { definePatterns, drawPanels } from "./drawing.js";
import { layoutTimelines } from "./layout.js";
import { findNeighbour, findSpot, moveWindow, readSpot } from "./moves.js";
import { nameBar, tabulate } from "./words.js";

const MOVES = { earlier: "← Earlier", later: "Later →", closer: "Closer", wider: "Wider", newest: "Newest" };
const HINT = "Point at a request, or move from one to the next with the arrow keys.";
const NONE = "No requests yet. They show here when a run has answered some.";
const HELD = "Newer requests have come. Newest shows them.";
const VIEW = `<div class="ds ds-timeline" data-deepsched="request-timeline" role="group" aria-label="Request timeline">
  <svg><defs></defs><g></g></svg>
  <p class="ds-detail"></p><p class="ds-said" role="status"></p>
  <ul><li><svg aria-hidden="true"><rect class="ds-run"/></svg>running on a stream</li>
    <li><svg aria-hidden="true"><rect class="ds-wait"/><rect class="ds-hatch"/></svg>waiting in the queue</li></ul>
  <div class="ds-moves" role="group" aria-label="time shown"></div><p class="ds-held" role="status"></p>
  ${foldedTable("requests shown")}</div>`;

function render({ model, el, signal }) {
  el.insertAdjacentHTML("beforeend", VIEW);
  const root = el.lastElementChild;
  const [svg, detail, said, legend, moves, held, details] = root.children;
  const [defs, panels] = svg.children;
  const patterns = `ds-${Math.random().toString(36).slice(2)}-`;
  definePatterns(defs, patterns);
  set(legend.querySelector(".ds-hatch"), { fill: `url(#${patterns}wait)` });

  let bars = [];
  let spot = { panel: 0, stream: 0, place: 0 }; // where the tab key leads to
  let pointed = null; // the bar under the pointer
  let moved = false; // the person asked for the picture that comes next

  const cellOf = (index) => panels.querySelector(`[data-bar="${index}"]`);
  const barOf = (node) => node?.closest?.("[data-bar]")?.dataset.bar;
  const focused = () => panels.contains(root.getRootNode().activeElement);

  function draw() {
    const picture = model.get("picture");
    const focus = focused();
    root.classList.toggle("ds-none", !picture.span);
    const layout = layoutTimelines(picture, root.clientWidth);
    bars = layout.bars;
    set(svg, { width: layout.width, height: layout.height, viewBox: `0 0 ${layout.width} ${layout.height}` });
    drawPanels(panels, layout, patterns);
    join(moves, Object.keys(MOVES), '<button type="button"></button>', (button, move) => {
      button.textContent = MOVES[move];
      set(button, { "data-move": move, "aria-disabled": moveWindow(picture, move) === null });
    });
    held.textContent = picture.newer ? HELD : "";
    drawTable(details, tabulate(picture, bars));
    lead(findSpot(bars, spot), focus);
    if (moved) said.textContent = picture.panels.map(({ title, summary }) => `${title}: ${summary}`).join(". ");
    moved = false;
  }

  /** Let the tab key lead to a bar; a person who was on a bar stays on one, though requests come and go. */
  function lead(index, focus) {
    for (const cell of panels.querySelectorAll("[data-bar]")) {
      set(cell, { tabindex: cell.dataset.bar === `${index}` ? 0 : -1 });
    }
    const cell = cellOf(index);
    if (focus && root.getRootNode().activeElement !== cell) (cell ?? moves.firstElementChild).focus();
    describe(bars[focus ? index : barOf(pointed)]);
  }

  function describe(bar) {
    const { panels: all, span } = model.get("picture");
    const hint = span ? HINT : NONE;
    detail.textContent = bar ? `${all.length > 1 ? `${all[bar.panel].title}: ` : ""}${nameBar(bar)}` : hint;
  }

  function onFocus({ target }) {
    if (!barOf(target)) return;
    spot = readSpot(bars, Number(barOf(target)));
    lead(findSpot(bars, spot), true);
  }

  function onKey(event) {
    const to = barOf(event.target) ? findNeighbour(bars, findSpot(bars, spot), event.key) : undefined;
    if (!to) return;
    cellOf(bars.indexOf(to)).focus();
    event.preventDefault();
  }

  function onPoint({ target }) {
    pointed = target;
    describe(bars[barOf(target)]);
  }

  function onMove({ target }) {
    const ask = moveWindow(model.get("picture"), target.dataset.move);
    if (!ask) return;
    moved = true;
    try {
      model.send(ask);
    } catch {
      said.textContent = "The kernel does not answer."; // it is gone
    }
  }

  const schedule = scheduleDrawing(root, draw, signal);
  model.on("change:picture", schedule);
  // On the widget: a group of an SVG that listens to the focus would itself be a stop of the tab key.
  root.addEventListener("focusin", onFocus);
  root.addEventListener("focusout", () => describe(undefined));
  root.addEventListener("keydown", onKey);
  panels.addEventListener("pointerover", onPoint);
  panels.addEventListener("pointerleave", () => onPoint({ target: null }));
  details.addEventListener("toggle", schedule);
  moves.addEventListener("click", onMove);
  draw();
}

export default { render };
