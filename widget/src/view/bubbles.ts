import { parseAnswer } from "../answer";
import type { Part } from "../answer";
import type { Row } from "../transcript";
import type { Choice, Message, TicketCard } from "../wire";
import * as words from "../words";
import { copyText } from "./clipboard";
import { button, h, icon, spoken } from "./dom";

/** What a button in the log can ask for. */
export interface RowActions {
  say(text: string, choice?: string): void;
  retry(clientId: string): void;
  refresh(): void;
  /** An address from the server as a safe absolute one, or empty. */
  addressOf(url: string): string;
}

const NAMES = {
  merchant: words.myName,
  bot: words.botName,
  staff: words.staffName,
  system: words.systemName,
} as const;

export function drawRow(row: Row, actions: RowActions): HTMLElement {
  const { author, kind } = row.message;
  const time = row.time ? h("div", { class: "time" }, row.time) : undefined;
  if (kind === "notice") return h("div", { class: `row by-${author}` }, time, drawNotice(row.message.text));
  return h(
    "div",
    { class: `row by-${author} ${row.startsRun ? "starts" : ""}` },
    time,
    drawName(row),
    h("div", { class: `bubble ${kind}` }, ...drawBody(row, actions)),
    author === "merchant" && drawDelivery(row, actions),
  );
}

export function drawNotice(text: string): HTMLElement {
  return h("p", { class: "notice" }, text);
}

function drawName({ message, startsRun }: Row): HTMLElement {
  const name = NAMES[message.author] + (message.kind === "card" ? words.vetted : "");
  if (!startsRun || message.author === "merchant") return spoken(`${name}：`);
  return h("div", { class: "name" }, message.author === "staff" && icon("person"), name);
}

function drawBody(row: Row, actions: RowActions): (Node | string)[] {
  const { message } = row;
  if (message.kind === "card") return drawCard(row, actions);
  if (message.kind === "ticket" && message.ticket) return drawTicket(message.text, message.ticket);
  if (message.kind === "choices" || message.kind === "form") return drawChoices(row, actions);
  return [h("p", {}, message.text)];
}

function drawDelivery({ message, delivery, failure }: Row, actions: RowActions): HTMLElement | false {
  if (delivery === "sent") return false;
  if (delivery !== "failed") return h("div", { class: "delivery" }, delivery === "queued" ? words.queued : words.sending);
  const reason = failure && failure !== words.failed ? `${words.failed}：${failure}` : words.failed;
  const retry = button("pill retry", () => actions.retry(message.client_id ?? ""), words.retry);
  return h("div", { class: "delivery failed" }, h("span", {}, reason), retry);
}

/** What the bot says in several lines: the first is what matters, and steps are a list. */
function drawParts(text: string): HTMLElement[] {
  return parseAnswer(text).map(drawPart);
}

function drawPart(part: Part): HTMLElement {
  if (part.kind === "steps") {
    const items = part.items.map((item) => h("li", {}, item));
    return h("ol", { start: String(part.first) }, ...items);
  }
  if (part.kind === "note") return h("p", { class: "note" }, icon("person"), h("span", {}, part.text));
  return h("p", { class: part.kind }, part.text);
}

function drawCard(row: Row, actions: RowActions): HTMLElement[] {
  const { text, entry } = row.message;
  const href = entry ? actions.addressOf(entry.url) : "";
  const parts = drawParts(text);
  const foot = [href && drawLink(href, row.message), row.asksVerdict && drawVerdict(row, actions)];
  const shown = foot.filter((each): each is HTMLElement => each instanceof Node);
  return shown.length ? [...parts, h("div", { class: "foot" }, ...shown)] : parts;
}

function drawLink(href: string, { entry }: Message): HTMLElement {
  const name = `${words.fullAnswer}：${entry?.title ?? ""}${words.newWindow}`;
  const link = { class: "link", href, target: "_blank", rel: "noopener noreferrer", "aria-label": name };
  return h("a", link, words.fullAnswer, icon("away"));
}

function drawVerdict({ taken }: Row, actions: RowActions): HTMLElement {
  const verdict = (text: string, ...content: Node[]): HTMLElement => {
    const made = button(`pill verdict ${taken === text ? "taken" : ""}`, () => actions.say(text), ...content, text);
    made.disabled = taken !== "";
    if (taken === text) made.append(spoken(`（${words.chosen}）`));
    return made;
  };
  return h("div", { class: "verdicts" }, verdict(words.helpful, icon("thumb")), verdict(words.unhelpful));
}

function drawChoices(row: Row, actions: RowActions): (Node | string)[] {
  const isMinor = (choice: Choice): boolean => (words.minorChoices as readonly string[]).includes(choice.label);
  const choices = row.message.choices ?? [];
  const draw = (choice: Choice): HTMLElement => drawChoice(choice, row, actions);
  const group = (className: string, members: readonly Choice[]): HTMLElement | string =>
    members.length ? h("div", { class: className, role: "group" }, ...members.map(draw)) : "";
  const major = choices.filter((choice) => !isMinor(choice));
  const { text, entry } = row.message;
  const link = entry ? h("div", { class: "foot" }, drawLink(actions.addressOf(entry.url), row.message)) : "";
  return [...drawParts(text), group("options", major), group("options minor", choices.filter(isMinor)), link];
}

function drawChoice({ id, label }: Choice, row: Row, actions: RowActions): HTMLElement {
  const isTaken = row.answered && row.taken === label;
  const made = button(`option ${isTaken ? "taken" : ""}`, () => actions.say(label, id), h("span", {}, label));
  made.disabled = row.answered;
  if (isTaken) made.append(icon("check"), spoken(`（${words.chosen}）`));
  return made;
}

function drawTicket(text: string, ticket: TicketCard): HTMLElement[] {
  const facts: readonly (readonly [string, string])[] = [
    [words.ticketState, ticket.state_text],
    [words.ticketQueue, ticket.queue_text],
    [words.ticketPromise, ticket.promise],
  ];
  const shown = facts.filter(([, fact]) => fact);
  const number = h("strong", { class: "number" }, ticket.number);
  const copy: HTMLButtonElement = button("pill", () => void copyText(number, copy), words.copy);
  copy.setAttribute("aria-label", `${words.copy}${words.ticketNumber}`);
  return [
    ...drawParts(text),
    h(
      "div",
      { class: "slip" },
      h("div", { class: "caption" }, words.ticketNumber),
      h("div", { class: "headline" }, number, copy),
      h("dl", {}, ...shown.flatMap(([name, fact]) => [h("dt", {}, name), h("dd", {}, fact)])),
    ),
  ];
}
