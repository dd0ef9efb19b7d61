/** Every Chinese sentence a merchant can see that does not come from the server. One constant each, so that the build
 *  keeps no names. */
export const title = "商户客服助手";
export const openChat = "打开";
export const newReply = "有新回复";
export const minimise = "收起对话";
export const more = "更多";
export const largerText = "放大文字";
export const normalText = "恢复标准文字";
export const log = "对话记录";
export const botName = "智能助手";
export const staffName = "人工客服";
export const systemName = "系统";
export const myName = "我";
export const vetted = " · 答案经人工审核";

export const holder = {
  bot: "智能助手，可随时转人工",
  queue: "已转人工，正在排队",
  staff: "人工客服为您服务",
  closed: "本次对话已结束，发消息可继续",
} as const;

export const inputLabel = "输入您的问题";
export const inputHint = "描述问题或粘贴报错";
export const send = "发送";
export const handOff = "转人工";
export const remaining = (count: number): string => `还可输入 ${count} 字`;
export const tooLong = (over: number): string => `已超出 ${over} 字（最多 2000 字），请分开发送`;

export const sending = "发送中";
export const queued = "等待发送";
export const failed = "发送失败";
export const retry = "重试";
export const tooFast = "发得太快了，稍等几秒再发";
export const offline = "网络断开，恢复后自动发送";
export const thinking = "正在查…";
export const loading = "正在连接…";
export const newMessages = "有新消息";
export const expired = "之前的会话已过期，已为您开始新的对话";
export const troubled = "暂时连接不上客服，请稍后重试";
export const suggestions = "常见问题";

export const announcement = "公告";
export const dismiss = "关闭公告";

export const fullAnswer = "查看完整说明";
export const newWindow = "（新窗口打开）";
export const helpful = "有用";
export const unhelpful = "没解决";
export const chosen = "已选";
export const minorChoices = ["返回", "不知道", "转人工", "都不是"];

export const ticketNumber = "工单号";
export const ticketState = "状态";
export const ticketQueue = "处理";
export const ticketPromise = "时限";
export const copy = "复制";
export const copied = "已复制";
export const copyByHand = "请长按复制";

export const feedback = "意见反馈";
export const feedbackIntro = "您的意见会直接交给产品与客服团队。";
export const feedbackProblem = "遇到的问题";
export const feedbackExpectation = "希望怎样改进";
export const feedbackSubmit = "提交";
export const feedbackSubmitting = "正在提交…";
export const feedbackMissing = "请先填写遇到的问题";
export const feedbackTooLong = "每项最多 2000 字，请删减";
export const feedbackOffline = "网络断开，未能提交，内容已保留，请稍后再试";
export const feedbackThanks = "已收到，谢谢您的反馈";
export const feedbackNumber = "反馈编号";
export const back = "返回对话";
