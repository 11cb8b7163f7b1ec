import { tellTimes } from "./times";

/**
 * fetchPage fetches a page as a document, whose scripts do not run. It is a request of
 * the old kind since that parses without a string that is made markup.
 */
export function fetchPage(address: string): Promise<Document> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.timeout = 15_000;
    request.onload = () => {
      const page = request.responseXML;
      if (request.status === 200 && page) resolve(page);
      else reject(new Error(`status ${request.status}`));
    };
    request.onerror = request.ontimeout = () => reject(new Error("no answer"));
    request.send();
  });
}

/**
 * replaceParts puts the parts of a newer page in the place of this one's that differ,
 * and reports whether any did. Focus, scroll and what was unfolded stay.
 */
export function replaceParts(page: Document): boolean {
  let changed = false;
  for (const fresh of page.querySelectorAll<HTMLElement>("[data-part]")) {
    const old = document.getElementById(fresh.id);
    if (!old || same(old, fresh)) continue;
    changed = true;
    replace(old, document.adoptNode(fresh));
  }
  return changed;
}

/** same compares what is read: times that are told as local were UTC when they came. */
function same(old: HTMLElement, fresh: HTMLElement): boolean {
  const copy = old.cloneNode(true) as HTMLElement;
  for (const time of copy.querySelectorAll<HTMLTimeElement>("time[data-utc]")) {
    time.textContent = time.dataset["utc"] ?? "";
    time.removeAttribute("data-utc");
    time.removeAttribute("title");
  }
  for (const open of copy.querySelectorAll("details[open]")) open.removeAttribute("open");
  copy.classList.remove("fresh");
  if (copy.getAttribute("class") === "") copy.removeAttribute("class");
  return copy.isEqualNode(fresh);
}

function replace(old: HTMLElement, fresh: HTMLElement): void {
  const unfolded = [...old.querySelectorAll<HTMLElement>("details[open]")].map((d) => d.id);
  for (const id of unfolded) fresh.querySelector(`details[id=${CSS.escape(id)}]`)?.setAttribute("open", "");
  const focus = focusIn(old);
  const [x, y] = [window.scrollX, window.scrollY];
  tellTimes(fresh);
  fresh.classList.add("fresh");
  old.replaceWith(fresh);
  focus?.(fresh);
  window.scrollTo(x, y);
}

const focusable = "a[href], button, input, select, summary, [tabindex]";

/** focusIn finds again what has the focus: by its address or text, else by its place. */
function focusIn(old: HTMLElement): ((fresh: HTMLElement) => void) | undefined {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement) || !old.contains(active)) return undefined;
  const place = [...old.querySelectorAll(focusable)].indexOf(active);
  const sign = signOf(active);
  return (fresh) => {
    const all = [...fresh.querySelectorAll<HTMLElement>(focusable)];
    (all.find((e) => signOf(e) === sign) ?? all[Math.min(place, all.length - 1)])?.focus({ preventScroll: true });
  };
}

function signOf(e: Element): string {
  return `${e.tagName} ${e.getAttribute("href") ?? e.textContent ?? ""}`;
}
