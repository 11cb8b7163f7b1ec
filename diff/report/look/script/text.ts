const named: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

// Control, format, private and unassigned characters, separators other than
// the space, and lone surrogates.
const invisible = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/**
 * visible writes characters that do not show, or that reorder their
 * neighbours, as escapes.
 */
export function visible(s: string): string {
  return s.replace(invisible, escaped);
}

function escaped(c: string): string {
  const code = c.codePointAt(0) ?? 0;
  return named[c] ?? (code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`);
}

function hex(n: number, digits: number): string {
  return n.toString(16).padStart(digits, "0");
}

const integer = new Intl.NumberFormat("en-US");

export function grouped(n: number): string {
  return integer.format(n);
}

export function plural(n: number, noun: string): string {
  return `${grouped(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** percent never rounds something to nothing, or a part to the whole. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return "–";
  if (part === 0) return "0%";
  if (part === whole) return "100%";
  const p = (100 * part) / whole;
  if (p < 0.1) return "<0.1%";
  if (p > 99.9) return ">99.9%";
  return p < 10 || p >= 99 ? `${p.toFixed(1)}%` : `${p.toFixed(0)}%`;
}

/** milliseconds writes a latency with three digits in the unit that suits it. */
export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${significant(ms / 1000)} s`;
  if (ms > 0 && ms < 1) return `${significant(ms * 1000)} µs`;
  return `${significant(ms)} ms`;
}

function significant(f: number): string {
  return f.toFixed(f >= 100 ? 0 : f >= 10 ? 1 : 2);
}

function raised(digits: string): string {
  return digits.replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹".charAt(Number(d)));
}

export function evidenceText(e: number): string {
  if (e >= Number.MAX_VALUE) return "beyond measure";
  if (e >= 1e6) return e.toExponential(1).replace(/e\+(\d+)/, (_, digits: string) => ` × 10${raised(digits)}`);
  return e >= 100 ? grouped(Math.floor(e)) : e.toPrecision(3);
}
