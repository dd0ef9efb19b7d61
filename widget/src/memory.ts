/** What the browser remembers for us. Values are JSON; a refused or full localStorage falls back to this page's memory. */
export class Memory {
  readonly #refused = new Map<string, string>();

  readonly #prefix: string;
  readonly #storage: () => Storage;

  constructor(
    prefix: string,
    storage: () => Storage,
  ) {
    this.#prefix = prefix;
    this.#storage = storage;
  }

  read<T>(name: string): T | null {
    const key = this.#prefix + name;
    try {
      const text = this.#refused.get(key) ?? this.#storage().getItem(key);
      return text === null ? null : (JSON.parse(text) as T);
    } catch {
      return null;
    }
  }

  write(name: string, value: unknown): void {
    const key = this.#prefix + name;
    const text = JSON.stringify(value);
    try {
      this.#storage().setItem(key, text);
      this.#refused.delete(key);
    } catch {
      this.#refused.set(key, text);
    }
  }

  forget(name: string): void {
    const key = this.#prefix + name;
    this.#refused.delete(key);
    try {
      this.#storage().removeItem(key);
    } catch {
      // Nothing was kept there, so nothing is left there.
    }
  }
}
