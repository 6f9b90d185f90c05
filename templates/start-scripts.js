// Writes a script for each process of an ecosystem file, which systemd has /bin/sh run as the app's user.
// Read by node on its standard input: `node - FILE SETTINGS`. What a script is called, and what else goes into it, the
// settings say; which program runs, with which words, the file alone.
"use strict";

const { renameSync, writeFileSync } = require("node:fs");
const { isAbsolute, join } = require("node:path");

const [file, settings] = process.argv.slice(2);
const { slot, processes, folder, path, stopped, status, caches, release, releases } = JSON.parse(settings);

function quoted(word) {
  return `'${String(word).replaceAll("'", `'\\''`)}'`;
}

/** A release's cache is the app's own, and goes when the release has gone. */
function cached() {
  if (!caches.length) return [];
  const own = caches.map((cache) => `"$CACHE_DIRECTORY"/releases/${quoted(join(release, cache))}`);
  return [
    `mkdir -p ${own.join(" ")}`,
    'for old in "$CACHE_DIRECTORY"/releases/*; do',
    `    [ -d ${quoted(releases)}/"\${old##*/}" ] || rm -rf -- "$old"`,
    "done",
  ];
}

function script(app, number) {
  const { cwd, env, interpreter, node_args: before = [], script: program, args = [] } = app;
  const variables = { PATH: path, NODE_APP_INSTANCE: number - 1, ...env };
  // As pm2 does: what is no file of the release is looked for on the PATH. What is nowhere, the interpreter complains of.
  const found = isAbsolute(program) ? quoted(program) : `"$(command -v ${quoted(program)} || echo ${quoted(program)})"`;
  const started = interpreter === "none" ? [found] : [...[interpreter, ...before].map(quoted), found];
  return [
    "#!/bin/sh",
    `# ${app.name}, release ${release}: written by Windlass for one start of this slot.`,
    // A resume writes it anew, behind the flag.
    `if [ ${quoted(stopped)} -nt "$0" ]; then`,
    '    echo "not started: the app is stopped"',
    `    exit ${status}`,
    "fi",
    ...cached(),
    `cd ${quoted(cwd)} || exit 1`,
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`),
    `exec ${[...started, ...args.map(quoted)].join(" ")}`,
    "",
  ].join("\n");
}

for (const app of require(file).apps) {
  const [type, first] = processes[app.name];
  for (let number = first; number < first + (app.instances || 1); number++) {
    const place = join(folder, `${type}.${slot}.${number}.script`);
    writeFileSync(`${place}.next`, script(app, number), { mode: 0o644 });
    renameSync(`${place}.next`, place);
  }
}
