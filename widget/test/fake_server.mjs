// A server that speaks the widget's wire, to try the widget out by hand:  node test/fake_server.mjs [port] [--no-live]
// Say “慢”, “限流”, “出错”, “断线” to see a slow answer, 429, 500 and a cut connection.
// POST /_fake/staff {"text"} lets a person answer; POST /_fake/forget makes every token unknown; GET /_fake/log lists calls.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";
import { acceptLive } from "./fake_live.mjs";
import { announcements, answerTo, greeting, mask, suggestions } from "./fake_answers.mjs";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..");
const PAGES = {
  "/": ["demo.html", "text/html"],
  "/demo": ["demo.html", "text/html"],
  "/widget/merchant-support.js": ["dist/merchant-support.js", "text/javascript"],
};
const CHAT_PAGE =
  '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>html,body{margin:0;height:100%}</style>' +
  '<merchant-support inline></merchant-support><script src="/widget/merchant-support.js" async></script>';

export function startFakeServer(port = 0, { live = true } = {}) {
  const state = { conversations: new Map(), hints: new Map(), log: [], lastId: 0, throttled: 0 };
  const server = createServer((request, response) => {
    serve(state, request, response).catch(() => response.destroy());
  });
  server.on("upgrade", (request, socket) => {
    if (!live) return socket.destroy();
    const send = acceptLive(request, socket, (token) => {
      if (!state.conversations.has(token)) return socket.destroy();
      state.hints.set(token, [...(state.hints.get(token) ?? []), send]);
      send({ type: "ready" });
    });
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve({ server, state })));
}

async function serve(state, request, response) {
  const url = new URL(request.url, "http://fake");
  const body = request.method === "POST" ? JSON.parse((await textOf(request)) || "{}") : {};
  const route = `${request.method} ${url.pathname}`;
  if (!url.pathname.startsWith("/_fake")) state.log.push({ route: route + url.search, body });
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Access-Control-Allow-Headers", "Authorization, Content-Type");
  if (request.method === "OPTIONS") return response.writeHead(204).end();
  if (url.pathname in PAGES) return sendPage(response, ...PAGES[url.pathname]);
  if (url.pathname === "/chat") return response.setHeader("Content-Type", "text/html").end(CHAT_PAGE);
  if (route === "GET /_fake/log") return json(response, 200, state.log);
  if (route === "POST /_fake/forget") return json(response, 200, void state.conversations.clear() ?? {});
  if (route === "POST /_fake/staff") return json(response, 200, letStaffSay(state, body.text));
  if (route === "POST /api/sessions") return json(response, 200, openSession(state));
  const token = (request.headers.authorization ?? "").replace("Bearer ", "");
  const conversation = state.conversations.get(token);
  if (!conversation) return refuse(response, 401, "请重新打开对话");
  if (route === "POST /api/messages") return answer(state, conversation, body, response);
  if (route === "GET /api/messages") return json(response, 200, pageAfter(conversation, url.searchParams.get("after")));
  if (route === "POST /api/feedback") return json(response, 200, { number: "FB20261122-0007" });
  return refuse(response, 404, "没有这个地址");
}

function openSession(state) {
  const token = randomUUID();
  state.conversations.set(token, { token, messages: [], holder: "bot" });
  return { token, conversation: randomUUID(), greeting, suggestions, announcements };
}

async function answer(state, conversation, { text, client_id }, response) {
  if (/断线/.test(text)) return response.destroy();
  if (/出错/.test(text)) return refuse(response, 500, "系统繁忙，已记下您的问题，请稍后重试");
  if (/限流/.test(text) && state.throttled++ < 1) return refuse(response.setHeader("Retry-After", "3"), 429, "");
  const seen = conversation.messages.find((message) => message.client_id === client_id);
  if (seen) return json(response, 200, { ...pageAfter(conversation, String(Number(seen.id) - 1)), decision: {} });
  await new Promise((resolve) => setTimeout(resolve, /慢/.test(text) ? 2500 : 120));
  const before = String(state.lastId);
  append(state, conversation, { author: "merchant", kind: "text", text: mask(text), client_id });
  const { replies, holder } = conversation.holder === "bot" ? answerTo(text) : { replies: [] };
  for (const reply of replies) append(state, conversation, reply);
  conversation.holder = holder ?? conversation.holder;
  json(response, 200, { ...pageAfter(conversation, before), decision: { kind: "answer" } });
}

function append(state, conversation, message) {
  const id = String(++state.lastId);
  conversation.messages.push({ id, created_at: new Date().toISOString(), ...message });
  for (const send of state.hints.get(conversation.token) ?? []) send({ type: "new" });
}

function letStaffSay(state, text) {
  for (const conversation of state.conversations.values()) {
    conversation.holder = "staff";
    append(state, conversation, { author: "staff", kind: "text", text });
  }
  return {};
}

function pageAfter({ messages, holder }, after) {
  const later = messages.filter((message) => Number(message.id) > Number(after));
  return { messages: later, cursor: messages.at(-1)?.id ?? "0", holder };
}

async function sendPage(response, file, type) {
  response.setHeader("Content-Type", `${type}; charset=utf-8`);
  // What a strict merchant page would allow: the widget must live with it.
  const csp = "default-src 'none'; script-src 'self'; connect-src 'self' ws:; style-src 'self' 'unsafe-inline'; img-src 'self'";
  if (type === "text/html") response.setHeader("Content-Security-Policy", csp);
  response.end(await readFile(join(folder, file)));
}

function json(response, status, value) {
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" }).end(JSON.stringify(value));
}

function refuse(response, status, message) {
  json(response, status, { code: `fake_${status}`, message, status });
}

async function textOf(request) {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { server } = await startFakeServer(Number(process.argv[2] ?? 8765), { live: !process.argv.includes("--no-live") });
  console.log(`http://127.0.0.1:${server.address().port}/demo`);
}
