import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Refused, Unreachable } from "../src/client";
import { FakeServer, FakeStorage, conversationWith, linesOf, settle } from "./fakes";

const UNKNOWN_TOKEN = new Refused(401, "请重新打开", 0);

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse("2026-11-22T02:00:00Z") });
});

async function pass(milliseconds: number): Promise<void> {
  mock.timers.tick(milliseconds);
  await settle();
}

test("nothing is asked of the server before the first opening", async () => {
  const server = new FakeServer();
  conversationWith(server, new FakeStorage()).resume();
  await pass(600_000);
  assert.deepEqual(server.calls, []);
});

test("the first opening starts a session and shows its greeting, suggestions and announcement", async () => {
  const server = new FakeServer();
  const conversation = conversationWith(server, new FakeStorage(), "m-token");
  conversation.open();
  await settle();
  const { greeting, suggestions, announcement, isLoading } = conversation.view();
  assert.deepEqual([greeting, suggestions, announcement?.text, isLoading], ["您好", ["到账"], "维护", false]);
  assert.deepEqual(server.calls, ["session m-token", "read 0"]);
});

test("a message shows at once, then as the server stored it", async () => {
  const conversation = conversationWith(new FakeServer(), new FakeStorage());
  conversation.open();
  await settle();
  conversation.say("6222020000001234");
  assert.deepEqual(linesOf(conversation), ["6222020000001234 (sending)"]);
  await settle();
  assert.deepEqual(linesOf(conversation), ["****1234", "答6222020000001234"]);
});

test("messages written offline are sent in order, once, when the network is back", async () => {
  const server = new FakeServer();
  const conversation = conversationWith(server, new FakeStorage());
  conversation.open();
  await settle();
  server.outage = new Unreachable();
  conversation.say("一");
  conversation.say("二");
  await settle();
  assert.deepEqual(linesOf(conversation), ["一 (queued)", "二 (queued)"]);
  assert.equal(conversation.view().isOffline, true);
  server.outage = null;
  conversation.foundNetwork();
  await settle();
  assert.deepEqual(linesOf(conversation), ["一", "答一", "二", "答二"]);
  assert.equal(conversation.view().isOffline, false);
});

test("a message whose answer was lost is sent again under the same client id and shown once", async () => {
  const server = new FakeServer();
  const conversation = conversationWith(server, new FakeStorage());
  conversation.open();
  await settle();
  server.losesAnswer = new Unreachable();
  conversation.say("一");
  await settle();
  await pass(1_000);
  assert.equal(new Set(server.sentIds).size, 1);
  assert.deepEqual(linesOf(conversation), ["一", "答一"]);
});

test("messages written offline survive a reload and leave without an opening", async () => {
  const [server, storage] = [new FakeServer(), new FakeStorage()];
  const before = conversationWith(server, storage);
  before.open();
  await settle();
  server.outage = new Unreachable();
  before.say("一");
  await settle();
  before.stop();
  server.outage = null;
  const after = conversationWith(server, storage);
  after.resume();
  await settle();
  assert.deepEqual(server.stored.map((each) => each.text), ["一", "答一"]);
  assert.equal(after.view().unread, true);
});

test("a refusal shows the server's words, and a retry keeps the client id", async () => {
  const server = new FakeServer();
  const conversation = conversationWith(server, new FakeStorage());
  conversation.open();
  await settle();
  server.refusals.push(new Refused(500, "系统繁忙", 0));
  conversation.say("一");
  await settle();
  const row = conversation.view().rows[0];
  assert.deepEqual([row?.delivery, row?.failure], ["failed", "系统繁忙"]);
  conversation.retry(row?.key ?? "");
  await settle();
  assert.deepEqual(server.sentIds, [row?.key]);
  assert.deepEqual(linesOf(conversation), ["一", "答一"]);
});

