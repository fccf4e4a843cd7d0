// The licences of the packages whose code is bundled into dist: they have to go with it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Licences whose texts may simply go along; another one is a decision of somebody's, so the build stops. */
const ALLOWED = new Set(["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "ISC", "MIT"]);

/** `node_modules/a/node_modules/@s/b/dist/x.js` → `node_modules/a/node_modules/@s/b`; undefined for our own files. */
export function packageFolder(input) {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
}

/** Folders of the packages that put bytes into a build, sorted. */
export function bundledPackages(outputs) {
  const inputs = outputs.flatMap((output) => Object.entries(output.inputs));
  const folders = inputs.flatMap(([input, { bytesInOutput }]) =>
    bytesInOutput > 0 ? (packageFolder(input) ?? []) : [],
  );
  return [...new Set(folders)].sort();
}

/**
 * One text with every bundled package's name, version, licence and licence files.
 *
 * @param outputs of esbuild's metafiles
 * @throws Error naming a package whose licence is none of the allowed ones
 */
export function thirdPartyNotices(root, outputs) {
  const namesByText = new Map();
  for (const folder of bundledPackages(outputs)) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    if (!ALLOWED.has(license))
      throw new Error(
        `${name} ${version} would be bundled under "${license}": see whether it may be (scripts/notices.mjs)`,
      );
    const text = licenceText(join(root, folder)) || `Licensed under ${license}; the package brings no licence file.`;
    namesByText.set(text, [...(namesByText.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...namesByText].map(([text, names]) => `${names.join("\n")}\n\n${text}\n`);
  const rule = `\n${"-".repeat(80)}\n\n`;
  return `Parts of these packages are bundled into the files beside this one.\n${rule}${parts.join(rule)}`;
}

function licenceText(folder) {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  return files
    .sort()
    .map((file) => readFileSync(join(folder, file), "utf8").trim())
    .join("\n\n");
}
