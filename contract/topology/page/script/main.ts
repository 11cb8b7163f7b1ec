import { themeButton } from "../../../../diff/report/look/script/theme";

themeButton();
// A tall map is looked at in its middle: that is where calls begin.
const map = document.querySelector(".map");
if (map) map.scrollTop = (map.scrollHeight - map.clientHeight) / 2;
document.documentElement.classList.replace("no-js", "js");
document.documentElement.dataset["ready"] = "true";
