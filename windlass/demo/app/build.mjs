// Writes dist/: the page, and its style and script under names that hold the hash of what is in them.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
mkdirSync("dist/assets", { recursive: true });

let page = readFileSync("src/page.html", "utf8");
for (const file of ["style.css", "client.js"]) {
  const content = readFileSync(`src/${file}`);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  const name = file.replace(".", `-${hash}.`);
  writeFileSync(`dist/assets/${name}`, content);
  page = page.replace(`{{${file}}}`, `/assets/${name}`);
  console.log(`built dist/assets/${name}`);
}
writeFileSync("dist/index.html", page);
console.log("built dist/index.html");
