import { h } from "../../../../diff/report/look/script/dom";
import { writeFragment } from "../../../../diff/report/look/script/fragment";
import { grouped } from "../../../../diff/report/look/script/text";
import { copyFrom } from "./copy";

/** Findings filters the findings and moves between them. */
export class Findings {
  private readonly all = [...document.querySelectorAll<HTMLDetailsElement>("details.finding")];
  private readonly texts = new Map<HTMLElement, string>();
  private readonly search = h("input.search", { type: "search", placeholder: "Search the findings…  ( / )", "aria-label": "Search the findings", autocomplete: "off", spellcheck: "false" });
  private readonly check = this.select("Check", "all checks", (e) => e.dataset["check"] ?? "");
  private readonly operation = this.select("Operation", "all operations", (e) => e.dataset["operation"] ?? "");
  private readonly count = h("p.count", { role: "status" });
  private current: HTMLDetailsElement | undefined;

  constructor() {
    const toolbar = document.getElementById("toolbar");
    if (!toolbar) return;
    toolbar.append(this.search, this.check, this.operation, this.count);
    this.search.addEventListener("input", () => this.filter());
    this.search.addEventListener("keydown", (e) => {
      if (e.key !== "Escape") return;
      this.search.value = "";
      this.filter();
    });
    for (const f of this.all) f.querySelector("summary")?.addEventListener("click", () => this.mark(f));
    this.filter();
  }

  focusSearch(): void {
    this.search.focus();
    this.search.select();
  }

  /** show opens a finding that the address names, whatever the filter says. */
  show(finding: HTMLDetailsElement): void {
    if (finding.hidden) this.clear();
    finding.open = true;
    this.mark(finding);
    finding.querySelector("summary")?.focus({ preventScroll: true });
  }

  /** step moves to another finding that passes the filter. */
  step(by: number): void {
    const shown = this.all.filter((f) => !f.hidden);
    const at = this.current ? shown.indexOf(this.current) : by > 0 ? -1 : 0;
    const next = shown[Math.min(Math.max(at + by, 0), shown.length - 1)];
    if (!next) return;
    this.mark(next);
    const summary = next.querySelector("summary");
    summary?.focus();
    summary?.scrollIntoView({ block: "nearest" });
    writeFragment(next.id, new URLSearchParams());
  }

  /** copy copies the last curl line of the finding that is looked at. */
  copy(): void {
    const buttons = this.current?.querySelectorAll<HTMLButtonElement>(".copy");
    const last = buttons?.[buttons.length - 1];
    if (last) void copyFrom(last);
  }

  private clear(): void {
    this.search.value = this.check.value = this.operation.value = "";
    this.filter();
  }

  private mark(finding: HTMLDetailsElement): void {
    this.current?.classList.remove("current");
    this.current = finding;
    finding.classList.add("current");
  }

  private filter(): void {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let kept = 0;
    for (const f of this.all) {
      const passes =
        (this.check.value === "" || f.dataset["check"] === this.check.value) &&
        (this.operation.value === "" || f.dataset["operation"] === this.operation.value) &&
        words.every((w) => this.text(f).includes(w));
      f.hidden = !passes;
      if (passes) kept++;
    }
    for (const g of document.querySelectorAll<HTMLElement>(".group")) g.hidden = g.querySelector("details.finding:not([hidden])") === null;
    const none = document.getElementById("no-match");
    if (none) none.hidden = kept > 0;
    this.count.textContent = `${grouped(kept)} of ${grouped(this.all.length)}`;
  }

  private text(f: HTMLElement): string {
    let text = this.texts.get(f);
    if (text === undefined) {
      text = `${f.dataset["operation"] ?? ""} ${f.textContent}`.toLowerCase();
      this.texts.set(f, text);
    }
    return text;
  }

  private select(label: string, all: string, of: (e: HTMLElement) => string): HTMLSelectElement {
    const values = [...new Set(this.all.map(of))].sort();
    const element = h("select", { "aria-label": label }, h("option", { value: "" }, all), ...values.map((value) => h("option", { value }, value)));
    element.addEventListener("change", () => this.filter());
    return element;
  }
}
