// PORT says where to listen. SIGINT and SIGTERM close gracefully: requests under way are answered.

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";

const commit = existsSync("REVISION") ? readFileSync("REVISION", "utf8").trim() : "unknown";
const complaints = new Set(); // each is logged once
const types = { css: "text/css", js: "text/javascript" };

function answer(path) {
  if (path === "/") return ["text/html; charset=utf-8", readFileSync("dist/index.html")];
  if (path === "/api/health") return ["application/json", JSON.stringify({ status: "ok", commit })];
  const asset = path.match(/^\/assets\/([a-z]+-[0-9a-f]+\.(css|js))$/);
  if (asset && existsSync(`dist/assets/${asset[1]}`)) return [types[asset[2]], readFileSync(`dist/assets/${asset[1]}`)];
  return null;
}

let closing = false;

const server = createServer((request, response) => {
  let status = 500;
  let type = "text/plain";
  let body = "something went wrong\n";
  try {
    const found = answer(new URL(request.url, "http://harbour").pathname);
    status = found ? 200 : 404;
    [type, body] = found ?? [type, "no such page\n"];
  } catch (error) {
    if (!complaints.has(error.message)) console.error(error.message);
    complaints.add(error.message);
  }
  if (closing) response.setHeader("connection", "close");
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(request.method === "HEAD" ? undefined : body);
});

function close() {
  closing = true;
  server.close(() => process.exit(0)); // also closes the connections that are idle
}

process.on("SIGINT", close);
process.on("SIGTERM", close);

server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => console.log(`harbour ${commit} listens`));
