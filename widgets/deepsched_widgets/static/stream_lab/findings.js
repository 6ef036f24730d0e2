// @ts-check
/** What there is to say of the plan, each finding with the ways out of it as buttons. */
import { join, set } from "../shared/dom.js";
import { write } from "./page.js";

const FINDING = `<li><b><span aria-hidden="true"></span> <span></span></b>
  <div><p><strong></strong> <span></span></p><div></div></div></li>`;
const SIGNS = { warning: "▲", info: "●" };

/** Say what an option asks for: a number of streams, and the scheduler that has several. */
export const askStreams = (count, fixed) => ({ num_streams: count, ...(fixed ? {} : { scheduler: "multi_stream" }) });

/** Bring the list of findings to life. */
export function bindFindings({ part: { findings: region }, model, on, wish, fixed }) {
  const [none, list] = region.children;
  on(list, "click", ({ target }) => {
    const { numStreams } = target.closest("button")?.dataset ?? {};
    if (numStreams) wish(askStreams(Number(numStreams), fixed("scheduler")));
  });
  return () => {
    const findings = model.get("findings");
    const focused = list.contains(document.activeElement);
    none.hidden = findings.length > 0;
    join(list, findings, FINDING, (node, { kind, severity, streams, message, suggestion, options = [] }) => {
      set(node, { "data-finding": kind, "data-severity": severity, "data-streams": streams });
      const [about, { firstChild: words, lastChild: buttons }] = node.children;
      write(about.firstChild, SIGNS[severity]);
      write(about.lastChild, severity);
      write(words.firstChild, message);
      write(words.lastChild, suggestion);
      join(buttons, options, "<button></button>", (button, [count, label]) => {
        write(set(button, { "data-num-streams": count }), label);
      });
    });
    // A button went with its finding: the focus stays with the findings, not with the page's top.
    if (focused && !list.contains(document.activeElement)) region.focus();
  };
}
