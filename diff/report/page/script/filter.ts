import { place, type Difference, type Judgement, type Row } from "./evidence";

export type Shown = "attention" | Judgement | "all";
export type Order = "judgement" | "frequency" | "evidence" | "operation";

export interface Filter {
  shown: Shown;
  operation: string;
  kind: string;
  cause: string;
  text: string;
  order: Order;
}

export const everything: Filter = { shown: "all", operation: "", kind: "", cause: "", text: "", order: "judgement" };

/** Searchable is a row with its text in lower case, made when it is asked for. */
export interface Searchable {
  row: Row;
  index: number;
  text?: string;
}

export function searchable(rows: Row[]): Searchable[] {
  return rows.map((row, index) => ({ row, index }));
}

/** haystack adds what only the details tell. */
export function haystack(row: Row, d?: Difference): string {
  const parts = [row.operation, place(row), row.kind, row.says, row.cause ?? ""];
  if (d) parts.push(d.reason, d.learned_class ?? "", ...Object.values(d.accepted ?? {}));
  if (d?.location) parts.push(d.location.service, d.location.span, d.location.what);
  for (const e of d?.examples ?? []) parts.push(e.method, e.target, e.at, e.base, e.branch, e.control ?? "", e.exchange);
  return parts.join("\n").toLowerCase();
}

/** apply returns what passes the filter, in its order. */
export function apply(all: Searchable[], f: Filter): Searchable[] {
  const words = f.text.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = all.filter(
    (s) =>
      judged(s.row, f.shown) &&
      (f.operation === "" || s.row.operation === f.operation) &&
      (f.kind === "" || s.row.kind === f.kind) &&
      (f.cause === "" || s.row.category === f.cause) &&
      (words.length === 0 || matches(s, words)),
  );
  return kept.sort(orders[f.order] ?? orders.judgement);
}

function matches(s: Searchable, words: string[]): boolean {
  const text = (s.text ??= haystack(s.row));
  return words.every((word) => text.includes(word));
}

export function judged(d: Row, shown: Shown): boolean {
  if (shown === "all") return true;
  return shown === "attention" ? d.judgement === "regression" || d.judgement === "suspect" : d.judgement === shown;
}

const rank = { regression: 0, suspect: 1, accepted: 2, noise: 3 };

const orders: Record<Order, (a: Searchable, b: Searchable) => number> = {
  judgement: (a, b) => rank[a.row.judgement] - rank[b.row.judgement] || a.index - b.index,
  frequency: (a, b) => rate(b.row) - rate(a.row) || a.index - b.index,
  evidence: (a, b) => b.row.e_value - a.row.e_value || a.index - b.index,
  operation: (a, b) => compare(a.row.operation, b.row.operation) || a.index - b.index,
};

function rate(d: Row): number {
  return d.n > 0 ? d.branch / d.n : 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
