import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

/** `--mode fake` builds the screens with plausible data in place of an agent, for tests and pictures. */
export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  clearScreen: false,
  server: { port: 5173, strictPort: true },
  envPrefix: ["VITE_", "TAURI_ENV_"],
  build: {
    outDir: mode === "fake" ? "dist-fake" : "dist",
    // WebKit of macOS 12 is the oldest web view; WebView2 keeps itself current.
    target: process.env["TAURI_ENV_PLATFORM"] === "windows" ? "chrome105" : "safari15",
    sourcemap: Boolean(process.env["TAURI_ENV_DEBUG"]),
    assetsInlineLimit: 0,
  },
}));
