import { themeButton } from "../../../../../diff/report/look/script/theme";

themeButton();
document.documentElement.classList.replace("no-js", "js");
document.documentElement.dataset["ready"] = "true";
