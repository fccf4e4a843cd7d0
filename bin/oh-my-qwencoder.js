#!/usr/bin/env node
import("../dist/cli.js").catch((error) => {
  if (error?.code === "ERR_MODULE_NOT_FOUND" && String(error.message).includes("dist")) {
    console.error("oh-my-qwencoder: this checkout is not built yet. Run `npm run build` and try again.");
    process.exit(1);
  }
  throw error;
});
