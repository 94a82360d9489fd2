import { factText } from "../../i18n/facts";
import { type PlainKey, t } from "../../i18n/i18n.svelte";
import { problemLine } from "../../i18n/problems";
import type { Platform } from "../../platform/platform";
import type { Check, DoctorReport } from "../../platform/types";
import { Question } from "../../stores/question.svelte";

const TITLES: Partial<Record<string, PlainKey>> = {
  config: "check.config",
  ca: "check.certificates",
  setup: "check.setup",
  proxy: "check.proxy",
  name: "check.name",
  tcp: "check.tcp",
  tls: "check.tls",
  clock: "check.clock",
  "sign-in": "check.signIn",
  channel: "check.channel",
  udp: "check.udp",
  nat: "check.nat",
  packets: "check.packets",
  tunnel: "check.tunnel",
  relays: "check.relays",
  speed: "check.speed",
  "udp-speed": "check.udpSpeed",
  allowance: "check.allowance",
  folders: "check.folders",
  peer: "check.peer",
  "route-local": "check.routeLocal",
  "route-observed": "check.routeObserved",
  "route-mapped": "check.routeMapped",
  "route-advertised": "check.routeAdvertised",
  "route-relay": "check.routeRelay",
  "route-tunnel": "check.routeTunnel",
  "route-inwards": "check.routeInwards",
  way: "check.way",
  "peer-speed": "check.peerSpeed",
};

const RANKS: Record<Check["verdict"], number> = { failed: 0, warning: 1, ok: 2, skipped: 2 };

/** What was checked. The agent words titles in English; checks of a newer agent keep theirs. */
export function checkTitle(check: Check): string {
  const key = TITLES[check.name];
  return key === undefined ? check.title : t(key);
}

/** What was found. */
export function checkText(check: Check): string {
  if (check.problem) return problemLine(check.problem);
  return check.fact ? factText(check.fact) : check.text;
}

/** The check of connection and folders, or of the ways to another computer, and its verdict in one word. */
export class Doctor {
  /** The other computer; empty for the connection to the hub. */
  peer = $state("");
  readonly question = new Question<DoctorReport>();
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  async run(): Promise<void> {
    const peer = this.peer.trim();
    await this.question.ask(() => (peer === "" ? this.#platform.doctor() : this.#platform.doctorTo(peer)));
  }

  /** What is to be mended first, the rest in the order of the way to the hub. */
  get checks(): Check[] {
    const checks = this.question.answer?.checks ?? [];
    return checks.toSorted((one, other) => RANKS[one.verdict] - RANKS[other.verdict]);
  }

  /** The sentences that count. */
  get summary(): string[] {
    return this.question.answer?.summary.map(factText) ?? [];
  }

  /** All of it for whoever helps; the agent left secrets and names out. */
  get text(): string {
    const checks = this.question.answer?.checks ?? [];
    const lines = checks.map(
      (check) => `${t(`verdict.${check.verdict}`)} – ${checkTitle(check)}: ${checkText(check)}`,
    );
    return [...this.summary, "", ...lines, ""].join("\n");
  }

  get verdict(): "well" | "warnings" | "failed" | undefined {
    const checks = this.question.answer?.checks;
    if (checks === undefined) return undefined;
    if (checks.some((check) => check.verdict === "failed")) return "failed";
    return checks.some((check) => check.verdict === "warning") ? "warnings" : "well";
  }
}
