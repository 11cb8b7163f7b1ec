import { themeButton } from "../../../../../diff/report/look/script/theme";

// reveal opens what holds the target of the address: not every browser does it by
// itself.
function reveal(): void {
  const target = document.getElementById(location.hash.slice(1));
  if (!target) return;
  for (let at: HTMLElement | null = target; at; at = at.parentElement) {
    if (at instanceof HTMLDetailsElement) at.open = true;
  }
  target.scrollIntoView();
}

themeButton();
// A tall map is looked at in its middle: that is where the provider is.
const map = document.querySelector(".map");
if (map) map.scrollTop = (map.scrollHeight - map.clientHeight) / 2;
addEventListener("hashchange", reveal);
if (location.hash) reveal();
document.documentElement.classList.replace("no-js", "js");
document.documentElement.dataset["ready"] = "true";
