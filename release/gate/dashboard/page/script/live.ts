import { required } from "../../../../../diff/report/look/script/dom";
import { fetchPage, replaceParts } from "./refresh";

interface News {
  what: string;
  service?: string;
}

const words: Record<string, string> = {
  evidence: "new evidence",
  deployment: "a deployment",
  end: "a release ended",
  verdict: "a new verdict",
  override: "an override",
  revoke: "an override was revoked",
  stop: "an incident began",
  resume: "an incident ended",
};

// Events come in bursts: a push is followed by the verdict that it changes.
const gather = 300;
// A server that has no room for one more stream is asked again after this time.
const again = 30_000;

/**
 * follow listens to the gate's events while the page is looked at, and replaces what
 * changed. A page that is hidden gives its stream back, of which there are few.
 */
export function follow(): void {
  const service = document.body.dataset["live"];
  if (service === undefined) return;
  const status = required("live");
  const address = "/api/v1/events" + (service ? `?service=${encodeURIComponent(service)}` : "");
  let source: EventSource | undefined;
  let news: News[] = [];
  let timer = 0;
  let lost = false;

  const refresh = async () => {
    timer = 0;
    const told = news;
    news = [];
    try {
      const changed = replaceParts(await fetchPage(location.href));
      const what = tell(told);
      if (changed || what) status.textContent = `Live. ${what ? `${capital(what)}. ` : ""}${changed ? "The page was brought up to date." : "Nothing on this page changed."}`;
    } catch {
      status.textContent = "Not live: the page could not be fetched. Reload it to see what is new.";
    }
  };
  const soon = () => {
    if (!timer) timer = window.setTimeout(() => void refresh(), gather);
  };
  const close = () => {
    source?.close();
    source = undefined;
  };
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource(address);
    source.onopen = () => {
      status.textContent = "Live.";
      if (lost) soon();
      lost = false;
    };
    source.onerror = () => {
      lost = true;
      const ended = source?.readyState === EventSource.CLOSED;
      status.textContent = ended ? "Not live: reload the page to see what is new." : "Not live: connecting again.";
      if (ended) {
        close();
        window.setTimeout(open, again);
      }
    };
    for (const name of Object.keys(words)) {
      source.addEventListener(name, (e) => {
        news.push(read(name, e.data));
        soon();
      });
    }
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      lost = source !== undefined || lost;
      close();
    } else open();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  open();
}

function read(what: string, data: unknown): News {
  try {
    const event = JSON.parse(String(data)) as { service?: unknown };
    return typeof event.service === "string" ? { what, service: event.service } : { what };
  } catch {
    return { what };
  }
}

/** tell says what happened: each thing once, a few of them. */
function tell(news: News[]): string {
  const all = new Set(news.map((n) => (words[n.what] ?? n.what) + (n.service ? ` of ${n.service}` : "")));
  const few = [...all].slice(0, 3);
  const more = all.size - few.length;
  return few.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function capital(s: string): string {
  return s.charAt(0).toUpperCase() + s.slice(1);
}
