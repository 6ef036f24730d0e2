// @ts-check
/** A choice among a few, the last of which is "other": then a text field asks for a path or for synthetic text. */
import { join, set } from "../shared/dom.js";
import { fill, say, write } from "./page.js";

const OTHER = "\u2026"; // no path, no name, no synthetic text
const OTHERS = { model: "other file…", machine: "file or text…" };

/**
 * Say what a choice shows.
 * @param {[string, string][]} known  value and label of each
 * @param {string} inForce
 * @param {{value: string, typed: boolean, sent: boolean} | null} wished  by the person, and not in force
 * @param {string | null} other  label of the entry for others, null where the choice is fixed
 */
export function showChoice(known, inForce, wished, other) {
  const listed = known.some(([value]) => value === inForce);
  // What cannot be typed is an entry of its own.
  const shown = listed || (inForce && other !== null) ? known : [...known, [inForce, inForce || "from Python"]];
  const { value, typed } = wished ?? { value: inForce, typed: !listed && shown === known };
  const options = other === null ? shown : [...shown, [OTHER, other]];
  return { options, selected: typed ? OTHER : value, text: typed ? value : null };
}

/** Give what is still wished after the kernel spoke: a refused wish stays, so that it can be mended or asked again. */
export function settleWish(wished, before, after) {
  if (!wished?.sent || (before.inForce === after.inForce && before.error === after.error)) return wished;
  // The two may come one after the other: what is in force now was not refused.
  return after.error && before.inForce === after.inForce ? { ...wished, sent: false } : null;
}

/** Give a select its options, each a value and perhaps a label, and choose one. */
export function fillSelect(select, options, value) {
  join(select, options, "<option></option>", (node, option) => {
    const [own, label = own] = [option].flat();
    fill(node, { value: own, textContent: label });
  });
  fill(select, { value });
}

/** Bring the choice of `name`, "model" or "machine", to life. */
export function bindChoice(name, { part, model, on, tell, fixed, schedule, id }) {
  const [select, text, error] = [part[name], part[`${name}_text`], part[`${name}_error`]];
  error.id = `${id}-${name}`;
  let wished = null;
  let before = { inForce: "", error: "" };
  function want(value, typed, sent) {
    wished = { value, typed, sent };
    if (sent) tell({ choose: name, value });
    schedule();
  }
  const ask = () => text.value.trim() && want(text.value.trim(), true, true);
  on(select, "change", () => (select.value === OTHER ? want("", true, false) : want(select.value, false, true)));
  on(text, "input", () => want(text.value, true, false));
  // Enter always asks: a file that was not there may be there now, and of a refusal in the same words nothing is heard.
  on(text, "keydown", ({ key }) => key === "Enter" && ask());
  // Leaving the field asks for what was typed since.
  on(text, "change", () => wished?.sent === false && text.value.trim() !== model.get(name) && ask());

  return () => {
    const now = { inForce: model.get(name), error: model.get("errors")[name] ?? "" };
    wished = settleWish(wished, before, now);
    before = now;
    select.disabled = fixed(name);
    // A workload is what a simulation runs.
    const unused = name === "model" && !model.get("limits").measurable;
    write(select.previousElementSibling, unused ? "model (for the code)" : name);
    const shown = showChoice(model.get("choices")[`${name}s`], now.inForce, wished, fixed(name) ? null : OTHERS[name]);
    fillSelect(select, shown.options, shown.selected);
    fill(text, { hidden: shown.text === null, value: shown.text ?? "" });
    say(error, now.error);
    const invalid = { "aria-invalid": now.error ? "true" : null, "aria-describedby": now.error ? error.id : null };
    for (const node of [select, text]) set(node, invalid).title = now.inForce;
  };
}
