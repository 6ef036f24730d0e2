import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { colourOf } from "../deepsched_widgets/static/shared/streams.js";

const THEMES = [
  ["light", [".ds", ".ds-map"]],
  ["dark", [".ds", ".ds-map", ".dark .ds", ".dark .ds-map"]],
];

describe("colours", () => {
  const own = readCss("machine_map/style.css");
  const css = readCss("shared/theme.css") + own;

  function readCss(name) {
    return readFileSync(new URL(`../deepsched_widgets/static/${name}`, import.meta.url), "utf8");
  }

  /** Read the colours of the rules for all of `selectors`: the literal, or a variable's last resort. */
  function readColours(...selectors) {
    const rules = [...css.matchAll(/(?:^|\n)([^{}@]+)\{([^{}]*)\}/g)];
    const texts = selectors.map((selector) => {
      const own = rules.filter(([, names]) => names.split(",").some((name) => name.trim().endsWith(selector)));
      const ofTheme = own.filter(([, names]) => selector.startsWith(".dark") || !/dark|light/.test(names));
      return ofTheme.map(([, , text]) => text);
    });
    const found = texts.flat().join("").matchAll(/--ds-([\w-]+):[^;]*(#[\da-f]+)/g);
    return Object.fromEntries([...found].map(([, name, hex]) => [name, hex]));
  }

  /** The contrast ratio as WCAG 2 defines it. */
  function contrast(a, b) {
    const [low, high] = [luminance(a), luminance(b)].sort((p, q) => p - q);
    return (high + 0.05) / (low + 0.05);
  }

  function luminance(hex) {
    const long = hex.length === 4 ? hex.replace(/[\da-f]/g, "$&$&") : hex;
    const [r, g, b] = [1, 3, 5].map((i) => {
      const part = parseInt(long.slice(i, i + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  for (const [theme, selectors] of THEMES) {
    const colour = readColours(...selectors);
    const pairs = (names, grounds) => names.flatMap((name) => grounds.map((ground) => [name, ground]));

    test(`${theme}: text is 4.5 to 1`, () => {
      const texts = [
        ...pairs(["ink", "warning", "info"], ["page"]),
        ...pairs(["label"], ["socket", "node", "l3"]),
        ...pairs(["info"], ["l3"]),
        ...pairs(["number"], ["free"]),
      ];
      for (const [text, ground] of texts) {
        assert.ok(contrast(colour[text], colour[ground]) >= 4.5, `${text} on ${ground}`);
      }
    });

    test(`${theme}: graphics are 3 to 1`, () => {
      for (const [shape, ground] of pairs(["frame", "edge", "warning", "info"], ["l3", "socket", "page"])) {
        assert.ok(contrast(colour[shape], colour[ground]) >= 3, `${shape} on ${ground}`);
      }
    });
  }

  test("each of the seven stream colours bears its ink, and its hatch can be seen", () => {
    for (let i = 0; i < 7; i++) {
      const { colour, on = "#000" } = readColours(`.ds [data-colour="${i}"]`);
      // The hatch is black at an opacity of 0.75.
      const darken = (part) => Math.round(parseInt(part, 16) * 0.25).toString(16).padStart(2, "0");
      const hatch = colour.replace(/[\da-f]{2}/g, darken);

      assert.ok(contrast(colour, on) >= 4.5, `ink on ${colour}`);
      assert.ok(contrast(colour, hatch) >= 3, `hatch on ${colour}`);
    }
  });

  test("streams go round in all colours that there are", () => {
    const given = new Set(Array.from({ length: 100 }, (_, stream) => `${colourOf(stream)}`));
    const defined = [...css.matchAll(/\[data-colour="(\d+)"\]/g)].map(([, number]) => number);

    assert.deepEqual([...given], defined);
  });

  test("every selector is held to the map", () => {
    const bare = own.replace(/\/\*.*?\*\//gs, "").replace(/@(media|container) [^{]*\{/g, "");
    const selectors = bare.match(/[^{}]+(?=\{)/g).flatMap((rule) => rule.split(","));

    for (const selector of selectors) assert.match(selector, /\.ds-map(?![\w-])/);
  });
});
