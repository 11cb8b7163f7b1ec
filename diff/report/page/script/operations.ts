import { h } from "../../look/script/dom";

/** sortOperations lets a table's headings sort its rows. */
export function sortOperations(table: HTMLTableElement): void {
  const headings = [...table.querySelectorAll<HTMLTableCellElement>("th[data-sort]")];
  for (const heading of headings) {
    const button = h("button", { type: "button" }, heading.textContent);
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const descending = heading.getAttribute("aria-sort") !== "descending" && heading.dataset["sort"] === "number";
      const ascendingAgain = heading.getAttribute("aria-sort") === "ascending";
      const order = descending || ascendingAgain ? "descending" : "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", order);
      sortRows(table, heading.cellIndex, order === "descending" ? -1 : 1);
    });
  }
}

function sortRows(table: HTMLTableElement, column: number, sign: number): void {
  const body = table.tBodies[0];
  if (!body) return;
  const rows = [...body.rows].map((row) => ({ row, key: key(row.cells[column]) }));
  rows.sort((a, b) => sign * (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  body.append(...rows.map((r) => r.row));
}

function key(cell: HTMLTableCellElement | undefined): number | string {
  const value = cell?.dataset["value"];
  return value === undefined ? (cell?.textContent ?? "") : Number(value);
}
