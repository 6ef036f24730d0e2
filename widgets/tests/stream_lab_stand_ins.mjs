/** What a part of the lab's page works with, without a browser or a kernel. */

/** A model as the page has it, and the messages that it sent. */
export function makeModel(traits) {
  const saved = [];
  let changed = {};
  const model = {
    get: (name) => traits[name],
    set: (name, value) => {
      traits[name] = changed[name] = value;
    },
    save_changes: () => {
      saved.push(changed);
      changed = {};
    },
  };
  return { model, saved };
}

/** A clock that stands until it is moved by `pass`. */
export function makeClock() {
  let now = 0;
  let due = [];
  const clock = { now: () => now, later: (react, ms) => due.push([now + ms, react]) };
  function pass(ms) {
    now += ms;
    const ready = due.filter(([at]) => at <= now);
    due = due.filter(([at]) => at > now);
    for (const [, react] of ready) react();
  }
  return { clock, pass };
}

/** An element that is no more than its properties, attributes and children. */
export function makeNode(...children) {
  const attributes = {};
  return {
    attributes,
    children,
    setAttribute: (name, value) => (attributes[name] = `${value}`),
    removeAttribute: (name) => delete attributes[name],
    insertAdjacentHTML: () => children.push(makeNode()),
  };
}

/** Parts that are made when they are first asked for. */
export const makeParts = (given = {}) => new Proxy(given, { get: (parts, name) => (parts[name] ??= makeNode()) });

/** What listens for events in place of the page, and what makes one happen. */
export function makeEvents() {
  const heard = [];
  const on = (node, event, react) => heard.push([node, event, react]);
  function happen(node, event, details = {}) {
    for (const [its, name, react] of heard) if (its === node && name === event) react(details);
  }
  return { on, happen };
}
