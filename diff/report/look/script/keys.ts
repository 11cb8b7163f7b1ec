import { h } from "./dom";

/** Key is what a key does, and in which words. */
export interface Key {
  keys: string[];
  shown: string;
  what: string;
  act?: () => void;
}

const store = "twinspect-keys";

/**
 * bindKeys lets single keys act wherever no text is typed. The dialog that ?
 * opens lists them, and turns them off (WCAG 2.2, 2.1.4).
 */
export function bindKeys(keys: Key[], button: HTMLElement): void {
  const on = h("input", { type: "checkbox", checked: !off() });
  const close = h("button.quiet", { type: "button" }, "Close");
  const dialog = h(
    "dialog.keys",
    { "aria-labelledby": "keys-title" },
    h("h2", { id: "keys-title" }, "Keys"),
    h("dl", {}, ...keys.map((k) => h("div", {}, h("dt", {}, ...k.shown.split(" ").map((key) => h("kbd", {}, key))), h("dd", {}, k.what)))),
    h("label", {}, on, " Act on single keys"),
    close,
  );
  document.body.append(dialog);
  on.addEventListener("change", () => remember(!on.checked));
  close.addEventListener("click", () => dialog.close());
  button.addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (e) => {
    if (e.defaultPrevented || e.altKey || e.ctrlKey || e.metaKey || dialog.open || typing(e.target) || !on.checked) return;
    if (e.key === "?") dialog.showModal();
    else {
      const key = keys.find((k) => k.act && k.keys.includes(e.key));
      if (!key?.act) return;
      key.act();
    }
    e.preventDefault();
  });
}

function typing(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input:not([type=radio], [type=checkbox]), select, textarea, [contenteditable]") !== null;
}

// A browser may deny storage to a file: the choice is then forgotten.
function off(): boolean {
  try {
    return localStorage.getItem(store) === "off";
  } catch {
    return false;
  }
}

function remember(isOff: boolean): void {
  try {
    localStorage.setItem(store, isOff ? "off" : "on");
  } catch {
    return;
  }
}
