import type { Platform } from "../platform/platform";
import type {
  HubFacts,
  NameCheck,
  Outcome,
  Preset,
  Problem,
  SetUp,
  ShellState,
  Snapshot,
} from "../platform/types";
import type { Agent } from "./agent.svelte";
import { Question } from "./question.svelte";
import type { Shell } from "./shell.svelte";

/** The steps in their order. */
export const STEPS = ["hub", "signIn", "name", "folders", "habits", "check"] as const;
export type Step = (typeof STEPS)[number];

/** Whether this computer stands for an endpoint that the hub knows. */
export function isSetUp(snapshot: Snapshot): boolean {
  return snapshot.endpoint !== null && !snapshot.notices.some((notice) => LOST.includes(notice.code));
}

/** What was typed before the window was closed; anything unreadable counts as nothing. */
function readDraft(text: string | undefined): Record<string, string | undefined> {
  try {
    const draft: unknown = JSON.parse(text || "{}");
    if (typeof draft !== "object" || draft === null) return {};
    return Object.fromEntries(Object.entries(draft).filter(([, value]) => typeof value === "string"));
  } catch {
    return {};
  }
}

const LOST = ["ENDPOINT_REMOVED", "KEY_UNKNOWN", "KEY_REPLACED"];

/** The way from a fresh installation to a computer that works; every answer is kept at once. */
export class FirstRun {
  /** The steps count from one; nought says that nothing was begun. */
  step: Step = $state("hub");
  address = $state("");
  name = $state("");
  nameTouched = $state(false);
  replace = $state(false);
  preset: Preset | undefined = $state.raw();
  readonly hub = new Question<HubFacts>();
  readonly nameCheck = new Question<NameCheck>();
  readonly registration = new Question<SetUp>();
  readonly #platform: Platform;
  readonly #agent: Agent;
  readonly #shell: Shell;

  constructor(platform: Platform, agent: Agent, shell: Shell) {
    this.#platform = platform;
    this.#agent = agent;
    this.#shell = shell;
  }

  /** Whether the window shows the first run in place of its pages. */
  static isDue(snapshot: Snapshot, shell: ShellState): boolean {
    return snapshot.endpoint === null || 0 < shell.settings.setup_step;
  }

  /** Takes up where the owner was, and skips what the centre has decided. */
  async begin(link: { hub: string | null } | null): Promise<void> {
    const settings = this.#shell.state?.settings;
    const draft = readDraft(settings?.setup_draft);
    const outcome = await this.#platform.preset();
    this.preset = outcome.status === "ok" ? outcome.data : undefined;
    const hubHere = this.#agent.snapshot?.account?.hub ?? this.#agent.snapshot?.endpoint?.hub;
    this.address = link?.hub ?? draft["address"] ?? this.preset?.hub ?? hubHere ?? "";
    this.name = draft["name"] ?? this.preset?.name ?? this.#agent.snapshot?.suggested_name ?? "";
    this.nameTouched = draft["name"] !== undefined;
    this.step = this.#reachable(STEPS[(settings?.setup_step ?? 0) - 1] ?? "hub");
    await this.skipPreset();
  }

  /** Takes a link that was opened meanwhile, unless this computer is registered already. */
  takeLink(link: { hub: string | null }): void {
    if (this.step !== "hub" && this.step !== "signIn") return;
    if (link.hub !== null) this.address = link.hub;
    this.step = "hub";
  }

  /** Checks the address; goes on when a hub answers. */
  async checkHub(): Promise<void> {
    const facts = await this.hub.ask(() => this.#platform.checkHub(this.address.trim()));
    if (facts !== undefined) this.address = facts.url;
    await this.#keep();
  }

  /** Looks whether the name can be had. */
  async checkName(): Promise<void> {
    await this.nameCheck.ask(() => this.#platform.checkName(this.name.trim()));
    if (this.nameCheck.answer?.state !== "yours_in_use") this.replace = false;
  }

  /** Whether the name that stands there can be registered now. */
  get nameReady(): boolean {
    const check = this.nameCheck.answer;
    if (check === undefined || this.nameCheck.asking || check.name !== this.name.trim()) return false;
    return check.state === "yours_in_use" ? this.replace : check.state !== "invalid";
  }

  /** Registers this computer; goes on when the hub agrees. */
  async register(place: "keyring" | "file"): Promise<boolean> {
    const wish = { name: this.name.trim(), replace: this.replace, place };
    const done = await this.registration.ask(() => this.#platform.register(wish));
    if (done === undefined) return false;
    await this.goTo("folders");
    return true;
  }

  /** Registers with a key that somebody made at the hub, without a sign-in. */
  async useKey(key: string, place: "keyring" | "file"): Promise<boolean> {
    const done = await this.registration.ask(() => this.#platform.setUp(key.trim(), place));
    if (done === undefined) return false;
    await this.goTo("folders");
    return true;
  }

  async goTo(step: Step): Promise<void> {
    this.step = step;
    await this.#keep();
  }

  async back(): Promise<void> {
    const before = STEPS[STEPS.indexOf(this.step) - 1];
    if (before !== undefined) await this.goTo(before);
  }

  async next(): Promise<void> {
    const after = STEPS[STEPS.indexOf(this.step) + 1];
    if (after === undefined) return;
    await this.goTo(after);
    await this.skipPreset();
  }

  /** Ends the first run; what was typed is forgotten. */
  async finish(): Promise<Outcome<ShellState>> {
    return this.#shell.save({ setup_step: 0, setup_draft: "" });
  }

  /** Keeps what was typed so far, so that closing the window loses nothing. */
  async keepTyped(): Promise<void> {
    this.nameTouched = true;
    await this.#keep();
  }

  /** Does what a centre rolled out, for the steps that it answers. */
  async skipPreset(): Promise<void> {
    const preset = this.preset;
    if (preset === undefined || preset.file === null) return;
    if (this.step === "hub" && preset.hub !== null) {
      await this.checkHub();
      if (this.hub.problem === undefined) await this.goTo("signIn");
    }
    if (this.step === "name" && preset.name !== null && !this.nameTouched) {
      await this.checkName();
      if (this.nameReady) await this.register("keyring");
    }
    if (this.step === "folders" && 0 < preset.folders.length) {
      if ((await this.#addPresetFolders(preset)) === undefined) await this.goTo("habits");
    }
    if (this.step === "habits" && preset.settings !== null && preset.start_at_login !== null) {
      const saved = await this.#platform.saveSettings(preset.settings);
      const started = this.#shell.take(await this.#platform.setAutostart(preset.start_at_login));
      if (saved.status === "ok" && started.status === "ok") await this.goTo("check");
    }
  }

  async #addPresetFolders(preset: Preset): Promise<Problem | undefined> {
    for (const folder of preset.folders) {
      const outcome = await this.#platform.addFolder(folder);
      if (outcome.status === "error") return outcome.error;
    }
    return undefined;
  }

  /** A step that can be shown: those after a registration need one, those after a sign-in that. */
  #reachable(wanted: Step): Step {
    const snapshot = this.#agent.snapshot;
    if (snapshot && isSetUp(snapshot))
      return STEPS.indexOf(wanted) < STEPS.indexOf("name") ? "folders" : wanted;
    if (snapshot?.account) return "name";
    return wanted === "hub" ? "hub" : "signIn";
  }

  async #keep(): Promise<void> {
    const draft: Record<string, string> = { address: this.address };
    if (this.nameTouched) draft["name"] = this.name;
    await this.#shell.save({ setup_step: STEPS.indexOf(this.step) + 1, setup_draft: JSON.stringify(draft) });
  }
}
