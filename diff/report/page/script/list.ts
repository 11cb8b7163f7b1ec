import { h } from "../../look/script/dom";

/**
 * VirtualList shows many entries of one height and keeps only those in sight,
 * and a few around them, in the document. It is a listbox: one tab stop, the
 * arrow keys move the selection.
 */
export class VirtualList<T> {
  readonly element: HTMLElement;
  private readonly space: HTMLElement;
  private entries: readonly T[] = [];
  private drawn = new Map<number, HTMLElement>();
  private selected = -1;

  constructor(
    label: string,
    private readonly height: number,
    private readonly draw: (entry: T) => HTMLElement,
    private readonly onSelect: (entry: T | undefined, byUser: boolean) => void,
  ) {
    this.space = h("div.space", { role: "presentation" });
    this.element = h("div.list", { role: "listbox", tabindex: 0, "aria-label": label }, this.space);
    this.element.addEventListener("scroll", () => this.refresh(), { passive: true });
    this.element.addEventListener("keydown", (e) => this.key(e));
    this.space.addEventListener("click", (e) => this.click(e));
    new ResizeObserver(() => this.refresh()).observe(this.element);
  }

  /** show replaces the entries and selects one. */
  show(entries: readonly T[], selected: number): void {
    this.entries = entries;
    for (const row of this.drawn.values()) row.remove();
    this.drawn.clear();
    this.space.style.height = `${entries.length * this.height}px`;
    this.element.scrollTop = 0;
    this.selected = Math.min(selected, entries.length - 1);
    if (this.selected > 0) this.reveal(this.selected);
    this.refresh();
    this.onSelect(entries[this.selected], false);
  }

  /** move selects the entry that many further. */
  move(step: number): void {
    this.select(this.selected + step);
  }

  private select(index: number): void {
    index = Math.max(0, Math.min(index, this.entries.length - 1));
    if (index === this.selected || this.entries.length === 0) return;
    this.selected = index;
    this.reveal(index);
    this.refresh();
    this.onSelect(this.entries[index], true);
  }

  private reveal(index: number): void {
    const top = index * this.height;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.element.scrollTop = top + this.height - clientHeight;
  }

  private refresh(): void {
    const around = 4;
    const first = Math.max(0, Math.floor(this.element.scrollTop / this.height) - around);
    const inSight = Math.ceil(this.element.clientHeight / this.height) + 2 * around;
    const end = Math.min(this.entries.length, first + inSight);
    for (const [index, row] of this.drawn) {
      if (index < first || index >= end) {
        row.remove();
        this.drawn.delete(index);
      }
    }
    for (let index = first; index < end; index++) this.place(index);
    const active = this.drawn.get(this.selected);
    if (active) this.element.setAttribute("aria-activedescendant", active.id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  private place(index: number): void {
    let row = this.drawn.get(index);
    const entry = this.entries[index];
    if (!row && entry !== undefined) {
      row = this.draw(entry);
      row.id = `entry-${index}`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-setsize", String(this.entries.length));
      row.setAttribute("aria-posinset", String(index + 1));
      row.dataset["index"] = String(index);
      row.style.transform = `translateY(${index * this.height}px)`;
      row.style.height = `${this.height}px`;
      this.drawn.set(index, row);
      this.space.append(row);
    }
    row?.setAttribute("aria-selected", String(index === this.selected));
  }

  private key(e: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.height) - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -this.entries.length,
      End: this.entries.length,
    };
    const step = steps[e.key];
    if (step === undefined || e.altKey || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    this.move(step);
  }

  private click(e: MouseEvent): void {
    const row = (e.target as Element).closest<HTMLElement>("[data-index]");
    if (row) this.select(Number(row.dataset["index"]));
  }
}
