import type { ViewState } from "../view_state";
import * as words from "../words";
import type { RowActions } from "./bubbles";
import { Composer, isComposing } from "./composer";
import { button, h, icon, iconButton, label } from "./dom";
import { FeedbackForm } from "./feedback";
import { followViewport, keepTabInside } from "./keyboard";
import { MessageList } from "./message_list";

/** The conversation as the panel uses it. */
export interface Talk extends RowActions {
  dismissAnnouncement(id: string): void;
  sendFeedback(problem: string, expectation: string): Promise<string>;
}

export interface PanelOptions {
  readonly title: string;
  readonly isInline: boolean;
  readonly isLargeText: boolean;
  readonly minimise: () => void;
  readonly setLargeText: (isLarge: boolean) => void;
}

const PHONE = "(max-width: 479.98px)";
const TOUCH = "(pointer: coarse)";

/** The open chat: header, announcement, log, composer; or the feedback form in place of the last two. */
export class Panel {
  readonly element: HTMLElement;
  readonly #list: MessageList;
  readonly #composer: Composer;
  readonly #feedback: FeedbackForm;
  readonly #heading = h("h2", { id: "title", tabindex: "-1" });
  readonly #status = h("p", { class: "status", role: "status" });
  readonly #announcement = h("div", { class: "announcement", hidden: true });
  readonly #offline = h("div", { class: "offline", role: "status" });
  readonly #textSize = button("icon size", () => this.#toggleTextSize());
  readonly #more = iconButton("icon more", words.more, icon("more"), () => this.#toggleMenu(this.#menu.hidden));
  readonly #menu = h("div", { class: "menu", hidden: true }, button("", () => this.#showFeedback(true), words.feedback));
  readonly #talk: HTMLElement;
  #isLargeText: boolean;
  #unfollow = (): void => undefined;

  readonly #conversation: Talk;
  readonly #options: PanelOptions;

  constructor(
    conversation: Talk,
    options: PanelOptions,
  ) {
    this.#conversation = conversation;
    this.#options = options;
    this.#isLargeText = options.isLargeText;
    this.#list = new MessageList(conversation);
    this.#composer = new Composer((text) => conversation.say(text));
    this.#feedback = new FeedbackForm({ submit: (problem, expectation) => conversation.sendFeedback(problem, expectation), leave: () => this.#showFeedback(false) });
    this.#feedback.element.hidden = true;
    this.#talk = h("div", { class: "talk" }, this.#list.element, this.#list.jump, this.#composer.element);
    this.element = this.#build();
    this.retitle(options.title);
    this.#showTextSize();
  }

  retitle(title: string): void {
    this.#heading.textContent = title;
  }

  opened(): void {
    this.#unfollow = followViewport(this.element, () => this.#list.settle());
    this.#composer.measure();
    this.#list.showAnchor();
    if (this.#options.isInline) return;
    if (this.#isPhone) this.element.setAttribute("aria-modal", "true");
    // On a touch screen, focusing the field would raise the keyboard over the suggestions.
    (matchMedia(TOUCH).matches ? this.#heading : this.#composer.input).focus({ preventScroll: true });
  }

  closed(): void {
    this.#unfollow();
    this.element.removeAttribute("aria-modal");
    this.#toggleMenu(false);
  }

  draw(view: ViewState): void {
    setText(this.#status, words.holder[view.holder]);
    setText(this.#offline, view.isOffline ? words.offline : "");
    this.element.classList.toggle("with-staff", view.holder === "staff");
    this.#drawAnnouncement(view.announcement);
    this.#list.draw(view);
  }

  get #isPhone(): boolean {
    return matchMedia(PHONE).matches;
  }

  #build(): HTMLElement {
    const { isInline } = this.#options;
    const minimise = iconButton("icon", words.minimise, icon("minimise"), () => this.#options.minimise());
    this.#more.setAttribute("aria-expanded", "false");
    return h(
      "section",
      {
        class: `panel ${isInline ? "inline" : ""}`,
        role: isInline ? "region" : "dialog",
        "aria-labelledby": "title",
        keydown: (event) => this.#press(event as KeyboardEvent),
        click: (event) => this.#clickedAway(event),
      },
      h(
        "div",
        { class: "top" },
        h("div", { class: "titles" }, this.#heading, this.#status),
        this.#textSize,
        this.#more,
        this.#menu,
        !isInline && minimise,
      ),
      this.#offline,
      this.#announcement,
      this.#talk,
      this.#feedback.element,
    );
  }

  #press(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    if (event.key === "Escape") this.#escape(event);
    if (event.key !== "Tab" || this.#options.isInline || !this.#isPhone) return;
    keepTabInside(this.element, (this.element.getRootNode() as ShadowRoot).activeElement, event);
  }

  /** Esc leaves the innermost thing that is open. */
  #escape(event: KeyboardEvent): void {
    event.stopPropagation();
    if (!this.#menu.hidden) {
      this.#toggleMenu(false);
      this.#more.focus();
    } else if (!this.#feedback.element.hidden) this.#showFeedback(false);
    else if (!this.#options.isInline) this.#options.minimise();
  }

  #clickedAway(event: Event): void {
    if (!event.composedPath().includes(this.#more)) this.#toggleMenu(false);
  }

  #toggleMenu(isShown: boolean): void {
    this.#menu.hidden = !isShown;
    this.#more.setAttribute("aria-expanded", String(isShown));
    if (isShown) this.#menu.querySelector("button")?.focus();
  }

  #showFeedback(isShown: boolean): void {
    this.#feedback.element.hidden = !isShown;
    this.#talk.hidden = isShown;
    if (isShown) this.#feedback.open();
    else this.#more.focus();
  }

  #toggleTextSize(): void {
    this.#isLargeText = !this.#isLargeText;
    this.#options.setLargeText(this.#isLargeText);
    this.#showTextSize();
    this.#composer.measure();
    this.#list.settle();
  }

  #showTextSize(): void {
    this.element.classList.toggle("large", this.#isLargeText);
    this.#textSize.textContent = this.#isLargeText ? "A" : "A+";
    label(this.#textSize, this.#isLargeText ? words.normalText : words.largerText);
  }

  #drawAnnouncement(announcement: ViewState["announcement"]): void {
    const shown = announcement?.text ?? "";
    if (this.#announcement.dataset.shown === shown) return;
    this.#announcement.dataset.shown = shown;
    this.#announcement.hidden = !announcement;
    if (!announcement) return this.#announcement.replaceChildren();
    const dismiss = (): void => {
      this.#conversation.dismissAnnouncement(announcement.id);
      this.#heading.focus();
    };
    const close = iconButton("icon", words.dismiss, icon("close"), dismiss);
    this.#announcement.replaceChildren(icon("bell"), h("p", {}, shown), close);
  }
}

/** Only when it differs: a live region may be read aloud again at every change. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
