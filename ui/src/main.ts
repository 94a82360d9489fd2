import { mount } from "svelte";
import Window from "./Window.svelte";
import type { Platform } from "./platform/platform";
import "./styles/tokens.css";
import "./styles/base.css";

/** The host: Tauri, or in a build for tests and pictures a fake that the address configures. */
async function host(): Promise<Platform> {
  if (import.meta.env.MODE === "fake" || (import.meta.env.DEV && !("__TAURI_INTERNALS__" in window))) {
    const { fakeFromAddress } = await import("./platform/fake/fake");
    return fakeFromAddress(location.search);
  }
  const { TauriPlatform } = await import("./platform/tauri");
  return new TauriPlatform();
}

const target = document.getElementById("app");
if (target !== null) void host().then((platform) => mount(Window, { target, props: { platform } }));
