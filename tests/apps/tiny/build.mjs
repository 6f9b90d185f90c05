// Writes dist/: the page, and its script under a name that holds the script's hash.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
mkdirSync("dist/assets", { recursive: true });

const script = readFileSync("src/client.js");
const name = `${createHash("sha256").update(script).digest("hex").slice(0, 16)}.js`;
writeFileSync(`dist/assets/${name}`, script);
writeFileSync("dist/index.html", readFileSync("src/page.html", "utf8").replace("{{client}}", name));
console.log(`built dist/index.html and dist/assets/${name}`);
