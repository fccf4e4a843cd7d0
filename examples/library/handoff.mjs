// What the work in this project stands at: task, files changed lately, open todos, decisions; secrets are taken out.
import { buildContext, serializeContextToJSON, serializeContextToMarkdown } from "oh-my-qwencoder";

const context = buildContext({
  projectPath: process.cwd(),
  task: { description: "Refactor the login", goal: "One session store", constraints: ["no new dependency"] },
});
console.log(serializeContextToMarkdown(context, { from: "claude", to: "opencode" }));
console.log(`as JSON: ${serializeContextToJSON(context).length > 0}`);
