// What changed inside a value: the two texts are cut into tokens, the tokens
// compared (Myers, "An O(ND) difference algorithm", 1986), and strings that
// took each other's place compared once more by character.

export interface Piece {
  text: string;
  changed: boolean;
}

const token = /"(?:[^"\\]|\\.)*"?|[\p{L}\p{N}_]+|\s+|[^]/gu;

function tokens(s: string): string[] {
  return s.match(token) ?? [];
}

/**
 * lay puts JSON objects and arrays on lines of their own. It works on tokens,
 * so that a value that was cut short is laid out as far as it goes and no
 * number is rounded. Anything else is returned as it is.
 */
export function lay(s: string): string {
  if (!/^\s*[[{]/.test(s) || s.length < 60) return s;
  let out = "";
  let depth = 0;
  const line = () => "\n" + "  ".repeat(depth);
  const list = tokens(s).filter((t) => t.trim() !== "");
  for (const [i, t] of list.entries()) {
    const next = list[i + 1];
    if (t === "{" || t === "[") {
      depth++;
      out += next === "}" || next === "]" ? t : t + line();
    } else if (t === "}" || t === "]") {
      depth = Math.max(0, depth - 1);
      const before = list[i - 1];
      out += before === "{" || before === "[" ? t : line() + t;
    } else if (t === ",") out += t + line();
    else out += t === ":" ? ": " : t;
  }
  return out;
}

// With more edits than this the two have little in common, and comparing them
// would take long: time and memory grow with its square.
const maxEdits = 400;

/** compare returns both texts as pieces, those that changed marked. */
export function compare(a: string, b: string): { base: Piece[]; branch: Piece[] } {
  const left = tokens(a);
  const right = tokens(b);
  const base: Piece[] = [];
  const branch: Piece[] = [];
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < Math.min(left.length, right.length) - head && left.at(-1 - tail) === right.at(-1 - tail)) tail++;
  push(base, left.slice(0, head), false);
  push(branch, right.slice(0, head), false);
  middle(left.slice(head, left.length - tail), right.slice(head, right.length - tail), base, branch);
  push(base, left.slice(left.length - tail), false);
  push(branch, right.slice(right.length - tail), false);
  return { base, branch };
}

function push(pieces: Piece[], list: string[], changed: boolean): void {
  const text = list.join("");
  const last = pieces.at(-1);
  if (text === "") return;
  if (last?.changed === changed) last.text += text;
  else pieces.push({ text, changed });
}

function middle(left: string[], right: string[], base: Piece[], branch: Piece[]): void {
  let x = 0;
  let y = 0;
  for (const [i, j] of [...matches(left, right), [left.length, right.length] as const]) {
    replaced(left.slice(x, i), right.slice(y, j), base, branch);
    push(base, left.slice(i, i + 1), false);
    push(branch, right.slice(j, j + 1), false);
    x = i + 1;
    y = j + 1;
  }
}

/** replaced refines one token that took the place of another by character. */
function replaced(left: string[], right: string[], base: Piece[], branch: Piece[]): void {
  const [a, b] = [left[0], right[0]];
  if (left.length !== 1 || right.length !== 1 || a === undefined || b === undefined || !alike(a, b)) {
    push(base, left, true);
    push(branch, right, true);
    return;
  }
  const p = prefix(a, b);
  const s = suffix(a.slice(p), b.slice(p));
  for (const [pieces, text] of [[base, a], [branch, b]] as const) {
    push(pieces, [text.slice(0, p)], false);
    push(pieces, [text.slice(p, text.length - s)], true);
    push(pieces, [text.slice(text.length - s)], false);
  }
}

/** alike reports whether two tokens share enough to point at what differs. */
function alike(a: string, b: string): boolean {
  const p = prefix(a, b);
  const common = p + suffix(a.slice(p), b.slice(p));
  return a.startsWith('"') && b.startsWith('"') && 2 * common >= Math.min(a.length, b.length);
}

function prefix(a: string, b: string): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return whole(a, n) ? n : n - 1;
}

function suffix(a: string, b: string): number {
  let n = 0;
  while (n < a.length && n < b.length && a.at(-1 - n) === b.at(-1 - n)) n++;
  return whole(a, a.length - n) ? n : n - 1;
}

/** whole reports whether a cut at n splits no surrogate pair. */
function whole(s: string, n: number): boolean {
  return !/[\udc00-\udfff]/.test(s.charAt(n)) || !/[\ud800-\udbff]/.test(s.charAt(n - 1));
}

/** matches returns the pairs of equal tokens of a shortest edit script. */
function matches(a: string[], b: string[]): [number, number][] {
  const trace = search(a, b);
  if (!trace) return [];
  const pairs: [number, number][] = [];
  let x = a.length;
  let y = b.length;
  for (let d = trace.length - 1; d >= 0; d--) {
    const v = trace[d]!;
    const k = x - y;
    const down = k === -d || (k !== d && at(v, k - 1) < at(v, k + 1));
    const fromK = down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : at(v, fromK);
    const fromY = d === 0 ? 0 : fromX - fromK;
    while (x > fromX && y > fromY && a[x - 1] === b[y - 1]) pairs.push([--x, --y]);
    x = fromX;
    y = fromY;
  }
  return pairs.reverse();
}

function at(v: Map<number, number>, k: number): number {
  return v.get(k) ?? -1;
}

/** search returns the furthest points before each number of edits. */
function search(a: string[], b: string[]): Map<number, number>[] | undefined {
  const trace: Map<number, number>[] = [];
  const v = new Map([[1, 0]]);
  for (let d = 0; d <= Math.min(a.length + b.length, maxEdits); d++) {
    trace.push(new Map(v));
    for (let k = -d; k <= d; k += 2) {
      let x = k === -d || (k !== d && at(v, k - 1) < at(v, k + 1)) ? at(v, k + 1) : at(v, k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      v.set(k, x);
      if (x >= a.length && x - k >= b.length) return trace;
    }
  }
  return undefined;
}
