import type { AgentCommands, Stop } from "../platform/platform";
import type { Outcome, Problem, SessionView, Snapshot, TaskView } from "../platform/types";

/** The agent as the screens see it: the last snapshot, and what follows from it alone. */
export class Agent {
  snapshot: Snapshot | undefined = $state.raw();
  problem: Problem | undefined = $state.raw();
  readonly paused = $derived(this.snapshot?.paused ?? null);
  readonly fullName = $derived(this.snapshot?.endpoint?.name ?? null);
  readonly work = $derived(this.snapshot ? workHere(this.snapshot) : []);
  readonly runningTasks = $derived(
    this.snapshot?.tasks.tasks.filter((task) => task.status === "ACTIVE") ?? [],
  );
  readonly #platform: AgentCommands;

  constructor(platform: AgentCommands) {
    this.#platform = platform;
  }

  /** Follows the agent until stopped. */
  follow(): Stop {
    const stop = this.#platform.onSnapshot((snapshot) => this.#take(snapshot));
    void this.ask();
    return stop;
  }

  /** Asks for the first state. A push may come before the answer and is newer then. */
  async ask(): Promise<void> {
    const outcome = await this.#platform.status();
    if (this.snapshot !== undefined) return;
    if (outcome.status === "ok") this.#take(outcome.data);
    else this.problem = outcome.error;
  }

  pause(until: Date | null): Promise<Outcome<null>> {
    return this.#platform.pause(until?.toISOString() ?? null);
  }

  resume(): Promise<Outcome<null>> {
    return this.#platform.resume();
  }

  #take(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    this.problem = undefined;
  }
}

/** Something that this computer works on: a session, the task it belongs to, or both. */
export interface Work {
  id: string;
  task: TaskView | null;
  session: SessionView | null;
}

/** A full name, `smith#WorkPC`, as its two parts. */
export function nameParts(fullName: string): { handle: string; name: string } {
  const [handle = "", name = ""] = fullName.split("#", 2);
  return { handle, name };
}

function workHere({ sessions, tasks }: Snapshot): Work[] {
  const byId = new Map(tasks.tasks.map((task) => [task.id, task]));
  const withSession: Work[] = sessions.map((session) => ({
    id: session.session,
    task: byId.get(session.task) ?? null,
    session,
  }));
  const inSession = new Set(sessions.map((session) => session.task));
  const waiting = tasks.tasks.filter(
    (task) => task.status === "ACTIVE" && task.here !== null && !inSession.has(task.id),
  );
  return [...withSession, ...waiting.map((task) => ({ id: task.id, task, session: null }))];
}
