import { h, required, svg } from "../../look/script/dom";
import type { Latency, Operation } from "./evidence";
import { milliseconds, plural, visible } from "../../look/script/text";

const width = 380;
const height = 168;
const inset = { left: 34, right: 8, top: 8, bottom: 22 };
const chunk = 12;
// Control is drawn first, so that the others lie above it.
const sides = ["control", "base", "branch"] as const;
const marks = [["p50_ms", 0.5], ["p90_ms", 0.9], ["p99_ms", 0.99]] as const;

/** plotLatencies draws the operations, those that became slowest first. */
export function plotLatencies(operations: Operation[], left: number): void {
  const root = required("plots");
  if (left > 0) root.append(h("p.left", {}, `Left out of this page for its size: the latencies of ${plural(left, "operation")}. The JSON evidence has them.`));
  const timed = operations.filter((o) => sides.some((s) => (o.latency?.[s]?.count ?? 0) > 0));
  if (timed.length === 0) {
    if (left === 0) root.append(h("p.none", {}, "No latency was measured."));
    return;
  }
  timed.sort((a, b) => slowdown(b) - slowdown(a));
  const grid = h("div.plots");
  const more = h("button", { type: "button", class: "quiet" });
  let drawn = 0;
  const next = () => {
    grid.append(...timed.slice(drawn, drawn + chunk).map(card));
    drawn = Math.min(drawn + chunk, timed.length);
    more.textContent = `Show ${Math.min(chunk, timed.length - drawn)} more of ${plural(timed.length - drawn, "operation")}`;
    more.hidden = drawn === timed.length;
  };
  more.addEventListener("click", next);
  next();
  root.append(legend(), grid, more);
}

function slowdown(o: Operation): number {
  const { base, branch } = o.latency ?? {};
  return base && branch && base.p50_ms > 0 && branch.p50_ms > 0 ? Math.log(branch.p50_ms / base.p50_ms) : -Infinity;
}

function legend(): HTMLElement {
  return h("p.legend", {}, ...["base", "branch", "control"].map((side) => h("span", { class: `side ${side}` }, side)));
}

function card(o: Operation): HTMLElement {
  const latency = o.latency ?? {};
  return h("figure.plot", {}, h("figcaption.code", {}, visible(o.name)), plot(o.name, latency), table(latency));
}

/** Scale maps milliseconds to x, logarithmically, over whole steps of 1, 2, 5. */
class Scale {
  private readonly low: number;
  private readonly high: number;

  constructor(latencies: Latency[]) {
    const positive = latencies.flatMap((l) => [l.min_ms, l.p50_ms, l.max_ms]).filter((ms) => ms > 0);
    const least = positive.length > 0 ? Math.min(...positive) : 1;
    const greatest = positive.length > 0 ? Math.max(...positive) : 10;
    this.low = Math.log10(least) - 0.05;
    this.high = Math.max(Math.log10(greatest), this.low + 0.5) + 0.05;
  }

  x(ms: number): number {
    const share = (Math.log10(Math.max(ms, 1e-6)) - this.low) / (this.high - this.low);
    return inset.left + Math.max(0, Math.min(1, share)) * (width - inset.left - inset.right);
  }

  ms(x: number): number {
    const share = (x - inset.left) / (width - inset.left - inset.right);
    return 10 ** (this.low + Math.max(0, Math.min(1, share)) * (this.high - this.low));
  }

  /** ticks returns at most six round numbers. */
  ticks(): number[] {
    for (const steps of [[1, 2, 5], [1, 3], [1]]) {
      const list: number[] = [];
      for (let e = Math.floor(this.low); e <= this.high; e++) for (const s of steps) list.push(s * 10 ** e);
      const inside = list.filter((ms) => Math.log10(ms) >= this.low && Math.log10(ms) <= this.high);
      if (inside.length <= 6) return inside;
    }
    return [10 ** Math.ceil(this.low), 10 ** Math.floor(this.high)];
  }
}

function y(share: number): number {
  return height - inset.bottom - share * (height - inset.top - inset.bottom);
}

function plot(name: string, latency: Record<string, Latency>): SVGSVGElement {
  const present = sides.flatMap((side) => (latency[side]?.count ? [[side, latency[side]] as const] : []));
  const scale = new Scale(present.map(([, l]) => l));
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "ecdf", role: "img", "aria-label": `Distribution of latencies of ${visible(name)}; the table below has the numbers` });
  for (const share of [0, 0.5, 0.9, 1]) {
    root.append(svg("line", { class: "grid", x1: inset.left, x2: width - inset.right, y1: y(share), y2: y(share) }));
    if (share !== 1) root.append(svg("text", { class: "tick", x: inset.left - 5, y: y(share) + 3, "text-anchor": "end" }, `${share * 100}%`));
  }
  for (const ms of scale.ticks()) {
    root.append(svg("line", { class: "grid", x1: scale.x(ms), x2: scale.x(ms), y1: y(0), y2: y(0) + 3 }));
    root.append(svg("text", { class: "tick", x: scale.x(ms), y: height - 6, "text-anchor": "middle" }, tick(ms)));
  }
  for (const [side, l] of present) {
    root.append(svg("path", { class: `curve ${side}`, d: curve(l, scale) }));
    if (side !== "control") root.append(...quantiles(side, l, scale));
  }
  readout(root, present, scale);
  return root;
}

