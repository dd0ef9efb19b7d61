/** The parts of an answer text, in reading order. */
export type Part =
  | { readonly kind: "conclusion" | "paragraph" | "note"; readonly text: string }
  | { readonly kind: "steps"; readonly first: number; readonly items: readonly string[] };

// Full stop, full-width full stop, enumeration comma; escaped because the bundle stays ASCII.
const STEP = /^(\d{1,2})(?:[.\uff0e](?!\d)|\u3001)\s*(.+)$/;
const NOTE = "找人工：";

/** Splits an answer: the first line is the conclusion, `1. …` lines are steps, a `找人工：` line is a note. */
export function parseAnswer(text: string): Part[] {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return lines.reduce<Part[]>((parts, line, index) => append(parts, line, index === 0), []);
}

function append(parts: Part[], line: string, isFirst: boolean): Part[] {
  const step = STEP.exec(line);
  if (step) return appendStep(parts, Number(step[1]), step[2] ?? "");
  if (line.startsWith(NOTE)) return [...parts, { kind: "note", text: line }];
  return [...parts, { kind: isFirst ? "conclusion" : "paragraph", text: line }];
}

function appendStep(parts: Part[], number: number, item: string): Part[] {
  const last = parts[parts.length - 1];
  // A number that does not continue the list starts its own, so that the printed numbers stay the author's.
  if (last?.kind === "steps" && last.first + last.items.length === number) {
    return [...parts.slice(0, -1), { ...last, items: [...last.items, item] }];
  }
  return [...parts, { kind: "steps", first: number, items: [item] }];
}
