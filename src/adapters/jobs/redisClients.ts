import { Queue, UnrecoverableError, Worker } from "bullmq";
import { Redis } from "ioredis";

/**
 * What jobs over Redis need, as one file of its own in `dist/`: OpenCode's start shall not wait for it, so the plugin loads it
 * from beside itself, and only where a job goes over Redis.
 */
export const redisClients = { Queue, Redis, UnrecoverableError, Worker };
