// @ts-check
/** A picture as a table, for those who read rather than look; folded away at first. */
import { join } from "./dom.js";

/** The markup of a folded table; its name goes in twice, and must be ours. */
export const foldedTable = (name) => `<details class="ds-table"><summary>Table of the ${name}</summary>
  <div tabindex="0" role="region" aria-label="table of the ${name}">
  <table><thead><tr></tr></thead><tbody></tbody></table></div></details>`;

/** Write the cells, all of them text, where the table is open. */
export function drawTable(details, { columns = [], rows = [] }) {
  if (!details.open) return;
  const table = details.querySelector("table");
  const write = (cell, text) => (cell.textContent = text);
  join(table.tHead.rows[0], columns, '<th scope="col"></th>', write);
  join(table.tBodies[0], rows, "<tr></tr>", (row, cells) => join(row, cells, "<td></td>", write));
}
