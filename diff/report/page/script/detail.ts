import { h } from "../../look/script/dom";
import { place, type Acceptance, type Difference, type Example, type Location, type Row } from "./evidence";
import { evidenceText, grouped, percent, visible } from "../../look/script/text";
import { compare, lay, type Piece } from "../../look/script/tokens";

/** heading is what of a difference is known at once. */
export function heading(row: Row): HTMLElement {
  return h("article.detail", {}, ...title(row));
}

function title(row: Row): HTMLElement[] {
  return [
    h("p.detail-operation", {}, visible(row.operation)),
    h("h3", {}, h("span.code", {}, visible(place(row))), " ", h("span.kind", {}, visible(row.kind))),
  ];
}

/** detail shows one difference: what, how often, why, and its examples. */
export function detail(row: Row, d: Difference | undefined): HTMLElement {
  const examples = d?.examples ?? [];
  return h(
    "article.detail",
    {},
    ...title(row),
    h("p.detail-reason", {}, h("span", { class: `mark ${row.judgement}` }, row.judgement), " ", visible(d?.reason ?? row.says)),
    row.cause ? h("p.detail-cause", {}, h("span.label", {}, "Cause"), visible(row.cause)) : null,
    d?.accepted ? approval(d.accepted) : null,
    d?.location ? located(d.location) : null,
    rates(row),
    facts(row, d),
    ...examples.map((e) => example(row, e)),
    examples.length === 0 && h("p.none", {}, "This page has no example of it."),
  );
}

function approval(a: Acceptance): HTMLElement {
  return h(
    "div.approval",
    {},
    h("p", {}, "Accepted by ", h("b", {}, visible(a.by)), a.expires ? ` until ${visible(a.expires)}` : ""),
    h("p", {}, visible(a.reason)),
    h("p.code", {}, visible(a.where)),
  );
}

/** located shows the way through the services to the first span that differs. */
function located(l: Location): HTMLElement {
  const last = `${l.service} ${l.span}`;
  const path = l.path?.length ? l.path : [last];
  return h(
    "figure.chain",
    {},
    h("figcaption", {}, "First differing span", l.of > 1 ? h("small", {}, ` in ${grouped(l.same)} of ${grouped(l.of)}`) : null),
    h("ol", {}, ...path.map((call, i) => h("li", i === path.length - 1 ? { class: "differs" } : {}, step(call)))),
    h("p.chain-what", {}, visible(l.what)),
    h("p.chain-traces", {}, trace("base", l.base_trace), trace("branch", l.branch_trace)),
  );
}

function step(call: string): HTMLElement {
  const [service = "", ...span] = call.split(" ");
  return h("span", {}, h("b", {}, visible(service)), " ", h("span.code", {}, visible(span.join(" "))));
}

function trace(side: string, id: string): HTMLElement | null {
  return id ? h("span", {}, `${side} trace `, h("span.code", {}, visible(id))) : null;
}

function rates(d: Row): HTMLElement {
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

function facts(row: Row, d: Difference | undefined): HTMLElement {
  const list: [string, string, string][] = [
    ["Evidence", `${row.says}, e-value ${evidenceText(row.e_value)}`, "against “branch is no different from control”: 20 is as rare as one in twenty by chance"],
  ];
  if (d && row.paired) {
    list.push(["Only branch", grouped(d.branch_only), "exchanges in which branch differs from base and control does not"]);
    list.push(["Only control", grouped(d.control_only), "exchanges in which control differs from base and branch does not"]);
  }
  if (d?.branch_sessions || d?.control_sessions) {
    const sessions = `branch in ${grouped(d.branch_sessions ?? 0)}, control in ${grouped(d.control_sessions ?? 0)}`;
    list.push(["Sessions", sessions, "what is tested: within a session one cause may show many times, and counts once"]);
  }
  if (d?.learned_class) list.push(["Must stay", d.learned_class, "the class that noise leaves to the value"]);
  return h(
    "dl.facts",
    {},
    ...list.map(([name, value, about]) => h("div", { title: about }, h("dt", {}, name), h("dd", {}, visible(value)))),
  );
}

function example(d: Row, e: Example): HTMLElement {
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
  return h("figure", { class: `value ${side}` }, h("figcaption", {}, side), h("pre", { tabindex: 0, role: "region", "aria-label": `value of ${side}` }, ...content));
}

/** visibleLines keeps the line breaks that lay made. */
function visibleLines(s: string): string {
  return s.split("\n").map(visible).join("\n");
}
