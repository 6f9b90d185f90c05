import { commit } from "../../../lib/commit";
import { database } from "../../../lib/database";

export const dynamic = "force-dynamic";

export async function GET() {
  try {
    await database.$queryRaw`SELECT 1`;
  } catch (error) {
    console.error(error);
    return Response.json({ status: "no database", commit: commit() }, { status: 503 });
  }
  return Response.json({ status: "ok", commit: commit() });
}
