import { getContext, setContext } from "svelte";
import type { Platform, Stop } from "../platform/platform";
import { Agent } from "./agent.svelte";
import { Router } from "./router.svelte";
import { Shell } from "./shell.svelte";
import { Toasts } from "./toasts.svelte";

/** What every screen shares. */
export class App {
  readonly agent: Agent;
  readonly shell: Shell;
  readonly router = new Router();
  readonly toasts = new Toasts();

  constructor(readonly platform: Platform) {
    this.agent = new Agent(platform);
    this.shell = new Shell(platform);
  }

  /** Follows agent and host, and goes where menus and links point. */
  follow(): Stop {
    const stops = [
      this.agent.follow(),
      this.shell.follow(),
      this.platform.onGoTo((place) => this.router.go(place)),
    ];
    void this.platform.takePage().then((outcome) => {
      if (outcome.status === "ok" && outcome.data !== null) this.router.go(outcome.data);
    });
    return () => stops.forEach((stop) => stop());
  }

  /** Copies a text and says so. */
  async copy(text: string, said: string): Promise<void> {
    const outcome = await this.platform.copyText(text);
    if (outcome.status === "ok") this.toasts.say(said);
    else this.toasts.fail(outcome.error);
  }
}

const KEY = Symbol("app");

export function provideApp(app: App): App {
  return setContext(KEY, app);
}

/** The context of a component that is mounted by itself. */
export function appContext(app: App): Map<symbol, App> {
  return new Map([[KEY, app]]);
}

export function useApp(): App {
  return getContext<App>(KEY);
}
