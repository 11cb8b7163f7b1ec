// The evidence as evidence-diff-1.schema.json describes it, as far as the page
// reads it.

export type Judgement = "regression" | "suspect" | "noise";

export interface Example {
  exchange: string;
  method: string;
  target: string;
  at: string;
  base: string;
  branch: string;
  control?: string;
}

export interface Difference {
  operation: string;
  part: string;
  path?: string;
  kind: string;
  n: number;
  branch: number;
  control: number;
  branch_only: number;
  control_only: number;
  paired: boolean;
  judgement: Judgement;
  e_value: number;
  more_samples?: number;
  learned_class?: string;
  reason: string;
  examples?: Example[];
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

export interface Evidence {
  input: string;
  operations: Operation[];
  differences: Difference[];
}

/** place writes where a difference lies, as the other reports do. */
export function place(d: Difference): string {
  if (!d.path) return d.part;
  return d.part === "body" ? d.path : `${d.part} ${d.path}`;
}

/** readEvidence returns the evidence that the page carries, and its text. */
export function readEvidence(): { evidence: Evidence; text: string } {
  const text = document.getElementById("evidence")?.textContent ?? "";
  return { evidence: JSON.parse(text) as Evidence, text };
}
