// @ts-check
/** Files of the last run: the kernel is asked for one, and the page saves what comes. */
const FILES = ["run", "trace"];
const SAVED_MS = 10_000; // a browser reads the file after the click

/** Bring the buttons to life. */
export function bindDownloads({ part, model, on, tell, clock }) {
  // All views of a lab hear the answer; the one that asked saves it.
  let asked = 0;
  for (const name of FILES) on(part[name], "click", () => (asked += tell({ ask: name })));
  model.on("msg:custom", (message, buffers) => {
    if (!message?.download || !asked) return;
    asked -= 1;
    const url = URL.createObjectURL(new Blob(buffers));
    Object.assign(document.createElement("a"), { href: url, download: message.download }).click();
    clock.later(() => URL.revokeObjectURL(url), SAVED_MS);
  });
  return () => FILES.forEach((name) => (part[name].disabled = !model.get("downloads").includes(name)));
}
