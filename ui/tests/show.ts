import { type RenderResult, render, waitFor } from "@testing-library/svelte";
import type { Component } from "svelte";
import { FakePlatform } from "../src/platform/fake/fake";
import type { Scenario } from "../src/platform/fake/scenario";
import Window from "../src/Window.svelte";
import { App, appContext } from "../src/stores/app.svelte";

export interface Shown extends RenderResult<Component> {
  fake: FakePlatform;
}

/** Shows the whole window in a scenario and waits until it has drawn its page. */
export async function showWindow(scenario: Scenario, prepare?: (fake: FakePlatform) => void): Promise<Shown> {
  const fake = new FakePlatform(scenario);
  prepare?.(fake);
  const shown = render(Window as Component, { props: { platform: fake } });
  await waitFor(() => {
    const ready = [...document.querySelectorAll("h1")].some((title) => title.textContent !== "Outport");
    if (!ready) shown.getByRole("alert");
  });
  return Object.assign(shown, { fake });
}

/** Shows one component with what every screen shares. */
export async function show<Props extends Record<string, unknown>>(
  component: Component<Props>,
  props: Props,
  scenario: Scenario = "busy",
): Promise<Shown & { app: App }> {
  const fake = new FakePlatform(scenario);
  const app = new App(fake);
  app.follow();
  await Promise.resolve();
  const shown = render(component as Component, { props, context: appContext(app) });
  return Object.assign(shown, { fake, app });
}

/** The calls of one method that the screens have made. */
export function calls(fake: FakePlatform, name: string): unknown[][] {
  return fake.calls.filter(([called]) => called === name).map(([, ...args]) => args);
}
