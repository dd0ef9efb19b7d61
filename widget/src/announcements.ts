import type { Memory } from "./memory";
import type { Announcement } from "./wire";

const DISMISSED = "dismissed";
const MOST_DISMISSED = 50;

/** The announcements of this visit, less those the merchant has closed, in this visit or an earlier one. */
export class Announcements {
  #list: readonly Announcement[] = [];

  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  get current(): Announcement | undefined {
    const dismissed = this.#dismissed;
    return this.#list.find((each) => !dismissed.includes(each.id));
  }

  set(list: readonly Announcement[]): void {
    this.#list = list;
  }

  dismiss(id: string): void {
    this.#memory.write(DISMISSED, [id, ...this.#dismissed].slice(0, MOST_DISMISSED));
  }

  get #dismissed(): readonly string[] {
    return this.#memory.read<string[]>(DISMISSED) ?? [];
  }
}
