import { required } from "../../../../../diff/report/look/script/dom";

const key = "twinspect-times";

/** timesButton lets the viewer read times as UTC, as the page has them, or as local. */
export function timesButton(): void {
  const button = required("times");
  const show = (local: boolean) => {
    document.documentElement.dataset["times"] = local ? "local" : "utc";
    button.textContent = `Times: ${local ? "local" : "UTC"}`;
    tellTimes(document);
  };
  show(stored() === "local");
  button.addEventListener("click", () => {
    const local = document.documentElement.dataset["times"] !== "local";
    show(local);
    store(local ? "local" : "utc");
  });
}

const long: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" };
const short: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

/** tellTimes writes the times of a part as they are wanted, and the others as titles. */
export function tellTimes(part: ParentNode): void {
  const local = document.documentElement.dataset["times"] === "local";
  for (const time of part.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const utc = time.dataset["utc"] ?? time.textContent ?? "";
    time.dataset["utc"] = utc;
    const here = at.toLocaleString("en-GB", "short" in time.dataset ? short : long);
    const text = local ? here : utc;
    if (time.textContent !== text) time.textContent = text;
    time.title = local ? utc : at.toLocaleString("en-GB", long);
  }
}

// A browser may deny storage: the choice is then forgotten.
function stored(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(times: string): void {
  try {
    localStorage.setItem(key, times);
  } catch {
    return;
  }
}
