import { place, type Difference } from "./evidence";

export type Shown = "attention" | "regression" | "suspect" | "noise" | "all";
export type Order = "judgement" | "frequency" | "evidence" | "operation";

export interface Filter {
  shown: Shown;
  operation: string;
  kind: string;
  text: string;
  order: Order;
}

export const everything: Filter = { shown: "all", operation: "", kind: "", text: "", order: "judgement" };

/** Searchable is a difference with its text in lower case, made once. */
export interface Searchable {
  difference: Difference;
  index: number;
  haystack: string;
}

export function searchable(differences: Difference[]): Searchable[] {
  return differences.map((difference, index) => ({ difference, index, haystack: haystack(difference) }));
}

function haystack(d: Difference): string {
  const parts = [d.operation, place(d), d.kind, d.reason, d.learned_class ?? ""];
  for (const e of d.examples ?? []) parts.push(e.method, e.target, e.at, e.base, e.branch, e.control ?? "", e.exchange);
  return parts.join("\n").toLowerCase();
}

/** apply returns what passes the filter, in its order. */
export function apply(all: Searchable[], f: Filter): Searchable[] {
  const words = f.text.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = all.filter(
    ({ difference: d, haystack: text }) =>
      judged(d, f.shown) &&
      (f.operation === "" || d.operation === f.operation) &&
      (f.kind === "" || d.kind === f.kind) &&
      words.every((word) => text.includes(word)),
  );
  return kept.sort(orders[f.order]);
}

function judged(d: Difference, shown: Shown): boolean {
  if (shown === "all") return true;
  return shown === "attention" ? d.judgement !== "noise" : d.judgement === shown;
}

const rank = { regression: 0, suspect: 1, noise: 2 };

const orders: Record<Order, (a: Searchable, b: Searchable) => number> = {
  judgement: (a, b) => rank[a.difference.judgement] - rank[b.difference.judgement] || a.index - b.index,
  frequency: (a, b) => rate(b.difference) - rate(a.difference) || a.index - b.index,
  evidence: (a, b) => b.difference.e_value - a.difference.e_value || a.index - b.index,
  operation: (a, b) => compare(a.difference.operation, b.difference.operation) || a.index - b.index,
};

function rate(d: Difference): number {
  return d.n > 0 ? d.branch / d.n : 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
