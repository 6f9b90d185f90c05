// Prisma without its Rust engines: the command line works through the pg driver.

import { existsSync } from "node:fs";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { defineConfig } from "prisma/config";

if (existsSync(".env")) process.loadEnvFile(".env");
process.env.DATABASE_URL ??= "postgresql://localhost"; // without one, `prisma generate` wants the Rust engines

const NAME = 19;
const TEXT = 25;

/** The adapter cannot read columns of PostgreSQL's type `name`; they are text to it here. */
class Pool extends pg.Pool {
  async query(...query: unknown[]) {
    const result = await (super.query as Function)(...query);
    for (const field of result?.fields ?? []) {
      if (field.dataTypeID === NAME) field.dataTypeID = TEXT;
    }
    return result;
  }
}

// `prisma migrate` races its advisory lock against a timer of ten seconds and never clears it.
const setTimer = globalThis.setTimeout;
globalThis.setTimeout = ((callback: () => void, delay?: number, ...rest: unknown[]) => {
  const timer = setTimer(callback, delay, ...rest);
  if (delay === 10_000) timer.unref();
  return timer;
}) as typeof setTimeout;

export default defineConfig({
  schema: "prisma/schema.prisma",
  engine: "js",
  experimental: { adapter: true },
  adapter: async () =>
    new PrismaPg(new Pool({ connectionString: process.env.DATABASE_URL, allowExitOnIdle: true }) as pg.Pool),
});
