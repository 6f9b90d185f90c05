import { database } from "../lib/database";
import { Prompt } from "./prompt";

export const dynamic = "force-dynamic";

export default async function Page() {
  const prompts = await database.prompt.findMany({ orderBy: { id: "asc" } });
  return (
    <main>
      <h1>Prompthub</h1>
      {prompts.map(({ id, title, body }) => (
        <Prompt key={id} title={title} body={body} />
      ))}
    </main>
  );
}
