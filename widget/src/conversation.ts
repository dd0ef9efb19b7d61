import { Access } from "./access";
import { Announcements } from "./announcements";
import { Refused, Unreachable } from "./client";
import type { Client } from "./client";
import type { Live, LiveFactory } from "./live";
import type { Memory } from "./memory";
import { Outbox, newClientId } from "./outbox";
import { Pace } from "./pace";
import { Postman } from "./postman";
import { SessionStore } from "./session_store";
import type { Session } from "./session_store";
import { buildRows, merge } from "./transcript";
import type { ViewState } from "./view_state";
import type { Message, Page } from "./wire";
import * as words from "./words";

const MORE_MAY_FOLLOW = 20;

export interface Surroundings {
  readonly client: Client;
  readonly memory: Memory;
  readonly live: LiveFactory;
  readonly merchantToken: string;
  readonly isVisible: () => boolean;
  readonly onChange: () => void;
}

/** One merchant's conversation: what is known, what waits to be sent, and the one loop that talks to the server. */
export class Conversation {
  readonly #access: Access;
  readonly #outbox: Outbox;
  readonly #postman: Postman;
  readonly #live: Live;
  readonly #announcements: Announcements;
  readonly #pace = new Pace();
  #messages: readonly Message[] = [];
  #isOpen = false;
  #historyRead = false;
  #mustRead = false;
  #notice = "";
  #trouble = "";
  #pumping = false;
  #pumpAgain = false;
  #isStopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
    const store = new SessionStore(around.memory, around.merchantToken);
    this.#outbox = new Outbox(around.memory, store.outboxName);
    this.#announcements = new Announcements(around.memory);
    this.#live = around.live(() => this.refresh(), () => this.#plan());
    this.#access = new Access(around.client, store, around.merchantToken, {
      onOpened: (opened) => {
        this.#announcements.set(opened.announcements);
        this.#startOver();
      },
      onExpired: () => this.#expired(),
      onReached: () => this.#reached(),
    });
    this.#postman = new Postman(around.client, this.#access, this.#outbox, this.#pace, around.onChange);
  }

  /** The page has loaded: quiet unless an earlier visit left something to send or a person to wait for. */
  resume(): void {
    if (this.#outbox.next()) this.#wake();
    else if (this.#awaitsPerson) this.refresh();
  }

  open(): void {
    this.#isOpen = true;
    this.#remember({ unread: false });
    this.refresh();
  }

  close(): void {
    this.#isOpen = false;
    this.#live.stop();
    this.#plan();
  }

  /** Ends timers and connections for good. */
  stop(): void {
    this.#isStopped = true;
    this.close();
  }

  say(text: string, choice?: string): void {
    const createdAt = new Date().toISOString();
    this.#outbox.add({ clientId: newClientId(), text, createdAt, ...(choice ? { choice } : {}) });
    this.#wake();
  }

  retry(clientId: string): void {
    this.#pace.hurry();
    this.#outbox.retry(clientId);
    this.#wake();
  }

  /** Something may be new: ask the server now. */
  refresh(): void {
    this.#mustRead = true;
    this.#wake();
  }

  lostNetwork(): void {
    this.#pace.isOffline = true;
    this.#changed();
    this.#plan();
  }

  foundNetwork(): void {
    this.#pace.forgive();
    if (this.#isWanted) this.refresh();
    else this.#pace.reached();
  }

  visibilityChanged(): void {
    if (this.#around.isVisible() && this.#isWanted) this.refresh();
    else this.#plan();
  }

  /** Resolves to the number of the feedback. Throws `Refused` or `Unreachable`. */
  sendFeedback(problem: string, expectation: string): Promise<string> {
    return this.#access.call((token) => this.#around.client.sendFeedback(token, problem, expectation));
  }

  addressOf(url: string): string {
    return this.#around.client.addressOf(url);
  }

  dismissAnnouncement(id: string): void {
    this.#announcements.dismiss(id);
    this.#changed();
  }

  view(): ViewState {
    const session = this.#access.session;
    const holder = session?.holder ?? "bot";
    const rows = buildRows(this.#messages, this.#outbox.all(), (each) => this.#postman.stateOf(each), holder === "bot", new Date());
    const isGreeted = this.#messages.some((each) => each.author === "bot" && each.text === session?.greeting);
    return {
      rows,
      greeting: isGreeted ? "" : (session?.greeting ?? ""),
      suggestions: rows.some((row) => row.message.author === "merchant") ? [] : (session?.suggestions ?? []),
      announcement: this.#announcements.current,
      holder,
      isOffline: this.#pace.isOffline,
      isLoading: !this.#historyRead && !this.#trouble && !this.#pace.isOffline,
      isThinking: this.#postman.isThinking,
      unread: session?.unread ?? false,
      notice: this.#notice,
      trouble: this.#trouble,
    };
  }

  get #awaitsPerson(): boolean {
    const holder = this.#access.session?.holder;
    return holder === "queue" || holder === "staff";
  }

  get #isWanted(): boolean {
    return this.#isOpen || this.#awaitsPerson || this.#outbox.next() !== undefined;
  }

  #wake(): void {
    this.#changed();
    void this.#pump();
  }

  /** Does all there is to do, one request at a time: messages keep their order, and no read races a write. */
  async #pump(): Promise<void> {
    this.#pumpAgain = true;
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#pumpAgain && this.#isWanted) {
        this.#pumpAgain = false;
        await this.#step();
      }
    } catch (error) {
      this.#stumble(error);
    } finally {
      this.#pumping = false;
      this.#changed();
      this.#plan();
    }
  }

  async #step(): Promise<void> {
    await this.#access.ensure();
    if (this.#mustRead) await this.#read();
    if (this.#isOpen && this.#access.session) this.#live.start(this.#access.session.token);
    await this.#postman.deliverAll((page) => this.#absorb(page));
  }

  async #read(): Promise<void> {
    this.#mustRead = false;
    for (let mayFollow = true; mayFollow; ) {
      const isHistory = this.#isOpen && !this.#historyRead;
      const from = (): string => (isHistory ? "0" : (this.#access.session?.cursor ?? "0"));
      const page = await this.#access.call((token) => this.#around.client.read(token, from()), this.#isOpen);
      mayFollow = page.messages.length >= MORE_MAY_FOLLOW && page.cursor !== from();
      this.#absorb(page);
      // Only a read moves the cursor: the reply to a send may have overtaken a message of the staff.
      this.#remember({ cursor: page.cursor || from() });
      this.#historyRead ||= isHistory;
    }
  }

  #startOver(): void {
    this.#historyRead = false;
    this.#mustRead = true;
    this.#pumpAgain = true;
  }

  #expired(): void {
    this.#messages = [];
    this.#notice = words.expired;
    this.#live.stop();
    this.#startOver();
  }

  #reached(): void {
    this.#pace.reached();
    this.#trouble = "";
    this.#changed();
  }

  #absorb(page: Page): void {
    const known = new Set(this.#messages.map((message) => message.id));
    const isNews = page.messages.some((message) => message.author !== "merchant" && !known.has(message.id));
    this.#messages = merge(this.#messages, page.messages);
    if (page.announcements) this.#announcements.set(page.announcements);
    this.#postman.confirm(page.messages.map((message) => message.client_id ?? ""));
    const unread = !this.#isOpen && (isNews || this.#access.session?.unread === true);
    this.#remember({ holder: page.holder, unread });
  }

  #remember(part: Partial<Session>): void {
    this.#access.remember(part);
    this.#changed();
  }

  #stumble(error: unknown): void {
    this.#mustRead = true;
    if (error instanceof Unreachable) return this.#pace.missed();
    if (this.#isOpen && !this.#historyRead) this.#trouble = error instanceof Refused ? error.message : words.troubled;
    if (!(error instanceof Refused)) console.error(error);
  }

  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#pumping || this.#isStopped) return;
    const delay = this.#pace.delayMs({
      isOpen: this.#isOpen,
      isVisible: this.#around.isVisible(),
      isLive: this.#live.ready,
      hasUnsent: this.#outbox.next() !== undefined,
      awaitsPerson: this.#awaitsPerson,
    });
    if (delay !== null) this.#timer = setTimeout(() => this.#tick(), delay);
  }

  #tick(): void {
    this.#postman.retrySlowed();
    this.refresh();
  }

  #changed(): void {
    this.#around.onChange();
  }
}
