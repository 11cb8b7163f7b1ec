import { h, required } from "../../look/script/dom";
import type { LeftOut, Operation } from "./evidence";
import { Explorer } from "./explorer";
import { readFragment } from "../../look/script/fragment";
import { bindKeys } from "../../look/script/keys";
import { plotLatencies } from "./latency";
import { sortOperations } from "./operations";
import { canUnpack, Details, readIndex, readRest } from "./packed";
import { themeButton } from "../../look/script/theme";

async function start(): Promise<void> {
  themeButton();
  if (!canUnpack()) throw new Error("this browser has no DecompressionStream");
  const index = await readIndex();
  const details = new Details(index.chunk);
  const explorer = new Explorer(index, details);
  explorer.mount();
  for (const table of document.querySelectorAll<HTMLTableElement>("table.sortable")) sortOperations(table);
  bindKeys(keys(explorer), required("keys"));
  // What stands for the scripts is hidden only once they have done their work.
  document.documentElement.classList.replace("no-js", "js");
  route(explorer, true);
  addEventListener("hashchange", () => route(explorer, false));
  performance.mark("list");
  document.documentElement.dataset["ready"] = "true";
  const rest = await readRest();
  plotLatencies((JSON.parse(rest) as { operations: Operation[] }).operations, index.left.operations);
  saveButton(rest, details, index.left);
}

function keys(explorer: Explorer): Parameters<typeof bindKeys>[0] {
  return [
    { keys: ["j"], shown: "j", what: "next difference", act: () => explorer.step(1) },
    { keys: ["k"], shown: "k", what: "difference before", act: () => explorer.step(-1) },
    { keys: [], shown: "↑ ↓ Home End", what: "move, while the list has the focus" },
    { keys: [], shown: "Enter", what: "open the difference, from the list" },
    { keys: ["/"], shown: "/", what: "search", act: () => explorer.focusSearch() },
    { keys: [], shown: "Esc", what: "back to the list, clear the search, close this" },
    { keys: [], shown: "?", what: "show the keys" },
  ];
}

/** route opens what the address names. A link to a section leaves the filter. */
function route(explorer: Explorer, first: boolean): void {
  const { target, query } = readFragment();
  for (const row of document.querySelectorAll("[aria-current]")) row.removeAttribute("aria-current");
  const operation = target.startsWith("operation-") ? explorer.operation(target) : undefined;
  const element = document.getElementById(target);
  if (operation !== undefined) explorer.only(operation);
  else if (first || target.startsWith("difference-") || query.size > 0) explorer.show(target, query);
  for (let around = element?.closest("details"); around; around = around.parentElement?.closest("details")) around.open = true;
  if (element?.localName === "tr") element.setAttribute("aria-current", "true");
  if (target.startsWith("difference-") || operation !== undefined) required("differences").scrollIntoView();
  else element?.scrollIntoView({ block: element.localName === "tr" ? "center" : "start" });
}

/** saveButton saves the evidence, as far as the page has it. */
function saveButton(rest: string, details: Details, left: LeftOut): void {
  const button = required("save");
  const cut = Object.values(left).some((n: number) => n > 0);
  if (cut) button.textContent = "Save the part of the JSON evidence that this page holds";
  button.addEventListener("click", () => void details.text().then((list) => save(rest.replace('"differences":[]', () => `"differences":${list}`), cut)));
}

function save(text: string, cut: boolean): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  h("a", { href: url, download: cut ? "evidence-part.json" : "evidence.json" }).click();
  URL.revokeObjectURL(url);
}

start().catch((err: unknown) => {
  const tables = "The tables show the first differences; the JSON evidence has all.";
  document.querySelector("#differences .static")?.before(h("p.left", { role: "alert" }, `What this page holds could not be unpacked (${String(err)}). ${tables}`));
});
