type Value = string | boolean | ((event: Event) => void);
type Child = Node | string | false | undefined;

/** Makes an element. Functions become listeners, `true` an empty attribute, everything else an attribute as text. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Record<string, Value> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child): child is Node | string => child !== false && child !== undefined));
  return element;
}

export function button(className: string, onClick: () => void, ...children: readonly Child[]): HTMLButtonElement {
  return h("button", { type: "button", class: className, click: onClick }, ...children);
}

export function iconButton(className: string, name: string, icon: Node, onClick: () => void): HTMLButtonElement {
  const made = button(className, onClick, icon);
  label(made, name);
  return made;
}

/** The name of a control that shows only an icon: for screen readers, and as a tooltip. */
export function label(element: HTMLElement, name: string): void {
  element.setAttribute("aria-label", name);
  element.title = name;
}

/** Text for screen readers only. */
export function spoken(text: string): HTMLElement {
  return h("span", { class: "spoken" }, text);
}

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  chat: "M4 5.5h16v11H11l-4.5 3.5v-3.5H4zM8 9.5h8M8 12.7h5",
  minimise: "M6 9.5l6 6 6-6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  send: "M12 19V5M5.5 11.5L12 5l6.5 6.5",
  person: "M12 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 20c0-3.6 3-6 7-6s7 2.4 7 6",
  thumb: "M7 10.5v9H4v-9zM7 10.5L11 4c1.5 0 2.4 1 2.1 2.4L12.5 9.5H18c1.3 0 2.2 1.2 1.9 2.4l-1.5 6c-.2 1-1 1.6-2 1.6H7",
  away: "M9 6h9v9M18 6L7 17",
  close: "M6.5 6.5l11 11M17.5 6.500l-11 11",
  check: "M5.5 12.5l4.2 4.2 8.8-9.2",
  bell: "M4.5 10v4h3l5.5 4V6l-5.5 4zM16.5 9a4 4 0 0 1 0 6",
} as const;

export function icon(name: keyof typeof PATHS): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
