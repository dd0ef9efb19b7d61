import { backoffMs } from "./backoff";

const POLL_MS = 15_000;
const SAFETY_POLL_MS = 60_000;
const LIGHT_POLL_MS = 60_000;
const MOST_AUTOMATIC_RETRIES = 3;

export interface Circumstances {
  readonly isOpen: boolean;
  readonly isVisible: boolean;
  readonly isLive: boolean;
  readonly hasUnsent: boolean;
  /** A ticket is open: a person's reply may come while the panel is closed. */
  readonly awaitsPerson: boolean;
}

/** When to ask the server next, given what went wrong and who is looking. */
export class Pace {
  isOffline = false;
  #attempt = 0;
  #slowUntil = 0;
  #slowTries = 0;

  readonly #now: () => number;
  readonly #random: () => number;

  constructor(
    now: () => number = Date.now,
    random: () => number = Math.random,
  ) {
    this.#now = now;
    this.#random = random;
  }

  get isSlowed(): boolean {
    return this.#now() < this.#slowUntil;
  }

  reached(): void {
    // An answer that was still under way when the network went does not mean it is back.
    this.isOffline = globalThis.navigator?.onLine === false;
    this.#attempt = 0;
  }

  missed(): void {
    this.isOffline = true;
    this.#attempt += 1;
  }

  /** The network says it is back: the next try need not wait long. */
  forgive(): void {
    this.#attempt = 0;
  }

  /** The server asked for patience. False once it has asked so often that a person should decide. */
  slowDown(waitMs: number): boolean {
    if (this.#slowTries >= MOST_AUTOMATIC_RETRIES) return false;
    this.#slowTries += 1;
    this.#slowUntil = this.#now() + waitMs;
    return true;
  }

  hurry(): void {
    this.#slowUntil = 0;
  }

  accepted(): void {
    this.#slowTries = 0;
    this.#slowUntil = 0;
  }

  /** Milliseconds until the server should be asked again; null when there is nothing to wait for. */
  delayMs({ isOpen, isVisible, isLive, hasUnsent, awaitsPerson }: Circumstances): number | null {
    if (this.isSlowed) return this.#slowUntil - this.#now();
    if (this.isOffline && (isOpen || hasUnsent)) return backoffMs(Math.max(0, this.#attempt - 1), this.#random);
    if (!isVisible) return null;
    if (isOpen) return isLive ? SAFETY_POLL_MS : POLL_MS;
    return awaitsPerson ? LIGHT_POLL_MS : null;
  }
}
