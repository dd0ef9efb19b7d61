import * as words from "../words";

const SHOW_MS = 2_000;

/** Copies the text of `shown` and says so on the button. Where that is refused, it stays selected for copying by hand. */
export async function copyText(shown: HTMLElement, button: HTMLButtonElement): Promise<void> {
  button.textContent = (await isCopied(shown)) ? words.copied : words.copyByHand;
  setTimeout(() => (button.textContent = words.copy), SHOW_MS);
}

async function isCopied(shown: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(shown.textContent ?? "");
    return true;
  } catch {
    // Pages on plain HTTP have no `navigator.clipboard`.
    getSelection()?.selectAllChildren(shown);
    return document.execCommand("copy");
  }
}
