#!/usr/bin/env node
// `hud` takes a shorter way; what it does not understand (`--help`, a mistake) goes to the whole command line.
const [command, ...rest] = process.argv.slice(2);
const quick =
  command === "hud" ? import("../dist/hud.js").then(({ quickHud }) => quickHud(rest)) : Promise.resolve(false);
quick
  .then((done) => done || import("../dist/cli.js"))
  .catch((error) => {
    if (error?.code === "ERR_MODULE_NOT_FOUND" && String(error.message).includes("dist")) {
      console.error("oh-my-qwencoder: this checkout is not built yet. Run `npm run build` and try again.");
      process.exit(1);
    }
    throw error;
  });
