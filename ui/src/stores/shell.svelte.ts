import { i18n } from "../i18n/i18n.svelte";
import type { ShellCommands, Stop } from "../platform/platform";
import type { Outcome, Problem, ShellSettings, ShellState } from "../platform/types";
import { Saver } from "./saver";

/** The window's host: its settings, and what it can do on this desktop. */
export class Shell {
  state: ShellState | undefined = $state.raw();
  problem: Problem | undefined = $state.raw();
  readonly #platform: ShellCommands;
  #saver: Saver<ShellSettings, ShellState> | undefined;

  constructor(platform: ShellCommands) {
    this.#platform = platform;
  }

  /** Follows the host until stopped. */
  follow(): Stop {
    const stop = this.#platform.onShell((state) => this.#take(state));
    const theme = followSystemTheme(() => this.#dress());
    void this.#platform.shellState().then((outcome) => {
      if (this.state === undefined) this.take(outcome);
    });
    return () => {
      stop();
      theme();
    };
  }

  /** Takes the state that a command answered with. */
  take(outcome: Outcome<ShellState>): Outcome<ShellState> {
    if (outcome.status === "ok") this.#take(outcome.data);
    else this.problem = outcome.error;
    return outcome;
  }

  /** Saves some of the settings; the others stay. */
  async save(change: Partial<ShellSettings>): Promise<Outcome<ShellState>> {
    const settings = this.state?.settings;
    if (settings === undefined) return this.#platform.shellState();
    this.#saver ??= new Saver(
      () => this.state?.settings ?? settings,
      async (whole) => this.take(await this.#platform.saveShellSettings(whole)),
    );
    return this.#saver.save(change);
  }

  /** Turns notifications of one kind on or off. */
  notify(kind: keyof ShellSettings["notify"], on: boolean): Promise<Outcome<ShellState>> {
    const notify = this.#saver?.wanted.notify ?? this.state?.settings.notify;
    return this.save(notify ? { notify: { ...notify, [kind]: on } } : {});
  }

  #take(state: ShellState): void {
    this.state = state;
    this.problem = undefined;
    i18n.use(state.settings.language ?? state.system_language, state.locale);
    this.#dress();
  }

  #dress(): void {
    const theme = this.state?.settings.theme ?? (systemIsDark() ? "dark" : "light");
    document.documentElement.dataset["theme"] = theme;
  }
}

const DARK = "(prefers-color-scheme: dark)";

function systemIsDark(): boolean {
  return typeof matchMedia === "function" && matchMedia(DARK).matches;
}

function followSystemTheme(changed: () => void): Stop {
  if (typeof matchMedia !== "function") return () => undefined;
  const query = matchMedia(DARK);
  query.addEventListener("change", changed);
  return () => query.removeEventListener("change", changed);
}
