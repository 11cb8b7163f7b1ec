import { themeButton } from "../../../../../diff/report/look/script/theme";
import { follow } from "./live";
import { timesButton } from "./times";

themeButton();
timesButton();
follow();
document.documentElement.classList.replace("no-js", "js");
document.documentElement.dataset["ready"] = "true";
