import { detail } from "./detail";
import { h, required } from "./dom";
import { place, type Difference } from "./evidence";
import { apply, everything, searchable, type Filter, type Order, type Searchable, type Shown } from "./filter";
import { VirtualList } from "./list";
import { grouped, visible } from "./text";

const rowHeight = 58;

/** Explorer is the list of differences with its filters, and one in detail. */
export class Explorer {
  private readonly all: Searchable[];
  private readonly filter: Filter;
  private readonly list: VirtualList<Searchable>;
  private readonly pane = h("div.pane", { "aria-live": "polite" });
  private readonly count = h("p.count", { role: "status" });
  private readonly operation: HTMLSelectElement;

  constructor(differences: Difference[]) {
    this.all = searchable(differences);
    const attention = differences.some((d) => d.judgement !== "noise");
    this.filter = { ...everything, shown: attention ? "attention" : "all" };
    this.list = new VirtualList("Differences", rowHeight, row, (entry, byUser) => this.open(entry, byUser));
    this.operation = select("Operation", "all operations", unique(differences.map((d) => d.operation)), (v) => this.change({ operation: v }));
  }

  mount(): void {
    const root = required("explorer");
    if (this.all.length === 0) {
      root.append(h("p.none", {}, "No difference was found."));
      return;
    }
    root.append(this.toolbar(), h("div.explorer", {}, this.list.element, this.pane));
    this.change({});
  }

  /** only shows the differences of one operation, whatever their judgement. */
  only(operation: string): void {
    this.operation.value = operation;
    const radio = document.querySelector<HTMLInputElement>('input[name="shown"][value="all"]');
    if (radio) radio.checked = true;
    this.change({ operation, shown: "all" });
  }

  private change(part: Partial<Filter>): void {
    Object.assign(this.filter, part);
    const kept = apply(this.all, this.filter);
    this.count.textContent = `${grouped(kept.length)} of ${grouped(this.all.length)}`;
    this.list.show(kept);
  }

  private open(entry: Searchable | undefined, byUser: boolean): void {
    this.pane.replaceChildren(entry ? detail(entry.difference) : h("p.none", {}, "No difference passes these filters."));
    this.pane.scrollTop = 0;
    const stacked = getComputedStyle(this.pane).position !== "sticky";
    if (byUser && stacked) this.pane.scrollIntoView({ block: "nearest" });
  }

  private toolbar(): HTMLElement {
    const search = h("input.search", { type: "search", placeholder: "Search…", "aria-label": "Search the differences", autocomplete: "off", spellcheck: "false" });
    search.addEventListener("input", () => this.change({ text: search.value }));
    const orders: [Order, string][] = [
      ["judgement", "by judgement"],
      ["frequency", "by frequency"],
      ["evidence", "by evidence"],
      ["operation", "by operation"],
    ];
    const sort = h("select", { "aria-label": "Order" }, ...orders.map(([value, label]) => h("option", { value }, label)));
    sort.addEventListener("change", () => this.change({ order: sort.value as Order }));
    const kinds = unique(this.all.map((s) => s.difference.kind));
    return h(
      "div.toolbar",
      { role: "search" },
      this.judgements(),
      search,
      this.operation,
      select("Kind", "all kinds", kinds, (kind) => this.change({ kind })),
      sort,
      this.count,
    );
  }

  private judgements(): HTMLElement {
    const choices: [Shown, string][] = [
      ["attention", "Worth attention"],
      ["regression", "Regressions"],
      ["suspect", "Suspects"],
      ["noise", "Noise"],
      ["all", "All"],
    ];
    return h(
      "fieldset.segments",
      {},
      h("legend.hidden", {}, "Judgement"),
      ...choices.map(([shown, label]) => {
        const n = apply(this.all, { ...everything, shown }).length;
        const input = h("input", { type: "radio", name: "shown", value: shown, checked: shown === this.filter.shown });
        input.addEventListener("change", () => this.change({ shown }));
        return h("label", {}, input, h("span", {}, label, " ", h("small", {}, grouped(n))));
      }),
    );
  }
}

function row({ difference: d }: Searchable): HTMLElement {
  return h(
    "div.row",
    {},
    h("span", { class: `dot ${d.judgement}`, role: "img", "aria-label": d.judgement }),
    h("span.row-place", {}, h("span.code", {}, visible(place(d))), h("span.kind", {}, d.kind)),
    h("span.row-rate", { title: "branch differs from base" }, `${grouped(d.branch)}/${grouped(d.n)}`),
    h("span.row-operation", {}, visible(d.operation)),
    h("span.row-control", { title: "control differs from base" }, d.paired ? `control ${grouped(d.control)}` : "no control"),
  );
}

function select(label: string, all: string, values: string[], onChange: (value: string) => void): HTMLSelectElement {
  const element = h("select", { "aria-label": label }, h("option", { value: "" }, all), ...values.map((value) => h("option", { value }, visible(value))));
  element.addEventListener("change", () => onChange(element.value));
  return element;
}

function unique(values: string[]): string[] {
  return [...new Set(values)].sort();
}
