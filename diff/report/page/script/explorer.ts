import { detail, heading } from "./detail";
import { h, required } from "../../look/script/dom";
import { place, type Index, type LeftOut } from "./evidence";
import { apply, haystack, searchable, type Searchable } from "./filter";
import { anchor, writeFragment } from "../../look/script/fragment";
import { VirtualList } from "./list";
import type { Details } from "./packed";
import { grouped, plural, visible } from "../../look/script/text";
import { Toolbar } from "./toolbar";

const rowHeight = 58;

/** Explorer is the list of differences with its filters, and one in detail. */
export class Explorer {
  private readonly all: Searchable[];
  private readonly list: VirtualList<Searchable>;
  private readonly pane = h("section.pane", { tabindex: 0, "aria-label": "The selected difference", "aria-live": "polite" });
  private readonly toolbar: Toolbar;
  private opened: Searchable | undefined;
  private searched: Promise<void> | undefined;
  private complete = false;

  constructor(
    private readonly index: Index,
    private readonly details: Details,
  ) {
    this.all = searchable(index.differences);
    this.list = new VirtualList("Differences", rowHeight, row, (entry, byUser) => void this.open(entry, byUser));
    this.toolbar = new Toolbar(index.differences, () => this.apply(true));
  }

  mount(): void {
    const root = required("explorer");
    if (this.all.length === 0) {
      root.append(h("p.none", {}, "No difference was found."));
      return;
    }
    root.append(this.toolbar.element, h("div.explorer", {}, this.list.element, this.pane), leftOut(this.index.left));
    this.list.element.addEventListener("keydown", (e) => e.key === "Enter" && this.enter());
    this.pane.addEventListener("keydown", (e) => e.key === "Escape" && this.list.element.focus());
    this.toolbar.search.addEventListener("keydown", (e) => e.key === "Escape" && this.leaveSearch(e));
  }

  /** show applies the filter of an address and opens what it names. */
  show(target: string, query: URLSearchParams): void {
    this.toolbar.read(query);
    const named = target.startsWith("difference-") ? this.all.find((s) => anchorOf(s) === target) : undefined;
    if (named && !apply(this.all, this.toolbar.current).includes(named)) this.toolbar.read(new URLSearchParams("shown=all"));
    this.apply(false, named);
  }

  /** only shows the differences of one operation, whatever their judgement. */
  only(operation: string): void {
    this.toolbar.read(new URLSearchParams({ shown: "all", operation }));
    this.apply(false);
  }

  /** operation returns the name of which the target is the anchor. */
  operation(target: string): string | undefined {
    return this.all.find((s) => anchor("operation", s.row.operation) === target)?.row.operation;
  }

  step(by: number): void {
    this.list.element.focus({ preventScroll: true });
    this.list.move(by);
  }

  enter(): void {
    this.pane.scrollIntoView({ block: "nearest" });
    this.pane.focus({ preventScroll: true });
  }

  focusSearch(): void {
    this.toolbar.search.focus();
    this.toolbar.search.select();
  }

  private leaveSearch(e: Event): void {
    e.preventDefault();
    if (this.toolbar.search.value !== "") this.toolbar.set({ text: "" });
    this.list.element.focus();
  }

  private apply(byUser: boolean, wanted = this.opened): void {
    const kept = apply(this.all, this.toolbar.current);
    const searching = this.toolbar.current.text !== "" && !this.complete;
    this.toolbar.tell(kept.length, this.all.length, searching ? ", searching the values…" : "");
    this.list.show(kept, Math.max(0, wanted ? kept.indexOf(wanted) : 0));
    if (byUser) this.address();
    if (searching) void this.search();
  }

  /** search unpacks the values, once, so that they are searched as well. */
  private async search(): Promise<void> {
    if (this.searched) return this.searched;
    this.searched = this.details.each((d, index) => {
      const entry = this.all[index];
      if (entry) entry.text = haystack(entry.row, d);
    });
    await this.searched;
    this.complete = true;
    this.apply(false);
  }

  private address(): void {
    writeFragment(this.opened ? anchorOf(this.opened) : "differences", this.toolbar.query());
  }

  private async open(entry: Searchable | undefined, byUser: boolean): Promise<void> {
    const again = entry === this.opened && entry !== undefined;
    this.opened = entry;
    if (byUser) this.address();
    if (again) return;
    this.pane.scrollTop = 0;
    if (!entry) {
      this.pane.replaceChildren(h("p.none", {}, "No difference passes these filters."));
      return;
    }
    this.pane.replaceChildren(heading(entry.row));
    const d = await this.details.of(entry.index);
    if (this.opened !== entry) return; // another was opened meanwhile
    this.pane.replaceChildren(detail(entry.row, d));
    const stacked = getComputedStyle(this.pane).position !== "sticky";
    if (byUser && stacked) this.pane.scrollIntoView({ block: "nearest" });
  }
}

function anchorOf({ row }: Searchable): string {
  return anchor("difference", row.operation, row.part, row.path ?? "", row.kind);
}

/** leftOut says what of the evidence the page does not hold. */
function leftOut(left: LeftOut): HTMLElement | string {
  const parts: string[] = [];
  if (left.differences > 0) parts.push(`${plural(left.differences, "difference")} of least importance`);
  if (left.details > 0) parts.push(`the details of ${plural(left.details, "difference")}`);
  if (left.examples > 0) parts.push(`the examples of ${plural(left.examples, "difference")}`);
  if (left.shortened > 0) parts.push(`all but one shortened example of ${plural(left.shortened, "difference")}`);
  return parts.length > 0 ? h("p.left", { id: "left-out" }, `Left out of this page for its size: ${parts.join(", ")}. The JSON evidence has them.`) : "";
}

function row({ row: d }: Searchable): HTMLElement {
  return h(
    "div.row",
    {},
    h("span", { class: `dot ${d.judgement}`, role: "img", "aria-label": d.judgement }),
    h("span.row-place", {}, h("span.code", {}, visible(place(d))), h("span.kind", {}, visible(d.kind))),
    h("span.row-rate", { title: "branch differs from base" }, `${grouped(d.branch)}/${grouped(d.n)}`),
    h("span.row-operation", {}, visible(d.operation)),
    h("span.row-control", { title: "control differs from base" }, d.paired ? `control ${grouped(d.control)}` : "no control"),
  );
}