function tick(ms: number): string {
  const n = (f: number) => String(Number(f.toPrecision(2)));
  return ms >= 1000 ? `${n(ms / 1000)} s` : ms < 1 ? `${n(ms * 1000)} µs` : `${n(ms)} ms`;
}

function points(l: Latency): [number, number][] {
  if (!l.buckets?.length) return [[l.min_ms, 0], [l.p50_ms, 0.5], [l.p90_ms, 0.9], [l.p99_ms, 0.99], [l.max_ms, 1]];
  const total = l.buckets.reduce((sum, b) => sum + b.count, 0);
  const list: [number, number][] = [[Math.min(l.min_ms, l.buckets[0]!.up_to_ms), 0]];
  let seen = 0;
  for (const b of l.buckets) {
    seen += b.count;
    list.push([b.up_to_ms, seen / total]);
  }
  return list;
}

function curve(l: Latency, scale: Scale): string {
  return points(l).map(([ms, share], i) => `${i === 0 ? "M" : "L"}${scale.x(ms).toFixed(1)} ${y(share).toFixed(1)}`).join("");
}

function quantiles(side: string, l: Latency, scale: Scale): SVGElement[] {
  return marks.map(([name, q]) =>
    svg("circle", { class: `quantile ${side}`, cx: scale.x(l[name]), cy: y(within(l, l[name])), r: 3.2 }, svg("title", {}, `${side} p${q * 100}: ${milliseconds(l[name])}`)),
  );
}

/** readout shows, under the pointer, the share of each side that is done. */
function readout(root: SVGSVGElement, present: (readonly [string, Latency])[], scale: Scale): void {
  const line = svg("line", { class: "cursor", y1: y(1), y2: y(0), visibility: "hidden" });
  const label = svg("text", { class: "readout", x: width - inset.right - 2, y: y(0) - 6, "text-anchor": "end" });
  root.append(line, label);
  root.addEventListener("pointermove", (e) => {
    const box = root.getBoundingClientRect();
    const x = Math.max(inset.left, ((e.clientX - box.left) / box.width) * width);
    const ms = scale.ms(x);
    line.setAttribute("x1", String(x));
    line.setAttribute("x2", String(x));
    line.setAttribute("visibility", "visible");
    const shares = present.filter(([side]) => side !== "control").map(([side, l]) => `${side} ${(100 * within(l, ms)).toFixed(0)}%`);
    label.textContent = `within ${milliseconds(ms)}: ${shares.join(", ")}`;
  });
  root.addEventListener("pointerleave", () => {
    line.setAttribute("visibility", "hidden");
    label.textContent = "";
  });
}

/** within interpolates the share of answers that took at most ms. */
function within(l: Latency, ms: number): number {
  let before: [number, number] = [0, 0];
  for (const point of points(l)) {
    if (point[0] > ms) {
      const span = point[0] - before[0];
      return before[1] + (span > 0 ? ((ms - before[0]) / span) * (point[1] - before[1]) : 0);
    }
    before = point;
  }
  return 1;
}

function table(latency: Record<string, Latency>): HTMLElement {
  const { base, branch } = latency;
  return h(
    "table.quantiles",
    {},
    h("thead", {}, h("tr", {}, h("td"), ...["base", "branch", "change"].map((name) => h("th", { scope: "col" }, name)))),
    h(
      "tbody",
      {},
      ...marks.map(([name, q]) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, `p${q * 100}`),
          h("td", {}, base?.count ? milliseconds(base[name]) : "–"),
          h("td", {}, branch?.count ? milliseconds(branch[name]) : "–"),
          change(base?.[name], branch?.[name]),
        ),
      ),
    ),
  );
}

function change(base: number | undefined, branch: number | undefined): HTMLElement {
  if (!base || branch === undefined) return h("td", {}, "–");
  const p = Math.round((100 * (branch - base)) / base);
  const tone = p > 10 ? "slower" : p < -10 ? "faster" : "same";
  return h("td", { class: tone }, `${p > 0 ? "+" : p < 0 ? "−" : ""}${Math.abs(p)}%`);
}
