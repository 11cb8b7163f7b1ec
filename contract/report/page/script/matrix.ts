import { h } from "../../../../diff/report/look/script/dom";
import { grouped, visible } from "../../../../diff/report/look/script/text";
import { readItems, type Item } from "./items";

const titles: Record<string, string> = {
  parameter: "Parameters",
  body: "Bodies",
  security: "Security",
  keyword: "Keywords",
  status: "Statuses",
  "response-media-type": "Media types",
  header: "Headers",
};

/** Matrix filters the operations of the coverage, and opens each one's items. */
export class Matrix {
  private readonly rows = [...document.querySelectorAll<HTMLTableRowElement>(".matrix tr[data-n]")];
  private readonly search = document.querySelector<HTMLInputElement>("#matrix-search");
  private readonly only = document.querySelector<HTMLInputElement>("#matrix-only");

  constructor() {
    for (const row of this.rows) this.prepare(row);
    this.search?.addEventListener("input", () => this.filter());
    this.only?.addEventListener("change", () => this.filter());
    this.filter();
  }

  private prepare(row: HTMLTableRowElement): void {
    const button = h("button.expand", { type: "button", "aria-expanded": "false", "aria-label": "Show its items" });
    row.cells[0]?.prepend(button);
    row.addEventListener("click", (e) => {
      if (e.target instanceof Element && e.target.closest("a")) return;
      if (getSelection()?.toString()) return;
      void this.toggle(row, button);
    });
  }

  private async toggle(row: HTMLTableRowElement, button: HTMLButtonElement): Promise<void> {
    const opened = row.nextElementSibling;
    if (opened?.classList.contains("items")) {
      opened.remove();
      button.setAttribute("aria-expanded", "false");
      return;
    }
    button.setAttribute("aria-expanded", "true");
    const cell = h("td", { colspan: row.cells.length }, "…");
    const items = h("tr.items", {}, cell);
    row.after(items);
    const list = await readItems(Number(row.dataset["n"])).catch(() => undefined);
    cell.replaceChildren(...(list ? shown(list) : [h("p.left", {}, "This page could not hold them: the JSON evidence has them.")]));
  }

  private filter(): void {
    const words = (this.search?.value ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    let kept = 0;
    for (const row of this.rows) {
      const text = row.cells[0]?.textContent.toLowerCase() ?? "";
      const whole = row.querySelector(".cell:not(.full, .none-here)") === null;
      row.hidden = !words.every((w) => text.includes(w)) || (this.only?.checked === true && whole);
      const opened = row.nextElementSibling;
      if (opened instanceof HTMLElement && opened.classList.contains("items")) opened.hidden = row.hidden;
      if (!row.hidden) kept++;
    }
    const count = document.getElementById("matrix-count");
    if (count) count.textContent = `${grouped(kept)} of ${grouped(this.rows.length)}`;
  }
}

function shown(items: Item[]): HTMLElement[] {
  const parts = [...new Set(items.map((i) => i.part))];
  return parts.flatMap((part) => [h("h4", {}, titles[part] ?? visible(part)), h("ul", {}, ...items.filter((i) => i.part === part).map(line))]);
}

function line(item: Item): HTMLElement {
  const n = item.broken === null ? `${grouped(item.kept)} kept` : `${grouped(item.kept)} kept, ${grouped(item.broken)} broken`;
  const state = h("span.state", { title: item.state });
  state.classList.add(item.state);
  return h("li", {}, state, h("span.code", {}, visible(item.name)), h("span.n", {}, n), item.why ? h("span.why", {}, item.why) : null);
}
