// PORT and HOSTNAME say where to listen. SIGINT and SIGTERM close gracefully: requests under way are answered.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { commit } from "./settings.mjs";

const text = (status, body, type = "text/plain; charset=utf-8") => ({ status, body, type });
const json = (status, value) => text(status, JSON.stringify(value), "application/json");

const page = () => text(200, readFileSync("dist/index.html"), "text/html; charset=utf-8");

function asset(name) {
  try {
    return text(200, readFileSync(`dist/assets/${name}`), "text/javascript; charset=utf-8");
  } catch {
    return text(404, "no such asset\n");
  }
}

/** Lets a test prove that a secret arrived unchanged, without showing it. */
function fingerprint(name) {
  const value = process.env[name];
  if (value === undefined) return text(404, "not set\n");
  return text(200, createHash("sha256").update(value).digest("hex"));
}

/** Keeps a core busy for so long, as rendering a page would. */
function burn(ms) {
  const began = process.cpuUsage();
  for (let used = 0; used < ms * 1000; ) {
    for (let round = 0; round < 1000; round++) Math.sqrt(round);
    const { user, system } = process.cpuUsage(began);
    used = user + system;
  }
  return json(200, { pid: process.pid });
}

async function answer(url) {
  const { pathname, searchParams } = url;
  if (process.env.SICK_PORT && process.env.SICK_PORT === process.env.PORT) return text(500, "sick\n");
  if (pathname === "/") return page();
  if (pathname === "/api/health") return json(200, { status: "ok", commit, pid: process.pid });
  if (/^\/assets\/[0-9a-f]+\.js$/.test(pathname)) return asset(pathname.slice("/assets/".length));
  if (pathname === "/burn") return burn(Number(searchParams.get("ms") ?? 20));
  if (pathname === "/slow") {
    await sleep(Number(searchParams.get("ms") ?? 1000));
    return json(200, { commit, pid: process.pid });
  }
  if (pathname === "/env-fingerprint") return fingerprint(searchParams.get("name") ?? "");
  return text(404, "no such page\n");
}

let closing = false;

const server = createServer(async (request, response) => {
  request.resume();
  let result;
  try {
    result = await answer(new URL(request.url, "http://tiny"));
  } catch (error) {
    console.error(error);
    result = text(500, "internal error\n");
  }
  if (closing) response.setHeader("connection", "close");
  response.writeHead(result.status, { "content-type": result.type, "content-length": Buffer.byteLength(result.body) });
  response.end(request.method === "HEAD" ? undefined : result.body);
});

function close(signal) {
  if (closing) return;
  closing = true;
  console.log(`tiny: ${signal}, closing`);
  server.close(() => process.exit(0)); // also closes the connections that are idle
}

process.on("SIGINT", close);
process.on("SIGTERM", close);

server.listen(Number(process.env.PORT ?? 3000), process.env.HOSTNAME ?? "127.0.0.1", () => {
  const { address, port } = server.address();
  console.log(`tiny ${commit} listens on http://${address}:${port}`);
});