test("haste is answered with patience: the message is kept, later ones wait behind it", async () => {
  const server = new FakeServer();
  const conversation = conversationWith(server, new FakeStorage());
  conversation.open();
  await settle();
  server.refusals.push(new Refused(429, "发得太快了，稍等几秒再发", 5_000));
  conversation.say("一");
  await settle();
  conversation.say("二");
  await settle();
  assert.deepEqual(linesOf(conversation), ["一 (failed)", "二 (queued)"]);
  await pass(5_000);
  assert.deepEqual(linesOf(conversation), ["一", "答一", "二", "答二"]);
});

test("a forgotten token is replaced silently: a notice, the old messages gone, the new one sent", async () => {
  const server = new FakeServer();
  const conversation = conversationWith(server, new FakeStorage());
  conversation.open();
  await settle();
  conversation.say("一");
  await settle();
  server.expire(UNKNOWN_TOKEN);
  conversation.say("二");
  await settle();
  assert.deepEqual(linesOf(conversation), ["二", "答二"]);
  assert.notEqual(conversation.view().notice, "");
});

test("a server that knows no token at all is not asked for ever", async () => {
  const server = new FakeServer();
  const conversation = conversationWith(server, new FakeStorage());
  server.refusals.push(...Array.from({ length: 9 }, () => UNKNOWN_TOKEN));
  conversation.open();
  conversation.say("一");
  await settle();
  assert.equal(server.calls.filter((call) => call.startsWith("send")).length, 2);
  assert.deepEqual(linesOf(conversation), ["一 (failed)"]);
});

test("a staff message that a reply overtook is still read", async () => {
  const server = new FakeServer();
  const conversation = conversationWith(server, new FakeStorage());
  conversation.open();
  await settle();
  server.add("staff", "我来看看");
  server.holder = "staff";
  conversation.say("一");
  await settle();
  conversation.refresh();
  await settle();
  assert.deepEqual(linesOf(conversation), ["我来看看", "一"]);
});

test("with an open ticket a closed widget polls once a minute and shows that something is unread", async () => {
  const [server, storage] = [new FakeServer(), new FakeStorage()];
  server.holder = "queue";
  const before = conversationWith(server, storage);
  before.open();
  await settle();
  before.stop();
  const after = conversationWith(server, storage);
  after.resume();
  await settle();
  assert.equal(after.view().unread, false);
  server.add("staff", "已处理");
  await pass(60_000);
  assert.equal(after.view().unread, true);
  after.open();
  await settle();
  assert.equal(after.view().unread, false);
  assert.deepEqual(linesOf(after), ["已处理"]);
});

test("a token forgotten while the widget is closed opens no new session behind the merchant's back", async () => {
  const [server, storage] = [new FakeServer(), new FakeStorage()];
  server.holder = "staff";
  const before = conversationWith(server, storage);
  before.open();
  await settle();
  before.stop();
  server.expire(UNKNOWN_TOKEN);
  server.calls.length = 0;
  conversationWith(server, storage).resume();
  await settle();
  await pass(120_000);
  assert.deepEqual(server.calls, ["read 0"]);
});

test("another merchant in the same browser sees nothing of the first, and the first finds it again", async () => {
  const [server, storage] = [new FakeServer(), new FakeStorage()];
  const first = conversationWith(server, storage, "甲");
  first.open();
  await settle();
  first.stop();
  const second = conversationWith(server, storage, "乙");
  assert.equal(second.view().greeting, "");
  second.stop();
  assert.equal(conversationWith(server, storage, "甲").view().greeting, "您好");
});

test("feedback resolves to its number, also without an open conversation", async () => {
  const conversation = conversationWith(new FakeServer(), new FakeStorage());
  assert.equal(await conversation.sendFeedback("字小", "调大"), "FB1");
});

test("a dismissed announcement stays dismissed", async () => {
  const [server, storage] = [new FakeServer(), new FakeStorage()];
  const conversation = conversationWith(server, storage);
  conversation.open();
  await settle();
  conversation.dismissAnnouncement("a");
  assert.equal(conversation.view().announcement, undefined);
});
