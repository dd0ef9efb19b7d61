import * as words from "../words";
import { button, h, icon, iconButton } from "./dom";

export const MOST_CHARACTERS = 2000;
const WARN_BELOW = 200;
const TALLEST_PX = 132;
/** What browsers report for any key pressed inside an input method, also where `isComposing` is already false. */
const IME_KEY_CODE = 229;

/** Whether this key press belongs to an input method and must not act. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === IME_KEY_CODE;
}

/** Characters as a person counts them (the server does too), not UTF-16 units. */
export function countCharacters(text: string): number {
  return [...text].length;
}

export class Composer {
  readonly input = h("textarea", {
    rows: "1",
    placeholder: words.inputHint,
    "aria-label": words.inputLabel,
    "aria-describedby": "limit",
    enterkeyhint: "send",
    input: () => this.measure(),
    keydown: (event) => this.#press(event as KeyboardEvent),
  });
  readonly #limit = h("p", { class: "limit", id: "limit" });
  readonly #submit = iconButton("send", words.send, icon("send"), () => this.#send());
  readonly #handOff = button("hand-off", () => this.#say(words.handOff), icon("person"), words.handOff);
  readonly element = h("div", { class: "composer" }, this.#limit, h("div", { class: "field" }, this.#handOff, this.input, this.#submit));

  readonly #say: (text: string) => void;

  constructor(say: (text: string) => void) {
    this.#say = say;
    this.measure();
  }

  #press(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    this.#send();
  }

  #send(): void {
    const text = this.input.value.trim();
    if (!text || countCharacters(text) > MOST_CHARACTERS) return;
    this.input.value = "";
    this.measure();
    this.#say(text);
    this.input.focus({ preventScroll: true });
  }

  /** Fits the field to its text and says how much room is left. */
  measure(): void {
    const text = this.input.value.trim();
    const left = MOST_CHARACTERS - countCharacters(text);
    this.#submit.disabled = !text || left < 0;
    this.input.setAttribute("aria-invalid", String(left < 0));
    this.#limit.classList.toggle("over", left < 0);
    // Counting down aloud at every key would be noise; being over the limit is worth saying.
    this.#limit.setAttribute("aria-live", left < 0 ? "polite" : "off");
    this.#limit.textContent = left < 0 ? words.tooLong(-left) : left < WARN_BELOW ? words.remaining(left) : "";
    this.input.style.height = "auto";
    if (this.input.scrollHeight) this.input.style.height = `${Math.min(this.input.scrollHeight, TALLEST_PX)}px`;
  }
}
