// @ts-check
/** One plan on its machine: its picture, the words below it, and what pointing, clicking and keys do to them. */
import { set } from "../shared/dom.js";
import { drawTable, foldedTable } from "../shared/table.js";
import { ROVING, drawLoad, drawMachine, drawMarks, writeGroups } from "./drawing.js";
import { findNeighbour } from "./keyboard.js";
import { layoutMachine } from "./layout.js";
import { drawFindings, drawLegend } from "./lists.js";
import { describeThreads, nameStream, nameThread, tabulateMap } from "./words.js";

const LOAD = ["load: full at 100 %", { load: 60 }];

/**
 * Add a picture to `root`.
 * @param {Element} root
 * @param {string} name  of the table; ours
 * @param {(stream: number) => void} choose  called with the stream that a person selects, -1 for none
 */
export function addPicture(root, name, choose) {
  const hatches = `ds-${Math.random().toString(36).slice(2)}-`;
  root.insertAdjacentHTML(
    "beforeend",
    `<figure><figcaption></figcaption><svg>${writeGroups(hatches)}</svg><p class="ds-detail"><b></b> <span></span></p>
    <ul class="ds-legend" role="listbox" aria-label="streams"></ul><ul class="ds-legend"></ul>
    <ul class="ds-findings"></ul>${foldedTable(name)}</figure>`,
  );
  const figure = root.lastElementChild;
  const [title, svg, detail, legend, signs, list, table] = figure.children;
  const parts = [svg, legend]; // of one tab stop each
  let machine, plan, picture;
  // What is under the pointer or has the focus; and a stream.
  let [target, selected] = [null, -1];

  function draw(newMachine, newPlan, listed, lead = "") {
    [machine, plan] = [newMachine, newPlan];
    picture = layoutMachine(machine, plan, figure.clientWidth);
    drawMachine(svg, machine, plan, picture, hatches);
    drawMarks(svg, picture);
    legend.hidden = !picture.streams.length;
    const entries = picture.streams.map((threads, stream) => [nameStream(threads), { stream }]);
    drawLegend(legend, entries, hatches, `role="option" ${ROVING}`);
    drawFindings(list, listed ? picture.findings : []);
    title.textContent = lead + [machine.title, plan.title].filter(Boolean).join(" · ");
    for (const part of parts) {
      enter(part, part.querySelector('[tabindex="0"]') ?? part.querySelector("[tabindex]"));
    }
    showLoad([]);
    select(selected);
  }

  function showLoad(load) {
    picture.threads.forEach((thread, i) => (thread.load = load[i]));
    svg.querySelectorAll("[data-cpu]").forEach((node, i) => drawLoad(node, picture.cells[i]));
    drawLegend(signs, [...machine.signs, ...(plan.signs ?? []), ...(load.length ? [LOAD] : [])], hatches);
    writeDetail();
  }

  function select(stream) {
    selected = stream;
    if (selected >= picture.streams.length) choose(-1);
    drawEmphasis();
  }

  /** Quieten all but the streams of what is pointed at or, without any, the selected one. */
  function drawEmphasis(node = target) {
    target = node;
    const pointed = listStreams(target);
    const chosen = pointed.length || selected < 0 ? pointed : [selected];
    for (const part of figure.querySelectorAll("[data-cpu], [data-streams]")) {
      const its = listStreams(part);
      part.classList.toggle("ds-quiet", chosen.length > 0 && !its.some((stream) => chosen.includes(stream)));
      if (part.hasAttribute("tabindex")) set(part, { "aria-selected": its[0] === selected });
    }
    writeDetail();
  }

  /** Write what there is to say of what is pointed at or selected, and the table where it is open. */
  function writeDetail() {
    const cpu = target?.closest("[data-cpu]")?.dataset.cpu;
    const [stream = cpu ? -1 : selected] = listStreams(target);
    const thread = picture.threads.find((t) => `${t.cpu}` === cpu);
    const its = picture.streams[stream];
    const said = picture.findings.filter((f) => f.streams.includes(stream)).map((f) => f.message);
    const hint = thread ? "" : "Point at a core or a stream, or walk with the arrow keys, to read about it.";
    const facts = its ? [describeThreads(its), ...said].join(" · ") : hint;
    detail.firstChild.textContent = thread ? nameThread(thread, machine, plan) : its ? `stream ${stream}` : "";
    detail.lastChild.textContent = facts;
    detail.title = detail.textContent;
    drawTable(table, tabulateMap(picture, machine));
  }

  function press(event) {
    const { key, currentTarget } = event;
    const nodes = [...currentTarget.querySelectorAll("[tabindex]")];
    const to = findNeighbour(nodes.map((node) => node.getBoundingClientRect()), nodes.indexOf(event.target), key);
    if (key === "Enter" || key === " ") click(event);
    else if (key === "Escape") choose(-1);
    else if (nodes[to]) nodes[to].focus();
    else return;
    event.preventDefault();
  }

  function click(event) {
    const [stream] = listStreams(event.target);
    if (stream !== undefined) choose(stream === selected ? -1 : stream);
  }

  /** Let the tab key lead to a cell or an option. */
  function enter(part, node) {
    for (const other of part.querySelectorAll("[tabindex]")) set(other, { tabindex: other === node ? 0 : -1 });
  }

  const leave = () => drawEmphasis(null);
  Object.assign(figure, { onpointerover: (event) => drawEmphasis(event.target), onpointerleave: leave });
  for (const part of parts) Object.assign(part, { onclick: click, onkeydown: press });
  // On the figure: an SVG that listens for the focus is a stop of the tab key itself in Chromium.
  figure.addEventListener("focusin", ({ target: node }) => {
    for (const part of parts) if (part.contains(node)) enter(part, node);
    drawEmphasis(node);
  });
  figure.addEventListener("focusout", leave);
  table.ontoggle = writeDetail;
  return { figure, draw, showLoad, select };
}

/** List the streams that an element of a map is about; what is around the map may tell of streams too. */
const listStreams = (node) => node?.closest(".ds-map [data-streams]")?.dataset.streams.split(",").map(Number) ?? [];
