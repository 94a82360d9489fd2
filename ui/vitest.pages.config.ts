import { defineConfig } from "vitest/config";

/** Whole pages in a real browser: accessibility and layout. Needs `vite build --mode fake` before. */
export default defineConfig({
  test: {
    include: ["tests/pages/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
