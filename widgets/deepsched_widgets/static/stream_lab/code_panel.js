// @ts-check
/** The plan as code: folded at first, and asked for only while it is open. */
import { fillSelect } from "./choice.js";
import { fill, write } from "./page.js";

const COPIED_MS = 2000;

/** Put an element's text on the clipboard. Give whether that went well; a page that is not served securely has none. */
async function copyText(node) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(node);
    return document.execCommand("copy");
  }
}

/** Bring the panel to life. */
export function bindCodePanel({ part: { panel, code_kind: kind, code, copy }, model, on, get, wish, clock }) {
  on(panel, "toggle", () => {
    if (panel.open !== Boolean(get("code_kind"))) wish({ code_kind: panel.open ? kind.value : "" });
  });
  on(kind, "change", () => wish({ code_kind: kind.value }));
  on(copy, "click", async () => {
    copy.textContent = (await copyText(code)) ? "Copied" : "Press Ctrl+C";
    clock.later(() => (copy.textContent = "Copy"), COPIED_MS);
  });
  return () => {
    const kinds = model.get("choices").code_kinds;
    fillSelect(kind, kinds, get("code_kind") || kind.value || kinds[0][0]);
    fill(panel, { open: Boolean(get("code_kind")) });
    write(code, model.get("code"));
  };
}
