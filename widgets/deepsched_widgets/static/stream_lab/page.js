// @ts-check
/** The page: its elements and their names. `#start` names one in the markup; all words of the kernel go in as text. */

const choice = (name, hint) => `<div class="ds-choice"><label><span>${name}</span><select #${name}></select></label>
  <input #${name}_text type="text" spellcheck="false" aria-label="other ${name}" placeholder="${hint}">
  <p #${name}_error role="alert" tabindex="0"></p></div>`;
const radio = (value) => `<label><input type="radio" value="${value}"><span>${value}</span></label>`;
const section = (name, title) => `<details #${name}_section><summary>${title}</summary>
  <div #${name} class="ds-place"></div></details>`;

const VIEW = `<section class="ds ds-lab" data-deepsched="lab" aria-label="deepsched lab">
<h3 #heading></h3>
<div class="ds-row">${choice("model", "path of an .onnx file")}
  ${choice("machine", "pack:2 l3:1 core:8 pu:1, or a path")}
  <div class="ds-compare"><span #compared></span><button #compare></button></div></div>
<div #machine_map class="ds-place"></div>
<div #findings role="region" aria-label="Findings" tabindex="0"><p>No findings.</p><ul></ul></div>
<div class="ds-row">
  <fieldset #scheduler><legend>scheduler</legend><div>${radio("multi_stream")}${radio("single_stream")}</div></fieldset>
  <div #streams><span>num_streams</span><div>
    <input #slider type="range" min="1" step="1" aria-label="num_streams">
    <input #num_streams type="number" aria-label="num_streams as a number"></div></div>
  <label>threads per core<select #threads_per_core></select></label>
  <div role="group" aria-label="load"><span>load</span><div>
    <input #amount type="number"><select #load aria-label="kind of load"></select></div></div>
  <label>workload<select #workload></select></label>
  <label class="ds-check" title="Simulate the same, and show what that predicts beside what is measured">
    <input #predict type="checkbox">predict</label>
</div>
<div class="ds-row ds-run">
  <button #start></button>
  <button #tune></button>
  <span #tuning><progress #progress max="1" aria-label="tuning"></progress>
    <span #progress_words></span></span>
  <span #rest role="timer"></span>
</div>
<div #verdict role="status"><span></span><button></button></div>
<div class="ds-report"><p #sentence aria-live="polite"></p><p #prediction></p>
  <p #note role="status"></p></div>
<div #chart class="ds-place"></div>
${section("timeline", "Requests over time")}
${section("sweep", "Throughput against num_streams")}
<details #panel><summary>Code</summary>
  <div class="ds-row"><label>for<select #code_kind></select></label><button #copy>Copy</button></div>
  <pre #code tabindex="0" role="region" aria-label="code"></pre></details>
<div class="ds-row"><button #run>Download run JSON</button><button #trace>Download trace</button></div>
</section>`;

export const GONE = "The kernel is gone: run the cell again.";

/** Put the page into an element, and give its parts by name. */
export function makePage(el) {
  el.insertAdjacentHTML("beforeend", VIEW.replace(/#(\w+)/g, 'data-part="$1"'));
  const root = el.lastElementChild;
  const named = [...root.querySelectorAll("[data-part]")].map((node) => [node.dataset.part, node]);
  return { root, ...Object.fromEntries(named) };
}

/** Set those properties that differ: a control keeps its caret, a screen reader its peace. */
export function fill(node, properties) {
  for (const [name, value] of Object.entries(properties)) if (node[name] !== value) node[name] = value;
  return node;
}

/** Write words into an element, which is hidden without any. */
export const say = (node, words = "") => fill(node, { textContent: words, hidden: !words });

/** Write words into an element, which keeps its place without any. */
export const write = (node, words) => fill(node, { textContent: words });
