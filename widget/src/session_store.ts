import type { Memory } from "./memory";
import type { Holder } from "./wire";

/** What a later visit needs to go on: who we are, how far we have read, and what stood at the top. */
export interface Session {
  readonly token: string;
  readonly cursor: string;
  readonly holder: Holder;
  readonly unread: boolean;
  readonly greeting: string;
  readonly suggestions: readonly string[];
}

const DRAWERS = "drawers";
const MOST_DRAWERS = 3;

/** One drawer for each merchant who used this browser, so that a shared computer never shows one merchant another's
 *  conversation. Only a fingerprint of the merchant token is kept, and only the last few drawers. */
export class SessionStore {
  readonly #drawer: string;

  readonly #memory: Memory;

  constructor(
    memory: Memory,
    merchantToken: string,
  ) {
    this.#memory = memory;
    this.#drawer = fingerprint(merchantToken);
  }

  get outboxName(): string {
    return `outbox:${this.#drawer}`;
  }

  load(): Session | null {
    return this.#memory.read<Session>(this.#sessionName(this.#drawer));
  }

  save(session: Session): void {
    this.#memory.write(this.#sessionName(this.#drawer), session);
    this.#touch();
  }

  forget(): void {
    this.#memory.forget(this.#sessionName(this.#drawer));
  }

  #touch(): void {
    const known = this.#memory.read<string[]>(DRAWERS) ?? [];
    if (known[0] === this.#drawer) return;
    const drawers = [this.#drawer, ...known.filter((each) => each !== this.#drawer)];
    for (const old of drawers.splice(MOST_DRAWERS)) {
      this.#memory.forget(this.#sessionName(old));
      this.#memory.forget(`outbox:${old}`);
    }
    this.#memory.write(DRAWERS, drawers);
  }

  #sessionName(drawer: string): string {
    return `session:${drawer}`;
  }
}

/** Two 32-bit FNV-1a hashes, one of the text and one of its reverse. Tells merchants apart; protects nothing. */
function fingerprint(text: string): string {
  if (!text) return "anonymous";
  const letters = [...text];
  return fnv(letters) + fnv(letters.reverse());
}

function fnv(letters: readonly string[]): string {
  const hash = letters.reduce((sum, each) => Math.imul(sum ^ (each.codePointAt(0) ?? 0), 16777619), 2166136261);
  return (hash >>> 0).toString(36);
}
