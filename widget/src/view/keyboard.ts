/** Keeps the full-screen panel inside the part of the screen that the phone's keyboard leaves free. */
export function followViewport(panel: HTMLElement, onResize: () => void): () => void {
  const viewport = window.visualViewport;
  if (!viewport) return () => undefined;
  const fit = (): void => {
    panel.style.setProperty("--top", `${viewport.offsetTop}px`);
    panel.style.setProperty("--height", `${viewport.height}px`);
    onResize();
  };
  viewport.addEventListener("resize", fit);
  viewport.addEventListener("scroll", fit);
  fit();
  return () => {
    viewport.removeEventListener("resize", fit);
    viewport.removeEventListener("scroll", fit);
  };
}

const FOCUSABLE = "button:not(:disabled),textarea,a[href],[tabindex='0']";

/** Sends Tab round inside the panel: at full screen, what lies behind it cannot be seen. */
export function keepTabInside(panel: HTMLElement, active: Element | null, event: KeyboardEvent): void {
  const stops = [...panel.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((each) => each.getClientRects().length);
  const [from, to] = event.shiftKey ? [stops[0], stops[stops.length - 1]] : [stops[stops.length - 1], stops[0]];
  if (active !== from && stops.includes(active as HTMLElement)) return;
  event.preventDefault();
  to?.focus();
}
