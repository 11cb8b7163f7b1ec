// The evidence as evidence-diff-1.schema.json describes it, as far as the page
// reads it.

export type Judgement = "regression" | "suspect" | "accepted" | "noise";

export interface Example {
  exchange: string;
  method: string;
  target: string;
  at: string;
  base: string;
  branch: string;
  control?: string;
}

export interface Location {
  service: string;
  span: string;
  what: string;
  path?: string[];
  exchange: string;
  base_trace: string;
  branch_trace: string;
  same: number;
  of: number;
}

export interface Acceptance {
  where: string;
  by: string;
  reason: string;
  expires: string;
}

export interface Cell {
  operation: string;
  part: string;
  path?: string;
  kind: string;
}

/** Row is what the list shows; says and cause are in words. */
export interface Row extends Cell {
  n: number;
  branch: number;
  control: number;
  paired?: boolean;
  judgement: Judgement;
  e_value: number;
  category?: string;
  says: string;
  cause?: string;
}

export interface Difference extends Cell {
  branch_only: number;
  control_only: number;
  branch_sessions?: number;
  control_sessions?: number;
  learned_class?: string;
  reason: string;
  accepted?: Acceptance;
  location?: Location;
  examples?: Example[];
}

/** LeftOut counts what the page leaves to the evidence. */
export interface LeftOut {
  differences: number;
  details: number;
  examples: number;
  shortened: number;
  operations: number;
}

export interface Index {
  differences: Row[];
  chunk: number;
  left: LeftOut;
}

export interface Bucket {
  up_to_ms: number;
  count: number;
}

export interface Latency {
  count: number;
  min_ms: number;
  p50_ms: number;
  p90_ms: number;
  p99_ms: number;
  max_ms: number;
  buckets?: Bucket[];
}

export interface Operation {
  name: string;
  compared: number;
  differing: number;
  latency?: Record<string, Latency>;
}

/** place writes where a difference lies, as the other reports do. */
export function place(d: Cell): string {
  if (!d.path) return d.part;
  return d.part === "body" ? d.path : `${d.part} ${d.path}`;
}
