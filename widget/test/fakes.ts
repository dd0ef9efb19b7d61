import type { Client, Sending } from "../src/client";
import { Conversation } from "../src/conversation";
import type { Live } from "../src/live";
import { Memory } from "../src/memory";
import type { Message, Page, SessionOpened } from "../src/wire";

/** A localStorage of one's own; shared between two conversations it plays the reloaded page. */
export class FakeStorage implements Storage {
  readonly #kept = new Map<string, string>();
  isRefusing = false;

  get length(): number {
    return this.#kept.size;
  }
  clear(): void {
    this.#kept.clear();
  }
  getItem(key: string): string | null {
    return this.#kept.get(key) ?? null;
  }
  key(index: number): string | null {
    return [...this.#kept.keys()][index] ?? null;
  }
  removeItem(key: string): void {
    this.#kept.delete(key);
  }
  setItem(key: string, value: string): void {
    if (this.isRefusing) throw new Error("quota");
    this.#kept.set(key, value);
  }
}

export function memoryIn(storage: Storage): Memory {
  return new Memory("test:", () => storage);
}

export function message(id: number, part: Partial<Message> = {}): Message {
  return { id: String(id), author: "bot", kind: "text", text: `m${id}`, created_at: "2026-11-22T02:00:00Z", ...part };
}

/** A server in memory: keeps each client id once, answers each message, fails as told. */
export class FakeServer implements Client {
  readonly stored: Message[] = [];
  readonly calls: string[] = [];
  readonly sentIds: string[] = [];
  /** Errors to throw at the next sends, first one first. */
  readonly refusals: Error[] = [];
  /** While set, every call fails so. */
  outage: Error | null = null;
  /** The answer to a send is lost on the way, though the message was stored. */
  losesAnswer: Error | null = null;
  holder: Page["holder"] = "bot";
  token = "t1";
  #expired = new Map<string, Error>();

  expire(error: Error): void {
    this.#expired.set(this.token, error);
    this.token += "x";
    this.stored.length = 0;
  }

  add(author: Message["author"], text: string, clientId?: string): void {
    this.stored.push(message(this.stored.length + 1, { author, text, ...(clientId ? { client_id: clientId } : {}) }));
  }

  async openSession(merchantToken: string): Promise<SessionOpened> {
    this.#called(`session ${merchantToken}`.trim());
    return { token: this.token, conversation: "c", greeting: "您好", suggestions: ["到账"], announcements: [{ id: "a", text: "维护" }] };
  }

  async send(token: string, { text, clientId }: Sending): Promise<Page> {
    this.#called(`send ${text}`, token);
    const refusal = this.refusals.shift();
    if (refusal) throw refusal;
    this.sentIds.push(clientId);
    const from = this.stored.length;
    const isNew = !this.stored.some((each) => each.client_id === clientId);
    if (isNew) this.add("merchant", text.replace(/\d{12}(\d{4})/, "****$1"), clientId);
    if (isNew && this.holder === "bot") this.add("bot", `答${text}`);
    const lost = this.losesAnswer;
    this.losesAnswer = null;
    if (lost) throw lost;
    return this.#page(this.stored.slice(from));
  }

  async read(token: string, after: string): Promise<Page> {
    this.#called(`read ${after}`, token);
    return this.#page(this.stored.filter((each) => Number(each.id) > Number(after)));
  }

  async sendFeedback(token: string): Promise<string> {
    this.#called("feedback", token);
    return "FB1";
  }

  addressOf(url: string): string {
    return url;
  }

  #called(call: string, token = ""): void {
    this.calls.push(call);
    const error = this.outage ?? this.#expired.get(token);
    if (error) throw error;
  }

  #page(messages: readonly Message[]): Page {
    return { messages: [...messages], cursor: String(this.stored.length), holder: this.holder };
  }
}

const silence: Live = { ready: false, start: () => undefined, stop: () => undefined };

export function conversationWith(server: FakeServer, storage: Storage, merchantToken = ""): Conversation {
  return new Conversation({
    client: server,
    memory: memoryIn(storage),
    live: () => silence,
    merchantToken,
    isVisible: () => true,
    onChange: () => undefined,
  });
}

/** Lets everything that waits for no timer happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
}

export function linesOf(conversation: Conversation): string[] {
  return conversation.view().rows.map(({ message: { text }, delivery }) => (delivery === "sent" ? text : `${text} (${delivery})`));
}
