import { h } from "../../look/script/dom";
import type { Row } from "./evidence";
import { everything, judged, type Filter, type Order, type Shown } from "./filter";
import { grouped, visible } from "../../look/script/text";

const choices: [Shown, string][] = [
  ["attention", "Worth attention"],
  ["regression", "Regressions"],
  ["suspect", "Suspects"],
  ["accepted", "Accepted"],
  ["noise", "Noise"],
  ["all", "All"],
];

const orders: [Order, string][] = [
  ["judgement", "by judgement"],
  ["frequency", "by frequency"],
  ["evidence", "by evidence"],
  ["operation", "by operation"],
];

/** Toolbar holds the filter, and shows it. */
export class Toolbar {
  readonly element: HTMLElement;
  readonly search = h("input.search", { type: "search", placeholder: "Search…  ( / )", "aria-label": "Search the differences", autocomplete: "off", spellcheck: "false" });
  private readonly count = h("p.count", { role: "status" });
  private readonly shown: HTMLInputElement[] = [];
  private readonly selects: Record<"operation" | "kind" | "cause" | "order", HTMLSelectElement>;
  private readonly usual: Filter;
  private filter: Filter;

  constructor(
    rows: Row[],
    private readonly onChange: () => void,
  ) {
    this.usual = { ...everything, shown: rows.some((d) => judged(d, "attention")) ? "attention" : "all" };
    this.filter = { ...this.usual };
    this.selects = {
      operation: this.select("Operation", "operation", [["", "all operations"], ...unique(rows.map((d) => d.operation))]),
      kind: this.select("Kind", "kind", [["", "all kinds"], ...unique(rows.map((d) => d.kind))]),
      cause: this.select("Cause", "cause", [["", "all causes"], ...unique(rows.map((d) => d.category ?? "").filter(Boolean))]),
      order: this.select("Order", "order", orders),
    };
    this.selects.cause.hidden = this.selects.cause.options.length === 1;
    this.search.addEventListener("input", () => this.set({ text: this.search.value }));
    this.element = h("div.toolbar", { role: "search" }, this.judgements(rows), this.count, h("div.fields", {}, this.search, ...Object.values(this.selects)));
    this.show();
  }

  get current(): Filter {
    return this.filter;
  }

  /** set changes a part of the filter. */
  set(part: Partial<Filter>): void {
    this.filter = { ...this.filter, ...part };
    this.show();
    this.onChange();
  }

  /** read takes the filter from an address, the usual one where it has none. */
  read(query: URLSearchParams): void {
    const part: Partial<Filter> = {};
    for (const name of Object.keys(everything) as (keyof Filter)[]) {
      const value = query.get(name);
      if (value !== null) Object.assign(part, { [name]: value });
    }
    this.filter = { ...this.usual, ...part };
    this.show();
  }

  /** query writes what of the filter is not as usual. */
  query(): URLSearchParams {
    const query = new URLSearchParams();
    for (const name of Object.keys(everything) as (keyof Filter)[]) {
      if (this.filter[name] !== this.usual[name]) query.set(name, this.filter[name]);
    }
    return query;
  }

  /** tell says how many passed. */
  tell(kept: number, all: number, more = ""): void {
    this.count.textContent = `${grouped(kept)} of ${grouped(all)}${more}`;
  }

  private show(): void {
    const f = this.filter;
    for (const input of this.shown) input.checked = input.value === f.shown;
    if (this.search.value !== f.text) this.search.value = f.text;
    for (const [name, select] of Object.entries(this.selects)) select.value = f[name as "kind"];
  }

  private judgements(rows: Row[]): HTMLElement {
    const labels = choices.map(([shown, label]) => {
      const n = rows.filter((d) => judged(d, shown)).length;
      if (shown === "accepted" && n === 0) return null;
      const input = h("input", { type: "radio", name: "shown", value: shown });
      this.shown.push(input);
      input.addEventListener("change", () => this.set({ shown }));
      return h("label", {}, input, h("span", {}, label, " ", h("small", {}, grouped(n))));
    });
    return h("fieldset.segments", {}, h("legend.hidden", {}, "Judgement"), ...labels);
  }

  private select(label: string, name: keyof Filter, options: [string, string][]): HTMLSelectElement {
    const element = h("select", { "aria-label": label }, ...options.map(([value, text]) => h("option", { value }, text)));
    element.addEventListener("change", () => this.set({ [name]: element.value }));
    return element;
  }
}

function unique(values: string[]): [string, string][] {
  return [...new Set(values)].sort().map((value) => [value, visible(value)]);
}
