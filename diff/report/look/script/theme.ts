import { required } from "./dom";

const themes = ["auto", "light", "dark"] as const;
const key = "twinspect-theme";

/** themeButton goes round the themes; auto follows the system. */
export function themeButton(): void {
  const button = required("theme");
  const show = (theme: string) => {
    document.documentElement.dataset["theme"] = theme;
    button.textContent = `Theme: ${theme}`;
  };
  show(stored() ?? "auto");
  button.addEventListener("click", () => {
    const now = themes.findIndex((t) => t === document.documentElement.dataset["theme"]);
    const next = themes[(now + 1) % themes.length] ?? "auto";
    show(next);
    store(next);
  });
}

// A browser may deny storage to a file: the theme is then forgotten.
function stored(): string | undefined {
  try {
    const theme = localStorage.getItem(key);
    return themes.find((t) => t === theme);
  } catch {
    return undefined;
  }
}

function store(theme: string): void {
  try {
    localStorage.setItem(key, theme);
  } catch {
    return;
  }
}
