import { t } from "../../i18n/i18n.svelte";
import type { App } from "../../stores/app.svelte";

/** Copies the bundle that whoever helps needs; secrets are taken out by the agent. */
export async function copyDiagnostics(app: App): Promise<void> {
  const bundle = app.toasts.check(await app.platform.diagnostics());
  if (bundle !== undefined) await app.copy(bundle.text, t("help.copied"));
}

/** Saves the same bundle as a file. */
export async function saveDiagnostics(app: App): Promise<void> {
  const bundle = app.toasts.check(await app.platform.diagnostics());
  if (bundle === undefined) return;
  const path = app.toasts.check(await app.platform.saveText(bundle.name, bundle.text));
  if (path) app.toasts.say(t("help.saved", { path }));
}
