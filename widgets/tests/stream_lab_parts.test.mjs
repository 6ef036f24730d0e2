import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { bindChoice } from "../deepsched_widgets/static/stream_lab/choice.js";
import { bindNumberBox } from "../deepsched_widgets/static/stream_lab/number_box.js";
import { bindReport } from "../deepsched_widgets/static/stream_lab/report.js";
import { bindRunRow } from "../deepsched_widgets/static/stream_lab/run_row.js";
import { collectWishes } from "../deepsched_widgets/static/stream_lab/wishes.js";
import { makeClock, makeEvents, makeModel, makeNode, makeParts } from "./stream_lab_stand_ins.mjs";

describe("a number box", () => {
  /** A box that shows 4 of at most 16, and what it asked for. */
  function bindBox() {
    const [box, { on, happen }, asked] = [makeNode(), makeEvents(), []];
    const control = { limits: () => ({ min: 1, max: 16 }), current: () => 4, ask: (number) => asked.push(number) };
    const show = bindNumberBox(box, control, on);
    const type = (value) => {
      box.value = value;
      happen(box, "input");
    };
    const press = (key) => happen(box, "keydown", { key });
    show();
    return { box, asked, show, type, press, leave: () => happen(box, "blur") };
  }

  test("takes back at Escape what was typed, and asks for nothing then or when it is left", () => {
    const { box, asked, type, press, leave } = bindBox();
    type("12");
    press("Escape");
    assert.equal(box.value, "4");
    leave();
    assert.deepEqual(asked, []);
  });

  test("leaves alone what is being typed until Enter asks for it", () => {
    const { box, asked, show, type, press } = bindBox();
    type("1");
    show();
    assert.equal(box.value, "1");
    type("12");
    press("Enter");
    assert.deepEqual(asked, [12]);
  });

  test("asks when it is left", () => {
    const { asked, type, leave } = bindBox();
    type("99");
    leave();
    assert.deepEqual(asked, [16]);
  });
});

test("the sentence, which is read aloud, changes at most once a second, and the last one is said", () => {
  const traits = { heading: "", sentence: "", prediction: "", note: "", compared: "", limits: { measurable: true } };
  const { clock, pass } = makeClock();
  const { model } = makeModel(traits);
  const said = [];
  const sentence = Object.defineProperty(makeNode(), "textContent", {
    get: () => said.at(-1)?.[1],
    set: (words) => said.push([clock.now(), words]),
  });
  const lab = { model, clock, get: model.get, ...makeEvents(), tell: () => true, gone: () => false };
  const show = bindReport({ ...lab, part: makeParts({ sentence }) });
  // WHEN there is another sentence twenty times a second, for two and a half seconds
  for (let i = 1; i <= 70; i++) {
    traits.sentence = `${Math.min(i, 50)} items/s`;
    if (i <= 50) show();
    pass(50);
  }
  const times = said.map(([time]) => time);
  assert.deepEqual(times, [0, 1000, 2000, 3000]);
  assert.equal(sentence.textContent, "50 items/s");
});

