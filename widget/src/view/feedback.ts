import { Refused } from "../client";
import * as words from "../words";
import { MOST_CHARACTERS, countCharacters } from "./composer";
import { button, h } from "./dom";

export interface FeedbackActions {
  readonly submit: (problem: string, expectation: string) => Promise<string>;
  readonly leave: () => void;
}

/** The feedback form, shown in place of the conversation. What was written survives leaving and failing. */
export class FeedbackForm {
  readonly #problem = h("textarea", { id: "problem", rows: "3", "aria-describedby": "complaint" });
  readonly #expectation = h("textarea", { id: "expectation", rows: "3", "aria-describedby": "complaint" });
  readonly #complaint = h("p", { class: "complaint", id: "complaint", role: "alert" });
  readonly #submitButton = h("button", { class: "primary" }, words.feedbackSubmit);
  readonly #form = h(
    "form",
    { submit: (event) => void this.#submit(event), novalidate: true },
    h("h2", {}, words.feedback),
    h("p", { class: "muted" }, words.feedbackIntro),
    h("label", { for: "problem" }, words.feedbackProblem),
    this.#problem,
    h("label", { for: "expectation" }, words.feedbackExpectation),
    this.#expectation,
    this.#complaint,
    h("div", { class: "actions" }, this.#submitButton, this.#backButton()),
  );
  readonly element = h("div", { class: "feedback" }, this.#form);

  readonly #actions: FeedbackActions;

  constructor(actions: FeedbackActions) {
    this.#actions = actions;
  }

  open(): void {
    if (!this.#form.isConnected) this.element.replaceChildren(this.#form);
    this.#problem.focus();
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    const problem = this.#problem.value.trim();
    const expectation = this.#expectation.value.trim();
    const complaint = complaintAbout(problem, expectation);
    this.#complaint.textContent = complaint;
    if (complaint) return this.#problem.focus();
    this.#setBusy(true);
    try {
      this.#thank(await this.#actions.submit(problem, expectation));
    } catch (error) {
      this.#complaint.textContent = error instanceof Refused ? error.message : words.feedbackOffline;
    }
    this.#setBusy(false);
  }

  #setBusy(isBusy: boolean): void {
    this.#submitButton.disabled = isBusy;
    this.#submitButton.textContent = isBusy ? words.feedbackSubmitting : words.feedbackSubmit;
  }

  #thank(number: string): void {
    this.#form.reset();
    const heading = h("h2", { tabindex: "-1" }, words.feedbackThanks);
    const slip = h(
      "div",
      { class: "slip" },
      h("div", { class: "caption" }, words.feedbackNumber),
      h("strong", { class: "number" }, number),
    );
    this.element.replaceChildren(heading, ...(number ? [slip] : []), h("div", { class: "actions" }, this.#backButton()));
    heading.focus();
  }

  #backButton(): HTMLElement {
    return button("secondary", () => this.#actions.leave(), words.back);
  }
}

function complaintAbout(problem: string, expectation: string): string {
  if (!problem) return words.feedbackMissing;
  const longest = Math.max(countCharacters(problem), countCharacters(expectation));
  return longest > MOST_CHARACTERS ? words.feedbackTooLong : "";
}
