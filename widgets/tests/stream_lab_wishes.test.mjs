import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { settleWish, showChoice } from "../deepsched_widgets/static/stream_lab/choice.js";
import { collectWishes, startClock } from "../deepsched_widgets/static/stream_lab/wishes.js";
import { makeClock, makeModel } from "./stream_lab_stand_ins.mjs";

const KNOWN = [["light_squeezenet", "light_squeezenet"], ["light_resnet50", "light_resnet50"]];
const OTHER = "other file…";

describe("a choice", () => {
  test("shows what is in force, and that there are others", () => {
    const { options, selected, text } = showChoice(KNOWN, "light_resnet50", null, OTHER);
    assert.deepEqual(options.map(([, label]) => label), ["light_squeezenet", "light_resnet50", OTHER]);
    assert.deepEqual([selected, text], ["light_resnet50", null]);
  });

  test("shows what is not among the few as text", () => {
    const { options, selected, text } = showChoice(KNOWN, "/models/mine.onnx", null, OTHER);
    assert.deepEqual([selected, text], [options.at(-1)[0], "/models/mine.onnx"]);
  });

  test("has an entry for a model that only Python has", () => {
    const { options, selected, text } = showChoice(KNOWN, "", null, OTHER);
    assert.deepEqual([selected, text], ["", null]);
    assert.deepEqual(options[2], ["", "from Python"]);
  });

  test("has nothing to type where it is fixed", () => {
    const { options, selected, text } = showChoice(KNOWN, "mine.onnx", null, null);
    assert.deepEqual(options.at(-1), ["mine.onnx", "mine.onnx"]);
    assert.deepEqual([selected, text], ["mine.onnx", null]);
  });

  test("shows the wish before the kernel answers", () => {
    const picked = { value: "light_resnet50", typed: false, sent: true };
    assert.equal(showChoice(KNOWN, "light_squeezenet", picked, OTHER).selected, "light_resnet50");
    const typed = { value: "/mod", typed: true, sent: false };
    assert.equal(showChoice(KNOWN, "light_squeezenet", typed, OTHER).text, "/mod");
  });
});

describe("a wish for a model", () => {
  const before = { inForce: "a", error: "" };
  const wished = { value: "b", typed: true, sent: true };

  test("lasts until the kernel answers", () => {
    assert.equal(settleWish(wished, before, before), wished);
    assert.equal(settleWish(wished, before, { inForce: "b", error: "" }), null);
  });

  test("stays when it is refused, to be mended or asked again", () => {
    const refused = { inForce: "a", error: "There is no b." };
    assert.deepEqual(settleWish(wished, before, refused), { ...wished, sent: false });
    const mended = { ...wished, value: "c" };
    assert.equal(settleWish(mended, refused, refused), mended);
    const again = { inForce: "a", error: "There is no c." };
    assert.deepEqual(settleWish(mended, refused, again), { ...mended, sent: false });
    assert.equal(settleWish(mended, refused, { inForce: "c", error: "" }), null);
    assert.equal(settleWish(mended, refused, { inForce: "a", error: "" }), null, "what was in force already");
  });

  test("is settled when it is in force, though the last refusal goes away after that", () => {
    const refused = { inForce: "a", error: "There is no b." };
    assert.equal(settleWish(wished, refused, { inForce: "b", error: "There is no b." }), null);
  });

  test("is left alone while it is typed", () => {
    const typing = { value: "/mod", typed: true, sent: false };
    assert.equal(settleWish(typing, before, { inForce: "z", error: "" }), typing);
  });
});

/** A model of some traits and a clock, and what became of the model. */
function standIn() {
  return { ...makeModel({ num_streams: 2, clients: 4, running: false }), ...makeClock() };
}

describe("wishes", () => {
  test("go out at once, then at most once in 100 ms, the newest last", () => {
    const { model, clock, pass, saved } = standIn();
    const { wish } = collectWishes(model, () => {}, clock);
    for (let i = 3; i <= 52; i++) {
      wish({ num_streams: i });
      pass(40);
    }
    pass(100);
    assert.equal(saved[0].num_streams, 3);
    assert.equal(saved.at(-1).num_streams, 52);
    assert.ok(saved.length <= 22, `${saved.length} messages in 2 s`);
  });

  test("of one moment go out together", () => {
    const { model, clock, pass, saved } = standIn();
    const { wish } = collectWishes(model, () => {}, clock);
    wish({ num_streams: 3 });
    wish({ num_streams: 4, clients: 8 });
    wish({ clients: 9 });
    pass(100);
    assert.deepEqual(saved, [{ num_streams: 3 }, { num_streams: 4, clients: 9 }]);
  });

  test("are ahead of the kernel until they are sent", () => {
    const { model, clock, pass } = standIn();
    const { wish, get } = collectWishes(model, () => {}, clock);
    wish({ num_streams: 3 });
    wish({ num_streams: 5 });
    assert.deepEqual([get("num_streams"), model.get("num_streams")], [5, 3]);
    pass(100);
    model.set("num_streams", 4);
    assert.equal(get("num_streams"), 4, "then the kernel has the last word");
  });

  test("that are taken back before they went out are not sent", () => {
    const { model, clock, pass, saved } = standIn();
    const { wish, get } = collectWishes(model, () => {}, clock);
    wish({ num_streams: 3 });
    wish({ running: true });
    assert.equal(get("running"), true);
    wish({ running: false });
    assert.equal(get("running"), false);
    pass(100);
    assert.deepEqual(saved, [{ num_streams: 3 }]);
  });

  test("for what is in force are not sent", () => {
    const { model, clock, saved } = standIn();
    collectWishes(model, () => {}, clock).wish({ num_streams: 2 });
    assert.deepEqual(saved, []);
  });
});

test("timers end with the view", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const view = new AbortController();
  const clock = startClock(view.signal);
  const seen = [];
  clock.later(() => seen.push("early"), 10);
  clock.forget(clock.later(() => seen.push("forgotten"), 20));
  clock.later(() => seen.push("late"), 100);
  t.mock.timers.tick(50);
  view.abort();
  t.mock.timers.tick(1000);
  assert.deepEqual(seen, ["early"]);
});
