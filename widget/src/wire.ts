/** The shapes on the wire. The server is ours and what it sends is only ever shown as text, so a reader here checks what
 *  the code relies on (an id, lists that are lists) and takes the rest as it comes. */

export type Author = "merchant" | "bot" | "staff" | "system";
export type Holder = "bot" | "queue" | "staff" | "closed";

export interface Choice {
  readonly id: string;
  readonly label: string;
}

export interface EntryLink {
  readonly id: string;
  readonly title: string;
  readonly url: string;
}

export interface TicketCard {
  readonly number: string;
  readonly state: string;
  readonly state_text: string;
  readonly queue_text: string;
  readonly promise: string;
}

export interface Message {
  readonly id: string;
  readonly author: Author;
  /** `text`, `choices`, `card`, `ticket`, `form` or `notice`; any other is shown as text. */
  readonly kind: string;
  readonly text: string;
  readonly created_at: string;
  readonly client_id?: string | null;
  readonly entry?: EntryLink | null;
  readonly choices?: readonly Choice[] | null;
  readonly ticket?: TicketCard | null;
}

export interface Announcement {
  readonly id: string;
  readonly text: string;
}

export interface SessionOpened {
  readonly token: string;
  readonly conversation: string;
  readonly greeting: string;
  readonly suggestions: readonly string[];
  readonly announcements: readonly Announcement[];
}

export interface Page {
  readonly messages: readonly Message[];
  readonly cursor: string;
  readonly holder: Holder;
  /** May come with a read, so that a returning merchant hears them too. Absent: what is shown stays. */
  readonly announcements?: readonly Announcement[] | undefined;
}

type Fields = Record<string, unknown>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function listOf<T>(value: unknown): readonly T[] {
  return Array.isArray(value) ? value : [];
}

/** Ids and cursors are compared and sent back as text, whatever they came as. */
function idOf(value: unknown): string {
  return String(value ?? "");
}

export function readPage(value: unknown): Page {
  const { messages, cursor, holder, announcements } = fieldsOf(value);
  return {
    messages: listOf<Message>(messages).map((message) => ({ ...message, id: idOf(message.id) })),
    cursor: idOf(cursor),
    holder: (holder ?? "bot") as Holder,
    announcements: announcements ? listOf(announcements) : undefined,
  };
}

export function readSession(value: unknown): SessionOpened {
  const fields = fieldsOf(value) as Partial<SessionOpened>;
  return {
    token: fields.token ?? "",
    conversation: fields.conversation ?? "",
    greeting: fields.greeting ?? "",
    suggestions: listOf(fields.suggestions),
    announcements: listOf(fields.announcements),
  };
}
