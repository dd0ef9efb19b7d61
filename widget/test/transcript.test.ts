import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outgoing } from "../src/outbox";
import { buildRows, merge } from "../src/transcript";
import type { Row } from "../src/transcript";
import type { Message } from "../src/wire";
import { message } from "./fakes";

const NOW = new Date("2026-11-22T02:01:00Z");

function rowsOf(messages: readonly Message[], pending: readonly Outgoing[] = [], botAnswers = true): Row[] {
  return buildRows(messages, pending, () => "sending", botAnswers, NOW);
}

test("messages are ordered by id as numbers, and none appears twice", () => {
  const merged = merge([message(9), message(2)], [message(10), message(9), message(11)]);
  assert.deepEqual(merged.map((each) => each.id), ["2", "9", "10", "11"]);
});

test("the later version of a message wins", () => {
  const merged = merge([message(1, { text: "old" })], [message(1, { text: "new" })]);
  assert.deepEqual(merged.map((each) => each.text), ["new"]);
});

test("a message that overtook another takes its place by id", () => {
  const merged = merge([message(5), message(8)], [message(6, { author: "staff" })]);
  assert.deepEqual(merged.map((each) => each.id), ["5", "6", "8"]);
});

test("an unconfirmed message stands last and disappears once its stored version is there", () => {
  const pending = [{ clientId: "c", text: "6222020000001234", createdAt: "2026-11-22T02:00:30Z" }];
  assert.deepEqual(rowsOf([message(1)], pending).map((row) => row.delivery), ["sent", "sending"]);
  const stored = message(2, { author: "merchant", client_id: "c", text: "************1234" });
  const rows = rowsOf([message(1), stored], pending);
  assert.deepEqual(rows.map((row) => [row.key, row.message.text]), [["1", "m1"], ["c", "************1234"]]);
});

test("choices are open until the merchant says something, and the chosen one is marked", () => {
  const choices = message(1, { kind: "choices", choices: [{ id: "x", label: "甲" }] });
  assert.equal(rowsOf([choices])[0]?.answered, false);
  const answered = rowsOf([choices], [{ clientId: "c", text: "甲", choice: "x", createdAt: "2026-11-22T02:00:30Z" }])[0];
  assert.deepEqual([answered?.answered, answered?.taken], [true, "甲"]);
});

test("only the newest card asks whether it helped, and remembers the answer", () => {
  const cards = [message(1, { kind: "card" }), message(2, { kind: "card" })];
  assert.deepEqual(rowsOf(cards).map((row) => row.asksVerdict), [false, true]);
  assert.equal(rowsOf([...cards, message(3, { author: "merchant", text: "有用" })])[1]?.taken, "有用");
});

test("a card does not ask while a person holds the conversation", () => {
  assert.equal(rowsOf([message(1, { kind: "card" })], [], false)[0]?.asksVerdict, false);
});

test("the time stands above the first message and after a gap, in Shanghai's clock", () => {
  const later = message(3, { created_at: "2026-11-22T02:30:00Z" });
  assert.deepEqual(rowsOf([message(1), message(2), later]).map((row) => row.time), ["10:00", "", "10:30"]);
  const yesterday = message(1, { created_at: "2026-11-21T15:59:00Z" });
  assert.equal(rowsOf([yesterday])[0]?.time, "11月21日 23:59");
});
