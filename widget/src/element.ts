import { HttpClient } from "./client";
import { Conversation } from "./conversation";
import { LiveSocket } from "./live";
import { Memory } from "./memory";
import { adoptStyles } from "./styles";
import { h } from "./view/dom";
import { Launcher } from "./view/launcher";
import { Panel } from "./view/panel";
import * as words from "./words";

const LARGE_TEXT = "large-text";

/** `<merchant-support endpoint merchant-token title inline>`: joins the conversation, the launcher and the panel. */
export class MerchantSupport extends HTMLElement {
  static readonly observedAttributes = ["endpoint", "merchant-token", "title"];
  /** Where the script came from; the server unless `endpoint` says otherwise. */
  static scriptOrigin = location.origin;

  // The empty title keeps the browser from showing ours as a tooltip over the whole chat.
  readonly #stage = h("div", { class: "stage", title: "" });
  readonly #root: ShadowRoot;
  #conversation: Conversation | null = null;
  #panel: Panel | null = null;
  #launcher: Launcher | null = null;
  #stopListening: AbortController | null = null;
  #memory = new Memory("", () => localStorage);
  #isOpen = false;
  #drawPlanned = false;

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "closed" });
    adoptStyles(this.#root);
    this.#root.append(this.#stage);
  }

  connectedCallback(): void {
    this.#begin();
    if (this.#isInline || this.#isOpen) this.#open();
    else this.#conversation?.resume();
  }

  disconnectedCallback(): void {
    this.#end();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.#conversation || before === after) return;
    if (name === "title") {
      this.#panel?.retitle(this.#heading);
      this.#launcher?.retitle(this.#heading);
      return;
    }
    // Another merchant, or another server: nothing of the former conversation may stay.
    this.#end();
    this.connectedCallback();
  }

  get #isInline(): boolean {
    return this.hasAttribute("inline");
  }

  get #heading(): string {
    return this.getAttribute("title") || words.title;
  }

  get #endpoint(): string {
    const given = this.getAttribute("endpoint");
    return given ? new URL(given, location.href).href.replace(/\/+$/, "") : MerchantSupport.scriptOrigin;
  }

  #begin(): void {
    const endpoint = this.#endpoint;
    this.#memory = new Memory(`merchant-support:${endpoint}:`, () => localStorage);
    this.#conversation = new Conversation({
      client: new HttpClient(endpoint),
      memory: this.#memory,
      live: (hint, ready) => new LiveSocket(`${endpoint.replace(/^http/, "ws")}/api/live`, hint, ready),
      merchantToken: this.getAttribute("merchant-token") ?? "",
      isVisible: () => document.visibilityState === "visible",
      onChange: () => this.#planDraw(),
    });
    this.#launcher = new Launcher(this.#heading, () => this.#open());
    if (!this.#isInline) this.#stage.replaceChildren(this.#launcher.element);
    this.#listen(this.#conversation);
    this.#planDraw();
  }

  #end(): void {
    this.#stopListening?.abort();
    this.#conversation?.stop();
    this.#panel?.closed();
    this.#conversation = this.#panel = this.#launcher = null;
    this.#stage.replaceChildren();
  }

  #listen(conversation: Conversation): void {
    this.#stopListening = new AbortController();
    const { signal } = this.#stopListening;
    const on = (target: EventTarget, type: string, act: () => void): void => {
      target.addEventListener(type, act);
      // `addEventListener({ signal })` is ignored by the older browsers we serve.
      signal.addEventListener("abort", () => target.removeEventListener(type, act));
    };
    on(window, "online", () => conversation.foundNetwork());
    on(window, "offline", () => conversation.lostNetwork());
    on(document, "visibilitychange", () => conversation.visibilityChanged());
  }

  #open(): void {
    const conversation = this.#conversation;
    if (!conversation) return;
    this.#isOpen = true;
    this.#panel ??= this.#makePanel(conversation);
    this.#stage.replaceChildren(this.#panel.element);
    conversation.open();
    this.#draw();
    this.#panel.opened();
  }

  #minimise(): void {
    this.#isOpen = false;
    this.#conversation?.close();
    this.#panel?.closed();
    const button = this.#launcher?.element;
    if (!button) return;
    this.#stage.replaceChildren(button);
    this.#draw();
    button.focus({ preventScroll: true });
  }

  #makePanel(conversation: Conversation): Panel {
    return new Panel(conversation, {
      title: this.#heading,
      isInline: this.#isInline,
      isLargeText: this.#memory.read<boolean>(LARGE_TEXT) === true,
      minimise: () => this.#minimise(),
      setLargeText: (isLarge) => this.#memory.write(LARGE_TEXT, isLarge),
    });
  }

  #planDraw(): void {
    if (this.#drawPlanned) return;
    this.#drawPlanned = true;
    queueMicrotask(() => this.#draw());
  }

  #draw(): void {
    this.#drawPlanned = false;
    const view = this.#conversation?.view();
    if (!view) return;
    this.#launcher?.draw(view.unread);
    if (this.#isOpen) this.#panel?.draw(view);
  }
}
