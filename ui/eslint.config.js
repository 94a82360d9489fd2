import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

export default ts.config(
  { ignores: ["dist", "dist-fake", "screenshots", "src/platform/bindings.ts"] },
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
  },
  {
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      // The compiler and svelte-check know the globals.
      "no-undef": "off",
      "svelte/no-at-html-tags": "error",
      // Sets and maps are replaced whole or counted by a revision, which a hundred thousand rows need.
      "svelte/prefer-svelte-reactivity": "off",
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["@tauri-apps/*"], message: "Only src/platform talks to the host." }] },
      ],
    },
  },
  { files: ["src/platform/**"], rules: { "no-restricted-imports": "off" } },
);
