import { database } from "../../../../lib/database";

export const dynamic = "force-dynamic";

export async function GET() {
  const [searches, withoutResults] = await Promise.all([
    database.search.count(),
    database.search.count({ where: { results: 0 } }),
  ]);
  return Response.json({ searches, withoutResults });
}
