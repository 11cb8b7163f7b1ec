import { h, required } from "./dom";
import { readEvidence } from "./evidence";
import { Explorer } from "./explorer";
import { plotLatencies } from "./latency";
import { linkOperations, sortOperations } from "./operations";
import { themeButton } from "./theme";

function start(): void {
  themeButton();
  const { evidence, text } = readEvidence();
  const explorer = new Explorer(evidence.differences);
  explorer.mount();
  plotLatencies(evidence.operations);
  for (const table of document.querySelectorAll<HTMLTableElement>("table.sortable")) {
    sortOperations(table);
    linkOperations(table, (operation) => {
      explorer.only(operation);
      required("differences").scrollIntoView();
    });
  }
  required("save").addEventListener("click", () => save(text));
  // What stands for the scripts is hidden only once they have done their work.
  document.documentElement.classList.replace("no-js", "js");
}

function save(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  h("a", { href: url, download: "evidence.json" }).click();
  URL.revokeObjectURL(url);
}

start();
