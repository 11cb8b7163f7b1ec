import { h } from "./dom";
import { place, type Difference, type Example } from "./evidence";
import { evidenceText, grouped, percent, plural, visible } from "./text";
import { compare, lay, type Piece } from "./tokens";

/** detail shows one difference: what, how often, why, and its examples. */
export function detail(d: Difference): HTMLElement {
  return h(
    "article.detail",
    {},
    h("p.detail-operation", {}, visible(d.operation)),
    h("h3", {}, h("span.code", {}, visible(place(d))), " ", h("span.kind", {}, d.kind)),
    h("p.detail-reason", {}, h("span", { class: `mark ${d.judgement}` }, d.judgement), " ", visible(d.reason)),
    rates(d),
    facts(d),
    ...(d.examples ?? []).map((e) => example(d, e)),
    (d.examples ?? []).length === 0 && h("p.none", {}, "No example was kept."),
  );
}

function rates(d: Difference): HTMLElement {
  return h(
    "div.rates",
    {},
    rate("branch", d.branch, d.n),
    d.paired ? rate("control", d.control, d.n) : h("p.rate", {}, h("span.rate-side", {}, "control"), h("small", {}, "was not asked")),
  );
}

function rate(side: string, part: number, whole: number): HTMLElement {
  const label = `${side} differs from base in ${grouped(part)} of ${grouped(whole)}`;
  const filled = h("span");
  filled.style.width = `${(100 * part) / Math.max(whole, 1)}%`;
  const bar = h("span", { class: `rate-bar ${side}`, role: "img", "aria-label": label }, filled);
  return h(
    "p.rate",
    {},
    h("span.rate-side", {}, side),
    bar,
    h("span.rate-n", {}, `${grouped(part)}/${grouped(whole)}`),
    h("small", {}, percent(part, whole)),
  );
}

function facts(d: Difference): HTMLElement {
  const list: [string, string, string][] = [
    ["Evidence", evidenceText(d.e_value), "against “branch is no different from control”: 20 is as rare as one in twenty by chance"],
  ];
  if (d.paired) {
    list.push(["Only branch", grouped(d.branch_only), "exchanges in which branch differs from base and control does not"]);
    list.push(["Only control", grouped(d.control_only), "exchanges in which control differs from base and branch does not"]);
  }
  if (d.more_samples) list.push(["Needs", plural(d.more_samples, "more sample"), "of the operation to be decided at its present rate"]);
  if (d.learned_class) list.push(["Must stay", d.learned_class, "the class that noise leaves to the value"]);
  return h(
    "dl.facts",
    {},
    ...list.map(([name, value, about]) => h("div", { title: about }, h("dt", {}, name), h("dd", {}, visible(value)))),
  );
}

function example(d: Difference, e: Example): HTMLElement {
  const base = lay(e.base);
  const branch = lay(e.branch);
  const changes = compare(base, branch);
  return h(
    "section.example",
    {},
    h("h4", {}, h("span.method", {}, visible(e.method)), " ", h("span.code", {}, visible(e.target))),
    h("p.at", {}, e.at ? h("span", {}, "at ", h("span.code", {}, visible(e.at))) : null, h("span.exchange", {}, "exchange ", h("span.code", {}, visible(e.exchange)))),
    h(
      "div.values",
      {},
      value("base", "del", changes.base, d.kind === "added" && e.base === ""),
      value("branch", "ins", changes.branch, d.kind === "removed" && e.branch === ""),
      e.control ? value("control", "mark", compare(base, lay(e.control)).branch, false) : null,
    ),
  );
}

function value(side: string, mark: "del" | "ins" | "mark", pieces: Piece[], absent: boolean): HTMLElement {
  const content = absent
    ? [h("em.absent", {}, "absent")]
    : pieces.map((p) => (p.changed ? h(mark, {}, visibleLines(p.text)) : document.createTextNode(visibleLines(p.text))));
  if (content.length === 0) content.push(h("em.absent", {}, "empty"));
  return h("figure", { class: `value ${side}` }, h("figcaption", {}, side), h("pre", { tabindex: 0 }, ...content));
}

/** visibleLines keeps the line breaks that lay made. */
function visibleLines(s: string): string {
  return s.split("\n").map(visible).join("\n");
}
