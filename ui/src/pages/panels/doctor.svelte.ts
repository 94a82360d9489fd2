import type { Platform } from "../../platform/platform";
import type { DoctorReport } from "../../platform/types";
import { Question } from "../../stores/question.svelte";

/** The check of connection and folders, and its verdict in one word. */
export class Doctor {
  readonly question = new Question<DoctorReport>();
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  async run(): Promise<void> {
    await this.question.ask(() => this.#platform.doctor());
  }

  get verdict(): "well" | "warnings" | "failed" | undefined {
    const checks = this.question.answer?.checks;
    if (checks === undefined) return undefined;
    if (checks.some((check) => check.verdict === "failed")) return "failed";
    return checks.some((check) => check.verdict === "warning") ? "warnings" : "well";
  }
}
