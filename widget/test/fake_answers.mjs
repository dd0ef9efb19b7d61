// What the fake server says. Invented, and only there to see every kind of message.
const CARD = [
  "结算款在交易次日到账，遇节假日顺延到下一个工作日。",
  "1. 打开商户后台，进入“结算管理”→“结算记录”。",
  "2. 按结算日期找到这一笔，看状态是“已出款”还是“出款失败”。",
  "3. 已出款：让银行按出款流水号查，一般 2 小时内入账。",
  "4. 出款失败：看失败原因，改好结算账户后点“重新出款”。",
  "找人工：超过 1 个工作日仍未到账，带上商户编号和结算日期转人工。",
].join("\n");

const TICKET = {
  number: "TK20261122-0042",
  state: "open",
  state_text: "排队中，前面还有 2 位",
  queue_text: "结算组",
  promise: "30 分钟内回复",
};

const bot = (kind, text, more = {}) => ({ author: "bot", kind, text, ...more });

export const greeting = "您好，我是商户客服助手。说一句您遇到的问题，我先帮您查；需要人工随时说“转人工”。";
export const suggestions = ["结算款什么时候到账？", "收款码被限制了怎么办？", "退款一直显示处理中", "回调收不到通知"];
export const announcements = [{ id: "a1", text: "今晚 23:00–23:30 结算系统升级，期间出款会晚到，不影响收款。" }];

/** [pattern, reply messages, holder after] in order; the first that fits answers. */
const RULES = [
  [/转人工|没解决/, () => [bot("ticket", "已为您登记，客服会在这里回复您，可以先去忙。", { ticket: TICKET })], "queue"],
  [/^(有用|谢谢)/, () => [bot("text", "好的，祝您生意兴隆。")]],
  [/收款码|限制/, () => [
    bot("choices", "您说的是哪一种？", {
      choices: [
        { id: "limit", label: "收款码提示“交易受限”" },
        { id: "quota", label: "超过单日收款限额" },
        { id: "swap", label: "收款码可能被人换了" },
        { id: "none", label: "都不是" },
      ],
    }),
  ]],
  [/回调|排查/, () => [
    bot("form", "我们一步步查。\n第 1 步：您的通知地址用浏览器能打开吗？", {
      choices: [
        { id: "yes", label: "能打开" },
        { id: "no", label: "打不开" },
        { id: "unknown", label: "不知道" },
        { id: "back", label: "返回" },
      ],
    }),
  ]],
  [/通知/, () => [{ author: "system", kind: "notice", text: "客服小林已接入" }]],
  [/新类型/, () => [bot("hologram", "未知类型按文字显示 https://example.com/x")]],
];

export function answerTo(text) {
  const rule = RULES.find(([pattern]) => pattern.test(text));
  if (rule) return { replies: rule[1](), holder: rule[2] };
  const entry = { id: "settle-when", title: "结算款什么时候到账？", url: "/help/settle-when" };
  return { replies: [bot("card", CARD, { entry })] };
}

/** Like the real server: a card number keeps its last four digits. */
export function mask(text) {
  return text.replace(/\b(\d{12,15})(\d{4})\b/g, "************$2");
}
