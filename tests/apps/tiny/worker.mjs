// A queue worker without a queue: says each second that it lives, and writes it to WORKER_FILE where that is set.

import { renameSync, writeFileSync } from "node:fs";

import { commit } from "./settings.mjs";

let beats = 0;

function beat() {
  beats += 1;
  const state = JSON.stringify({ commit, pid: process.pid, cwd: process.cwd(), beats });
  console.log(`worker: ${state}`);
  const file = process.env.WORKER_FILE;
  if (!file) return;
  writeFileSync(`${file}.next`, state);
  renameSync(`${file}.next`, file);
}

function stop(signal) {
  console.log(`worker: ${signal}, finishing`);
  process.exit(0);
}

process.on("SIGINT", stop);
process.on("SIGTERM", stop);

beat();
setInterval(beat, 1000);
