import * as words from "../words";
import { h, icon, iconButton, label } from "./dom";

/** The round button at the bottom right. */
export class Launcher {
  readonly element: HTMLButtonElement;
  readonly #dot = h("span", { class: "dot", hidden: true });

  #title: string;

  constructor(
    title: string,
    open: () => void,
  ) {
    this.#title = title;
    this.element = iconButton("launcher", "", icon("chat"), open);
    this.element.append(this.#dot);
    this.element.setAttribute("aria-haspopup", "dialog");
    this.draw(false);
  }

  retitle(title: string): void {
    this.#title = title;
    this.draw(!this.#dot.hidden);
  }

  draw(unread: boolean): void {
    this.#dot.hidden = !unread;
    label(this.element, `${words.openChat}${this.#title}${unread ? `（${words.newReply}）` : ""}`);
  }
}
