import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAnswer } from "../src/answer";

test("the first line is the conclusion, numbered lines are one list, 找人工 is a note", () => {
  assert.deepEqual(parseAnswer("次日到账。\n1. 打开后台。\n2. 看状态。\n找人工：带上商户编号。"), [
    { kind: "conclusion", text: "次日到账。" },
    { kind: "steps", first: 1, items: ["打开后台。", "看状态。"] },
    { kind: "note", text: "找人工：带上商户编号。" },
  ]);
});

test("blank lines and spaces around lines do not make parts", () => {
  assert.deepEqual(parseAnswer("\n  好。  \n\n 1、做。\r\n"), [
    { kind: "conclusion", text: "好。" },
    { kind: "steps", first: 1, items: ["做。"] },
  ]);
});

test("an amount at the start of a line is not a step", () => {
  assert.deepEqual(parseAnswer("费率如下：\n1.5 元每笔").map((part) => part.kind), ["conclusion", "paragraph"]);
});

test("a step may begin with a number", () => {
  assert.deepEqual(parseAnswer("结论\n1. 2026 年起执行")[1], { kind: "steps", first: 1, items: ["2026 年起执行"] });
});

test("steps interrupted by a paragraph keep the author's numbers", () => {
  assert.deepEqual(parseAnswer("结论\n1. 甲\n说明\n2. 乙\n1. 丙").slice(1), [
    { kind: "steps", first: 1, items: ["甲"] },
    { kind: "paragraph", text: "说明" },
    { kind: "steps", first: 2, items: ["乙"] },
    { kind: "steps", first: 1, items: ["丙"] },
  ]);
});

test("an empty answer has no parts", () => {
  assert.deepEqual(parseAnswer(" \n"), []);
});
