import type { Outgoing } from "./outbox";
import type { Message } from "./wire";
import * as words from "./words";

export type Delivery = "sent" | "sending" | "queued" | "failed";

/** One line of the conversation as the view draws it. `key` stays the same from optimistic to stored. */
export interface Row {
  readonly key: string;
  readonly message: Message;
  readonly delivery: Delivery;
  readonly failure: string;
  /** Shown above the row when some minutes have passed, else empty. */
  readonly time: string;
  readonly startsRun: boolean;
  /** A later message of the merchant exists: buttons of this row are history. */
  readonly answered: boolean;
  /** The label the merchant took, or the verdict given on a card. */
  readonly taken: string;
  readonly asksVerdict: boolean;
}

const QUIET_GAP_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/** Message ids grow: of two, the longer is the later; of equal length, the one that sorts later. */
export function compareIds(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
}

/** Adds what arrived to what is known: ordered by id, never the same id twice, the later version wins. */
export function merge(known: readonly Message[], arrived: readonly Message[]): readonly Message[] {
  if (!arrived.length) return known;
  const byId = new Map([...known, ...arrived].map((message) => [message.id, message]));
  return [...byId.values()].sort((one, other) => compareIds(one.id, other.id));
}

interface Line {
  readonly message: Message;
  readonly delivery: Delivery;
  readonly failure: string;
}

/** Everything to draw: the stored messages by id, then the merchant's unconfirmed ones in the order they were written. */
export function buildRows(
  messages: readonly Message[],
  pending: readonly Outgoing[],
  deliveryOf: (outgoing: Outgoing) => Delivery,
  botAnswers: boolean,
  now: Date,
): Row[] {
  const stored = new Set(messages.map((message) => message.client_id));
  const lines: Line[] = [
    ...messages.map((message) => ({ message, delivery: "sent" as const, failure: "" })),
    ...pending
      .filter((each) => !stored.has(each.clientId))
      .map((each) => ({ message: optimistic(each), delivery: deliveryOf(each), failure: each.failed ?? "" })),
  ];
  const newestCard = lines.map((line) => line.message.kind).lastIndexOf("card");
  return lines.map((line, index) => {
    const later = lines.slice(index + 1).map((each) => each.message).filter((each) => each.author === "merchant");
    const before = lines[index - 1]?.message;
    const isCard = line.message.kind === "card";
    const time = timeAbove(line.message, before, now);
    return {
      ...line,
      key: line.message.client_id ?? line.message.id,
      time,
      startsRun: time !== "" || before?.author !== line.message.author || before.kind === "notice",
      answered: later.length > 0,
      taken: isCard ? verdictIn(later) : (later[0]?.text ?? ""),
      asksVerdict: isCard && index === newestCard && (botAnswers || verdictIn(later) !== ""),
    };
  });
}

function verdictIn(later: readonly Message[]): string {
  const verdicts: readonly string[] = [words.helpful, words.unhelpful];
  return later.find((message) => verdicts.includes(message.text))?.text ?? "";
}

function optimistic({ clientId, text, createdAt }: Outgoing): Message {
  return { id: "", author: "merchant", kind: "text", text, created_at: createdAt, client_id: clientId };
}

function timeAbove(message: Message, before: Message | undefined, now: Date): string {
  const at = Date.parse(message.created_at);
  if (Number.isNaN(at) || (before && at - Date.parse(before.created_at) < QUIET_GAP_MS)) return "";
  // The company's clock is Asia/Shanghai, wherever the merchant is, so that times agree with tickets and settlement.
  const isOld = shanghaiDay(at) !== shanghaiDay(now.getTime());
  return new Intl.DateTimeFormat("zh-CN", {
    timeZone: "Asia/Shanghai",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...(isOld ? { month: "long", day: "numeric" } : {}),
  }).format(at);
}

function shanghaiDay(at: number): number {
  return Math.floor((at + 8 * 3_600_000) / DAY_MS);
}
