import css from "./style.css";

let shared: CSSStyleSheet | undefined;

/** Puts our styles into a shadow root: one sheet for all, or a `<style>` where the browser is too old for that. */
export function adoptStyles(root: ShadowRoot): void {
  try {
    if (!shared) {
      shared = new CSSStyleSheet();
      shared.replaceSync(css);
    }
    root.adoptedStyleSheets = [shared];
  } catch {
    const style = document.createElement("style");
    style.textContent = css;
    root.append(style);
  }
}
