import { fieldsOf, readPage, readSession } from "./wire";
import type { Page, SessionOpened } from "./wire";
import * as words from "./words";

const TIMEOUT_MS = 20_000;
const SLOW_DOWN_MS = 5_000;

/** The server answered, and the answer is no. `message` is Chinese and may be shown. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
  }
}

/** Nobody who speaks our protocol answered: no network, a captive portal, a proxy without its app. */
export class Unreachable extends Error {}

export interface Sending {
  readonly text: string;
  readonly clientId: string;
  readonly choice?: string;
}

/** The HTTP face of the server as the widget uses it. Throws `Refused` or `Unreachable`, nothing else. */
export interface Client {
  openSession(merchantToken: string): Promise<SessionOpened>;
  send(token: string, sending: Sending): Promise<Page>;
  read(token: string, after: string): Promise<Page>;
  sendFeedback(token: string, problem: string, expectation: string): Promise<string>;
  /** The absolute address of a link from the wire; empty if it is not one of http(s). */
  addressOf(url: string): string;
}

export class HttpClient implements Client {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  async openSession(merchantToken: string): Promise<SessionOpened> {
    const body = merchantToken ? { merchant_token: merchantToken } : {};
    const session = readSession(await this.#call("POST", "/api/sessions", "", body));
    if (!session.token) throw new Unreachable();
    return session;
  }

  async send(token: string, { text, clientId, choice }: Sending): Promise<Page> {
    const body = { text, client_id: clientId, ...(choice ? { choice } : {}) };
    return readPage(await this.#call("POST", "/api/messages", token, body));
  }

  async read(token: string, after: string): Promise<Page> {
    return readPage(await this.#call("GET", `/api/messages?after=${encodeURIComponent(after)}`, token));
  }

  async sendFeedback(token: string, problem: string, expectation: string): Promise<string> {
    const answer = await this.#call("POST", "/api/feedback", token, { problem, expectation });
    return String(fieldsOf(answer).number ?? "");
  }

  addressOf(url: string): string {
    try {
      const address = new URL(url, `${this.#endpoint}/`);
      return url && /^https?:$/.test(address.protocol) ? address.href : "";
    } catch {
      return "";
    }
  }

  async #call(method: string, path: string, token: string, body?: object): Promise<unknown> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
    let response: Response;
    let answer: unknown = null;
    try {
      response = await fetch(this.#endpoint + path, {
        method,
        headers: {
          ...(token ? { Authorization: `Bearer ${token}` } : {}),
          ...(body ? { "Content-Type": "application/json" } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        credentials: "omit",
        cache: "no-store",
        signal: abort.signal,
      });
      answer = await response.json().catch(() => null);
    } catch {
      throw new Unreachable();
    } finally {
      clearTimeout(timer);
    }
    return settle(response, answer);
  }
}

function settle(response: Response, answer: unknown): unknown {
  if (response.ok && answer !== null) return answer;
  const said = String(fieldsOf(answer).message ?? "");
  if (response.ok || (response.status > 501 && !said)) throw new Unreachable();
  const retryAfterMs = Number(response.headers.get("Retry-After")) * 1000 || SLOW_DOWN_MS;
  const message = response.status === 429 ? words.tooFast : said || words.failed;
  throw new Refused(response.status, message, retryAfterMs);
}
