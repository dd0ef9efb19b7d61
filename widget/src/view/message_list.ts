import type { Row } from "../transcript";
import type { ViewState } from "../view_state";
import * as words from "../words";
import { drawNotice, drawRow } from "./bubbles";
import type { RowActions } from "./bubbles";
import { button, h } from "./dom";

interface Drawn {
  readonly node: HTMLElement;
  readonly signature: string;
}

interface Item {
  readonly key: string;
  readonly signature: string;
  readonly draw: () => HTMLElement;
  readonly isMine: boolean;
}

const SLACK_PX = 48;
const AIR_PX = 8;

/** The log. Keeps the nodes of rows that did not change, so that a screen reader hears only what is new. */
export class MessageList {
  readonly element = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": words.log, tabindex: "0" });
  readonly thinking = h("div", { class: "thinking", role: "status" });
  readonly jump = button("pill jump", () => this.#scrollTo(this.element.scrollHeight), words.newMessages);
  #drawn = new Map<string, Drawn>();
  /** Where the newest words begin; kept in view when the list changes its size. */
  #anchor: HTMLElement | undefined;
  #settledAt = 0;

  readonly #actions: RowActions;

  constructor(actions: RowActions) {
    this.#actions = actions;
    this.jump.hidden = true;
    this.element.addEventListener("scroll", () => this.#isFollowing && (this.jump.hidden = true));
    this.element.append(this.thinking);
  }

  draw(view: ViewState): void {
    const follows = this.#isFollowing;
    this.element.setAttribute("aria-busy", String(view.isLoading));
    this.#think(view.isThinking);
    const firstNew = this.#place(this.#itemsOf(view));
    this.#anchor = firstNew ?? this.#anchor;
    if (follows) this.showAnchor();
    else if (firstNew) this.jump.hidden = false;
  }

  /** After the list changed its size: the newest words stay in view, unless the merchant reads further up. */
  settle(): void {
    if (this.#isFollowing) this.showAnchor();
  }

  /** From the conclusion of a long answer, not from its end. */
  showAnchor(): void {
    this.#scrollTo((this.#anchor?.offsetTop ?? this.element.scrollHeight) - AIR_PX);
  }

  get #isFollowing(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    return scrollTop >= Math.min(this.#settledAt, scrollHeight - clientHeight) - SLACK_PX;
  }

  #itemsOf(view: ViewState): Item[] {
    const { notice, greeting, suggestions, trouble, isLoading } = view;
    const isBare = !greeting && !view.rows.length;
    return [
      ...(isLoading && isBare ? [plain("loading", words.loading, () => drawNotice(words.loading))] : []),
      ...(notice ? [plain("notice", notice, () => drawNotice(notice))] : []),
      ...(greeting ? [plain("greeting", greeting, () => drawRow(greetingRow(greeting), this.#actions))] : []),
      ...(suggestions.length ? [plain("suggestions", suggestions.join(), () => this.#drawSuggestions(suggestions))] : []),
      ...view.rows.map((row) => this.#itemOf(row)),
      ...(trouble ? [plain("trouble", trouble, () => this.#drawTrouble(trouble))] : []),
    ];
  }

  #itemOf(row: Row): Item {
    const isMine = row.message.author === "merchant";
    return { key: `row:${row.key}`, signature: JSON.stringify(row), draw: () => drawRow(row, this.#actions), isMine };
  }

  /** Brings the nodes in line with the items. Returns the first new node of the last speaker. */
  #place(items: readonly Item[]): HTMLElement | undefined {
    const next = new Map<string, Drawn>();
    let firstNew: HTMLElement | undefined;
    let newIsMine = true;
    let before: Element | null = this.element.firstElementChild;
    for (const item of items) {
      const known = this.#drawn.get(item.key);
      const drawn = known?.signature === item.signature ? known : { node: item.draw(), signature: item.signature };
      if (known && drawn !== known) {
        if (before === known.node) before = drawn.node;
        this.#swap(known.node, drawn.node);
      }
      if (!known && (item.isMine || newIsMine)) {
        firstNew = drawn.node;
        newIsMine = item.isMine;
      }
      if (drawn.node === before) before = before.nextElementSibling;
      else this.element.insertBefore(drawn.node, before);
      next.set(item.key, drawn);
    }
    for (const [key, { node }] of this.#drawn) if (!next.has(key)) node.remove();
    this.#drawn = next;
    return firstNew;
  }

  #swap(old: HTMLElement, fresh: HTMLElement): void {
    const hadFocus = old.matches(":focus-within");
    old.replaceWith(fresh);
    if (this.#anchor === old) this.#anchor = fresh;
    // The pressed button is gone: keep the keyboard in the list instead of losing it to the page.
    if (hadFocus) this.element.focus({ preventScroll: true });
  }

  #scrollTo(top: number): void {
    this.element.scrollTop = top;
    this.#settledAt = this.element.scrollTop;
    this.jump.hidden = true;
  }

  #think(isThinking: boolean): void {
    if (isThinking === this.thinking.hasChildNodes()) return;
    this.thinking.replaceChildren(...(isThinking ? [h("span", {}, words.thinking)] : []));
  }

  #drawSuggestions(suggestions: readonly string[]): HTMLElement {
    const chips = suggestions.map((text) => button("pill chip", () => this.#actions.say(text), text));
    return h("div", { class: "chips", role: "group", "aria-label": words.suggestions }, ...chips);
  }

  #drawTrouble(trouble: string): HTMLElement {
    const again = button("pill retry", () => this.#actions.refresh(), words.retry);
    return h("div", { class: "trouble", role: "alert" }, h("span", {}, trouble), again);
  }
}

function plain(key: string, signature: string, draw: () => HTMLElement): Item {
  return { key, signature, draw, isMine: false };
}

function greetingRow(text: string): Row {
  return {
    key: "greeting",
    message: { id: "", author: "bot", kind: "text", text, created_at: "" },
    delivery: "sent",
    failure: "",
    time: "",
    startsRun: true,
    answered: false,
    taken: "",
    asksVerdict: false,
  };
}
