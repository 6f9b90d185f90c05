// What the server and the worker know of their surroundings.

import { existsSync, readFileSync } from "node:fs";

if (existsSync(".env")) process.loadEnvFile(".env");

export const commit =
  process.env.WINDLASS_REVISION || (existsSync("REVISION") ? readFileSync("REVISION", "utf8").trim() : "unknown");
