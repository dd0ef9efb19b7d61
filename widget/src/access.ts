import { Refused } from "./client";
import type { Client } from "./client";
import type { Session, SessionStore } from "./session_store";
import type { SessionOpened } from "./wire";

export interface AccessEvents {
  /** A new session stands: what it says besides the token. */
  readonly onOpened: (opened: SessionOpened) => void;
  /** The server no longer knows our token: what belonged to it is gone. */
  readonly onExpired: () => void;
  readonly onReached: () => void;
}

/** Owns the session: opens it when needed, keeps it for later visits, replaces it when the server forgot it. */
export class Access {
  session: Session | null;
  #opening: Promise<Session> | null = null;

  readonly #client: Client;
  readonly #store: SessionStore;
  readonly #merchantToken: string;
  readonly #events: AccessEvents;

  constructor(
    client: Client,
    store: SessionStore,
    merchantToken: string,
    events: AccessEvents,
  ) {
    this.#client = client;
    this.#store = store;
    this.#merchantToken = merchantToken;
    this.#events = events;
    this.session = store.load();
  }

  /** The session, opened if there is none. Two callers at once share one request. */
  async ensure(): Promise<Session> {
    if (this.session) return this.session;
    this.#opening ??= this.#openSession().finally(() => (this.#opening = null));
    return this.#opening;
  }

  /** Calls with a token. A token the server no longer knows is dropped and, if `renews`, replaced once. */
  async call<T>(request: (token: string) => Promise<T>, renews = true): Promise<T> {
    const { token } = await this.ensure();
    try {
      return await this.#reaching(request(token));
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      this.#expire(token);
      if (!renews) throw error;
    }
    const fresh = await this.ensure();
    return this.#reaching(request(fresh.token));
  }

  remember(part: Partial<Session>): void {
    if (!this.session) return;
    this.session = { ...this.session, ...part };
    this.#store.save(this.session);
  }

  async #openSession(): Promise<Session> {
    const opened = await this.#reaching(this.#client.openSession(this.#merchantToken));
    const { token, greeting, suggestions } = opened;
    this.session = { token, greeting, suggestions, cursor: "0", holder: "bot", unread: false };
    this.#store.save(this.session);
    this.#events.onOpened(opened);
    return this.session;
  }

  #expire(token: string): void {
    if (this.session?.token !== token) return;
    const stored = this.#store.load();
    // Another tab may have renewed already.
    this.session = stored && stored.token !== token ? stored : null;
    if (!this.session) this.#store.forget();
    this.#events.onExpired();
  }

  async #reaching<T>(answer: Promise<T>): Promise<T> {
    const settled = await answer;
    this.#events.onReached();
    return settled;
  }
}
