// @ts-check
/** Elements of the page: given attributes, and kept in step with a list. Text goes in as text, never as markup. */

/** Set attributes; null removes one. */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    value === null ? node.removeAttribute(name) : node.setAttribute(name, value);
  }
  return node;
}

/** Give a parent one child an item: made from markup of ours, updated, or removed. */
export function join(parent, items, markup, update) {
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  while (parent.children.length < items.length) parent.insertAdjacentHTML("beforeend", markup);
  items.forEach((item, i) => update(parent.children[i], item, i));
}
