// tiny, green, release @ID_FIRST@: written by Windlass for one start of this slot.
// No secrets in here: pm2 writes what it is given into its dump. The app reads them from .env itself.
"use strict";

const { existsSync, readFileSync } = require("node:fs");
const { dirname, join, resolve } = require("node:path");

const root = "/srv/tiny";
const releasePath = "/srv/tiny/releases/@ID_FIRST@";
const cwd = "/srv/tiny/releases/@ID_FIRST@";
const subfolder = ".";
const port = 3001;
const node = "/usr/local/bin/node";

const common = {
  namespace: "tiny",
  cwd,
  exec_mode: "fork",
  vizion: false,
  autorestart: true,
  exp_backoff_restart_delay: 100, // ms; grows to 15 s, and never gives up
  merge_logs: true,
};

const identity = {
  WINDLASS_REVISION: "@FIRST@",
  WINDLASS_RELEASE: "@ID_FIRST@",
  WINDLASS_SLOT: "green",
  WINDLASS_START: "@ID_FIRST@",
};

function files(name) {
  return {
    name,
    out_file: join(root, "logs/app", `${name}.out.log`),
    error_file: join(root, "logs/app", `${name}.err.log`),
    pid_file: join(root, "run", `${name}.pid`), // pm2 puts "-" and its own number before .pid
  };
}

function isMissing(error) {
  if (error.code === "ENOENT") return true;
  throw error;
}

function packageMain() {
  try {
    const { main } = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8"));
    return main ? [join(cwd, main)] : [];
  } catch (error) {
    return isMissing(error) && [];
  }
}

/** Where a module's file may be: beside the app, or in a folder above it as workspaces have it. */
function hoisted(file) {
  const found = [];
  for (let folder = cwd; folder.startsWith(releasePath); folder = dirname(folder)) {
    found.push(join(folder, "node_modules", file));
  }
  return found;
}

function automatic() {
  const standalone = join(cwd, ".next/standalone");
  const next = hoisted("next/dist/bin/next");
  const candidates = [
    ...[join(standalone, "server.js"), join(standalone, subfolder, "server.js")].map((script) => ({ script, args: [] })),
    ...next.map((script) => ({ script, args: ["start", "-H", "127.0.0.1", "-p", String(port)] })),
    ...[...packageMain(), join(cwd, "server.js")].map((script) => ({ script, args: [] })),
  ];
  const chosen = candidates.find(({ script }) => existsSync(script));
  if (chosen) return chosen;
  throw new Error(
    `nothing to start in ${cwd}: no .next/standalone/server.js, no node_modules/next, no "main" in package.json, ` +
      "no server.js; name the file in [web] script",
  );
}

/** A script of the release as its whole path; anything else is left for pm2 to find on the PATH. */
function own(script) {
  const path = resolve(cwd, script);
  return existsSync(path) ? path : script;
}

function settings({ max_memory, kill_timeout }) {
  return { kill_timeout, ...(max_memory && { max_memory_restart: max_memory }) };
}

const web = {"name": "tiny-green", "script": "server.mjs", "args": [], "node_args": [], "env": {}, "max_memory": "", "kill_timeout": 1000};
const processes = [{"name": "tiny-green-jobs", "script": "worker.mjs", "args": [], "interpreter": "node", "instances": 1, "env": {"WORKER_FILE": "/tmp/worker"}, "max_memory": "", "kill_timeout": 1000}];

const started = web.script === "auto" ? automatic() : { script: own(web.script), args: [] };

module.exports = {
  apps: [
    {
      ...common,
      ...files(web.name),
      ...settings(web),
      script: started.script,
      args: [...started.args, ...web.args.map((arg) => arg.replaceAll("{port}", String(port)))],
      interpreter: node,
      node_args: web.node_args,
      env: { NODE_ENV: "production", ...web.env, PORT: String(port), HOSTNAME: "127.0.0.1", ...identity },
    },
    ...processes.map((process) => ({
      ...common,
      ...files(process.name),
      ...settings(process),
      script: own(process.script),
      args: process.args,
      interpreter: process.interpreter === "node" ? node : process.interpreter,
      instances: process.instances,
      env: { NODE_ENV: "production", ...process.env, ...identity },
    })),
  ],
};
