import { backoffMs } from "./backoff";
import { fieldsOf } from "./wire";

/** Hints that something is new. Polling covers for it, so every failure here only means slower news. */
export interface Live {
  readonly ready: boolean;
  start(token: string): void;
  stop(): void;
}

export type LiveFactory = (onHint: () => void, onReadyChange: () => void) => Live;

export class LiveSocket implements Live {
  ready = false;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #token = "";

  readonly #url: string;
  readonly #onHint: () => void;
  readonly #onReadyChange: () => void;

  constructor(
    url: string,
    onHint: () => void,
    onReadyChange: () => void,
  ) {
    this.#url = url;
    this.#onHint = onHint;
    this.#onReadyChange = onReadyChange;
  }

  start(token: string): void {
    if (token === this.#token) return;
    this.stop();
    this.#token = token;
    this.#connect();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#token = "";
    this.#attempt = 0;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#setReady(false);
  }

  #connect(): void {
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.#url);
    } catch {
      return this.#connectLater();
    }
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ token: this.#token }));
    socket.onmessage = (event) => this.#hear(socket, event.data);
    socket.onclose = () => {
      if (socket === this.#socket) this.#connectLater();
    };
  }

  #connectLater(): void {
    this.#socket = null;
    this.#setReady(false);
    this.#timer = setTimeout(() => this.#connect(), backoffMs(this.#attempt++));
  }

  #hear(socket: WebSocket, data: unknown): void {
    if (socket !== this.#socket) return;
    const type = kindOfFrame(data);
    if (type === "ready") {
      this.#attempt = 0;
      this.#setReady(true);
    }
    // A reconnect may have missed hints: "ready" is one too.
    if (type === "ready" || type === "new") this.#onHint();
  }

  #setReady(ready: boolean): void {
    if (ready === this.ready) return;
    this.ready = ready;
    this.#onReadyChange();
  }
}

function kindOfFrame(data: unknown): unknown {
  try {
    return fieldsOf(JSON.parse(String(data))).type;
  } catch {
    return "";
  }
}
