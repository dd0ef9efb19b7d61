import type { Memory } from "./memory";

/** A message of the merchant that the server has not confirmed. `failed` holds the reason when a person must retry. */
export interface Outgoing {
  readonly clientId: string;
  readonly text: string;
  readonly createdAt: string;
  readonly choice?: string;
  readonly failed?: string;
}

/** The merchant's unconfirmed messages, oldest first. Read from storage on each use: two tabs share one queue. */
export class Outbox {
  readonly #memory: Memory;
  readonly #name: string;

  constructor(
    memory: Memory,
    name: string,
  ) {
    this.#memory = memory;
    this.#name = name;
  }

  all(): readonly Outgoing[] {
    return this.#memory.read<Outgoing[]>(this.#name) ?? [];
  }

  add(outgoing: Outgoing): void {
    this.#write([...this.all(), outgoing]);
  }

  /** The oldest message that waits for its turn, if any. */
  next(): Outgoing | undefined {
    return this.all().find((each) => each.failed === undefined);
  }

  confirm(clientIds: readonly string[]): void {
    const waiting = this.all();
    const left = waiting.filter((each) => !clientIds.includes(each.clientId));
    if (left.length < waiting.length) this.#write(left);
  }

  fail(clientId: string, reason: string): void {
    this.#write(this.all().map((each) => (each.clientId === clientId ? { ...each, failed: reason } : each)));
  }

  /** Puts a failed message back in its own place, under the same client id. */
  retry(clientId: string): void {
    this.#write(this.all().map((each) => (each.clientId === clientId ? withoutFailure(each) : each)));
  }

  #write(list: readonly Outgoing[]): void {
    if (list.length) this.#memory.write(this.#name, list);
    else this.#memory.forget(this.#name);
  }
}

function withoutFailure({ failed: _, ...rest }: Outgoing): Outgoing {
  return rest;
}

/** A fresh client id. Not `crypto.randomUUID`, which plain-HTTP pages do not have. */
export function newClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
