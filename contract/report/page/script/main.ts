import { required } from "../../../../diff/report/look/script/dom";
import { readFragment } from "../../../../diff/report/look/script/fragment";
import { bindKeys } from "../../../../diff/report/look/script/keys";
import { themeButton } from "../../../../diff/report/look/script/theme";
import { copyButtons } from "./copy";
import { Findings } from "./findings";
import { Matrix } from "./matrix";

function start(): void {
  themeButton();
  copyButtons();
  const findings = new Findings();
  new Matrix();
  bindKeys(
    [
      { keys: ["j"], shown: "j", what: "next finding", act: () => findings.step(1) },
      { keys: ["k"], shown: "k", what: "finding before", act: () => findings.step(-1) },
      { keys: [], shown: "Enter", what: "open or close the finding" },
      { keys: ["c"], shown: "c", what: "copy the finding's last curl line", act: () => findings.copy() },
      { keys: ["/"], shown: "/", what: "search", act: () => findings.focusSearch() },
      { keys: [], shown: "Esc", what: "clear the search, close this" },
      { keys: [], shown: "?", what: "show the keys" },
    ],
    required("keys"),
  );
  // What stands for the scripts is hidden only once they have done their work.
  document.documentElement.classList.replace("no-js", "js");
  route(findings);
  addEventListener("hashchange", () => route(findings));
  document.documentElement.dataset["ready"] = "true";
}

/** route opens what the address names. */
function route(findings: Findings): void {
  const { target } = readFragment();
  if (target === "") return;
  const element = document.getElementById(target);
  if (!element) return;
  if (element.classList.contains("finding")) findings.show(element as HTMLDetailsElement);
  else if (element instanceof HTMLDetailsElement) element.open = true;
  element.scrollIntoView();
}

start();
