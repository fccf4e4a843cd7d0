/**
 * How often a session whose model request failed is taken up, and the first wait (ms), twice as long each time. With the
 * tries of each request that is about six minutes: vLLM needs two to five to load the model after a restart.
 */
export const TAKE_UPS = { times: 5, firstMs: 10_000 };
/** Longest wait before a take-up (ms). */
export const LONGEST_WAIT_MS = 120_000;
