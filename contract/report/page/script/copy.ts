/** copyButtons lets the buttons beside curl lines copy them. */
export function copyButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>(".copy")) {
    button.addEventListener("click", () => void copyFrom(button));
  }
}

/** copyFrom copies what stands beside the button, and says so on it. */
export async function copyFrom(button: HTMLButtonElement): Promise<void> {
  const line = button.previousElementSibling;
  if (!line) return;
  button.textContent = (await copied(line, button.dataset["raw"] ?? line.textContent)) ? "Copied" : "Selected";
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

// A browser may deny the clipboard to a file: the line is then selected.
async function copied(line: Element, text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection()?.selectAllChildren(line);
    return false;
  }
}
