"use client";

import { useState } from "react";

export function Prompt({ title, body }) {
  const [open, setOpen] = useState(false);
  return (
    <section>
      <button onClick={() => setOpen(!open)}>{title}</button>
      {open && <p>{body}</p>}
    </section>
  );
}
