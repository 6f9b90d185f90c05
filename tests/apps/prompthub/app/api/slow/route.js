import { setTimeout as sleep } from "node:timers/promises";

import { commit } from "../../../lib/commit";

export async function GET(request) {
  await sleep(Number(request.nextUrl.searchParams.get("ms") ?? 1000));
  return Response.json({ commit: commit() });
}
