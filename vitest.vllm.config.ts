import { defineConfig } from "vitest/config";

/** `npm run test:vllm` (scripts/testVllm.mjs): a start of a real vLLM takes minutes on two cores. */
export default defineConfig({
  test: {
    include: ["tests/real/**/*.test.ts"],
    testTimeout: 1_200_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
