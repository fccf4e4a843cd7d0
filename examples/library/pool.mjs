// Ten prompts for two warm OpenCode servers: each prompt is a session of the server that has least to do.
import { OpenCodeServerPool } from "oh-my-qwencoder";

const pool = new OpenCodeServerPool({ minServers: 1, maxServers: 2, projectDir: process.cwd() });
try {
  await pool.initialize();
  const files = Array.from({ length: 10 }, (_, n) => `src/file${n}.ts`);
  const results = await Promise.all(files.map((file) => pool.execute(`Explain ${file}`, { agent: "build" })));
  console.log(`${results.filter(({ exitCode }) => exitCode === 0).length} of ${results.length} answered`);
  console.log(`requests: ${pool.getStatus().totalRequests}`);
} finally {
  await pool.shutdown();
}
