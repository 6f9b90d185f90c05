import { database } from "../../../lib/database";

export async function GET(request) {
  const query = request.nextUrl.searchParams.get("q") ?? "";
  const prompts = await database.prompt.findMany({
    where: { title: { contains: query, mode: "insensitive" } },
    orderBy: { id: "asc" },
  });
  await database.search.create({ data: { query, results: prompts.length } });
  return Response.json(prompts);
}
