import type { Access } from "./access";
import { Refused } from "./client";
import type { Client } from "./client";
import type { Outbox, Outgoing } from "./outbox";
import type { Pace } from "./pace";
import type { Delivery } from "./transcript";
import type { Page } from "./wire";

const THINKING_AFTER_MS = 400;

/** Takes the outbox to the server: one message at a time, in order, each under the client id it was born with. */
export class Postman {
  isThinking = false;
  #inFlight = "";
  #slowed = "";
  readonly #client: Client;
  readonly #access: Access;
  readonly #outbox: Outbox;
  readonly #pace: Pace;
  readonly #onChange: () => void;

  constructor(client: Client, access: Access, outbox: Outbox, pace: Pace, onChange: () => void) {
    this.#client = client;
    this.#access = access;
    this.#outbox = outbox;
    this.#pace = pace;
    this.#onChange = onChange;
  }

  /** Throws `Unreachable` when the network ends the round; a refusal is noted on its message and the round goes on. */
  async deliverAll(onReply: (page: Page) => void): Promise<void> {
    for (let next = this.#outbox.next(); next && !this.#pace.isSlowed; next = this.#outbox.next()) {
      await this.#deliver(next, onReply);
    }
  }

  /** Once the server's patience is back, the message it refused for haste goes first. */
  retrySlowed(): void {
    if (!this.#slowed || this.#pace.isSlowed) return;
    this.#outbox.retry(this.#slowed);
    this.#slowed = "";
  }

  stateOf({ clientId, failed }: Outgoing): Delivery {
    if (clientId === this.#inFlight) return "sending";
    if (failed !== undefined) return "failed";
    return this.#pace.isOffline || this.#pace.isSlowed ? "queued" : "sending";
  }

  /** A read has shown these as stored. The one in flight keeps its place: its own answer decides. */
  confirm(clientIds: readonly string[]): void {
    this.#outbox.confirm(clientIds.filter((clientId) => clientId !== this.#inFlight));
  }

  async #deliver(outgoing: Outgoing, onReply: (page: Page) => void): Promise<void> {
    this.#inFlight = outgoing.clientId;
    const timer = setTimeout(() => this.#setThinking(true), THINKING_AFTER_MS);
    this.#onChange();
    try {
      const page = await this.#access.call((token) => this.#client.send(token, outgoing));
      this.#pace.accepted();
      this.#outbox.confirm([outgoing.clientId]);
      onReply(page);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#outbox.fail(outgoing.clientId, error.message);
      if (error.status === 429 && this.#pace.slowDown(error.retryAfterMs)) this.#slowed = outgoing.clientId;
    } finally {
      clearTimeout(timer);
      this.#inFlight = "";
      this.#setThinking(false);
    }
  }

  /** Only the bot thinks; a person answers in their own time. */
  #setThinking(isWaiting: boolean): void {
    this.isThinking = isWaiting && this.#access.session?.holder === "bot";
    this.#onChange();
  }
}
