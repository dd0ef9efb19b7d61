import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox, newClientId } from "../src/outbox";
import { FakeStorage, memoryIn } from "./fakes";

function outgoing(clientId: string): { clientId: string; text: string; createdAt: string } {
  return { clientId, text: clientId, createdAt: "2026-11-22T02:00:00Z" };
}

test("messages leave in the order they were written", () => {
  const outbox = new Outbox(memoryIn(new FakeStorage()), "o");
  for (const id of ["a", "b"]) outbox.add(outgoing(id));
  assert.equal(outbox.next()?.clientId, "a");
  outbox.confirm(["a"]);
  assert.equal(outbox.next()?.clientId, "b");
  outbox.confirm(["b"]);
  assert.equal(outbox.next(), undefined);
});

test("a failed message waits for a person, others pass, and a retry keeps its place and client id", () => {
  const outbox = new Outbox(memoryIn(new FakeStorage()), "o");
  for (const id of ["a", "b"]) outbox.add(outgoing(id));
  outbox.fail("a", "忙");
  assert.equal(outbox.next()?.clientId, "b");
  outbox.retry("a");
  assert.deepEqual(outbox.next(), outgoing("a"));
});

test("a reloaded page finds the queue again", () => {
  const storage = new FakeStorage();
  new Outbox(memoryIn(storage), "o").add(outgoing("a"));
  assert.deepEqual(new Outbox(memoryIn(storage), "o").all(), [outgoing("a")]);
});

test("what two tabs write is not lost", () => {
  const storage = new FakeStorage();
  const [one, other] = [new Outbox(memoryIn(storage), "o"), new Outbox(memoryIn(storage), "o")];
  one.add(outgoing("a"));
  other.add(outgoing("b"));
  one.confirm(["a"]);
  assert.deepEqual(other.all(), [outgoing("b")]);
});

test("a refused localStorage falls back to memory, and what stood there before does not come back", () => {
  const storage = new FakeStorage();
  const memory = memoryIn(storage);
  const outbox = new Outbox(memory, "o");
  outbox.add(outgoing("a"));
  storage.isRefusing = true;
  outbox.add(outgoing("b"));
  assert.deepEqual(outbox.all().map((each) => each.clientId), ["a", "b"]);
  outbox.confirm(["a", "b"]);
  assert.deepEqual(outbox.all(), []);
});

test("spoiled storage reads as empty", () => {
  const storage = new FakeStorage();
  storage.setItem("test:o", "{not json");
  assert.deepEqual(new Outbox(memoryIn(storage), "o").all(), []);
});

test("client ids are long and do not repeat", () => {
  const ids = new Set(Array.from({ length: 100 }, newClientId));
  assert.equal(ids.size, 100);
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
});
