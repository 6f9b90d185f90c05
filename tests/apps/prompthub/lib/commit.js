import { readFileSync } from "node:fs";

/** The commit that runs: the environment says it, or the file REVISION. */
export function commit() {
  if (process.env.WINDLASS_REVISION) return process.env.WINDLASS_REVISION;
  try {
    return readFileSync("REVISION", "utf8").trim();
  } catch {
    return "unknown";
  }
}