describe("the buttons", () => {
  /** A row of buttons for a kernel that is busy: what it was sent, and how to press and to look. */
  function bindRow(changes) {
    const traits = { running: false, tuning: false, state: "idle", load: "clients", limits: { measurable: true } };
    const { model, saved } = makeModel({ ...traits, progress: 0, progress_words: "round 2", verdict: {}, ...changes });
    const [{ clock, pass }, { on, happen }] = [makeClock(), makeEvents()];
    const part = makeParts({ verdict: makeNode(makeNode(), makeNode()) });
    let lost = false;
    const state = () => (lost ? "idle" : model.get("state"));
    const lab = { model, part, on, state, fixed: () => false, gone: () => lost };
    const show = bindRunRow({ ...lab, ...collectWishes(model, () => {}, clock) });
    const read = () => {
      show();
      return [part.start.textContent, part.tune.textContent];
    };
    const press = (name) => {
      happen(part[name], "click");
      pass(1000);
    };
    return { model, part, saved, read, press, lose: () => (lost = true) };
  }

  test("show a click at once, and a second one takes it back", () => {
    const { part, saved, read, press } = bindRow({});
    press("start");
    assert.deepEqual(read(), ["Stop", "Tune"]);
    assert.equal(part.start.attributes["data-stops"], "true");
    press("start");
    assert.deepEqual(read(), ["Start", "Tune"]);
    assert.deepEqual(saved, [{ running: true }, { running: false }]);
  });

  test("let one of the two take over from the other, and back", () => {
    const { saved, read, press } = bindRow({ state: "running", running: true });
    press("tune");
    assert.deepEqual(read(), ["Start", "Stop tuning"]);
    press("start");
    assert.deepEqual(read(), ["Stop", "Tune"]);
    assert.deepEqual(saved, [{ running: false, tuning: true }, { running: true, tuning: false }]);
  });

  test("offer to start again while the kernel stops, and say that a search does", () => {
    const { part, read, press } = bindRow({ state: "tuning", tuning: true });
    read();
    assert.equal(part.progress_words.textContent, "round 2");
    press("tune");
    assert.deepEqual(read(), ["Start", "Tune"]);
    assert.deepEqual([part.tuning.hidden, part.progress_words.textContent], [false, "stopping"]);
  });

  test("are as before when the kernel refuses", () => {
    const { model, read, press } = bindRow({});
    press("tune");
    model.set("tuning", false);
    assert.deepEqual(read(), ["Start", "Tune"]);
  });

  test("stop nothing when the kernel is gone", () => {
    const { part, read, lose } = bindRow({ state: "tuning", tuning: true });
    lose();
    assert.deepEqual(read(), ["Start", "Tune"]);
    assert.equal(part.tuning.hidden, true);
  });
});

describe("the field for another model", () => {
  /** The field, with a path typed into it, and what the kernel was told. */
  function bindField() {
    const traits = { model: "a", errors: {}, limits: { measurable: true }, choices: { models: [["a", "a"]] } };
    const [{ on, happen }, { model }, told] = [makeEvents(), makeModel(traits), []];
    const part = makeParts();
    part.model.previousElementSibling = makeNode();
    const lab = { model, part, on, fixed: () => false, schedule: () => {}, id: "ds" };
    const show = bindChoice("model", { ...lab, tell: ({ value }) => told.push(value) });
    const text = part.model_text;
    const type = (value) => {
      text.value = value;
      happen(text, "input");
      show();
    };
    show();
    type("b.onnx");
    return {
      ...{ text, told, type },
      pressEnter() {
        happen(text, "keydown", { key: "Enter" });
        show();
      },
      leave: () => happen(text, "change"),
      answer(errors, inForce = traits.model) {
        Object.assign(traits, { errors, model: inForce });
        show();
      },
    };
  }

  test("asks again at Enter after a refusal, and after another one in the same words", () => {
    const { text, told, pressEnter, answer } = bindField();
    pressEnter();
    answer({ model: "There is no b.onnx." });
    pressEnter();
    answer({ model: "There is no b.onnx." });
    pressEnter();
    assert.deepEqual(told, ["b.onnx", "b.onnx", "b.onnx"]);
    assert.deepEqual([text.value, text.attributes["aria-invalid"]], ["b.onnx", "true"]);
    answer({ model: "" }, "b.onnx");
    assert.equal(text.attributes["aria-invalid"], undefined);
  });

  test("asks when it is left, but not for what Enter has asked", () => {
    const { told, type, pressEnter, leave } = bindField();
    pressEnter();
    leave();
    assert.deepEqual(told, ["b.onnx"]);
    type("c.onnx");
    leave();
    assert.deepEqual(told, ["b.onnx", "c.onnx"]);
  });

  test("asks for nothing without words", () => {
    const { told, type, pressEnter, leave } = bindField();
    type("  ");
    pressEnter();
    leave();
    assert.deepEqual(told, []);
  });
});
