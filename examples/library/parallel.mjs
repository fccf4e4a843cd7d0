// Tasks in parallel: what waits for another and what shares a file with one that runs is started later.
// Each goes where the routing policy says, by default to OpenCode with the local model.
import { canRunInParallel, ParallelExecutor } from "oh-my-qwencoder";

const tasks = [
  { id: "user", description: "Implement the user service", type: "implementation", files: ["src/services/user.ts"] },
  { id: "auth", description: "Implement the auth service", type: "implementation", files: ["src/services/auth/**"] },
  {
    id: "tests",
    description: "Write integration tests",
    type: "test",
    files: ["tests/**"],
    dependsOn: ["user", "auth"],
  },
];
console.log(canRunInParallel(tasks).reason);

const executor = new ParallelExecutor({ maxConcurrent: 3, strategy: "hybrid" });
for (const { taskId, success, provider, error } of await executor.executeTasks(tasks)) {
  console.log(`${taskId}: ${success ? `done by ${provider}` : error}`);
}
