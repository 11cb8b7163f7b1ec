// The evidence inside the page, compressed with gzip, in base64: the index,
// which the list shows; the rest of the report; and the differences whole, some
// at a time. Each is unpacked when it is needed.

import type { Difference, Index, Judgement, LeftOut, Row } from "./evidence";

/** canUnpack reports whether this browser can read what the page carries. */
export function canUnpack(): boolean {
  return typeof DecompressionStream === "function";
}

async function unpack(base64: string): Promise<string> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

function packed(name: string): string {
  return document.getElementById(`packed-${name}`)?.textContent ?? "";
}

// What is packed behind the script is there once the page is read to its end.
const complete = new Promise<void>((resolve) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => resolve(), { once: true });
  else resolve();
});

/** readIndex returns what the list shows. */
export async function readIndex(): Promise<Index> {
  const columns = JSON.parse(await unpack(packed("index"))) as Columns;
  const { texts } = columns;
  const differences = columns.n.map((_, i) => rowAt(columns, texts, i));
  return { differences, chunk: columns.chunk, left: columns.left };
}

type TextColumn = "operation" | "part" | "path" | "kind" | "judgement" | "category" | "says" | "cause";
type NumberColumn = "n" | "branch" | "control" | "paired" | "e_value";

/** Columns is the index as it is packed; a text column holds places in texts. */
type Columns = Record<TextColumn | NumberColumn, number[]> & { texts: string[]; chunk: number; left: LeftOut };

function rowAt(c: Columns, texts: string[], i: number): Row {
  const text = (name: TextColumn) => texts[c[name]![i]!] ?? "";
  const number = (name: NumberColumn) => c[name][i] ?? 0;
  return {
    operation: text("operation"),
    part: text("part"),
    path: text("path"),
    kind: text("kind"),
    judgement: text("judgement") as Judgement,
    category: text("category"),
    says: text("says"),
    cause: text("cause"),
    n: number("n"),
    branch: number("branch"),
    control: number("control"),
    paired: number("paired") === 1,
    e_value: number("e_value"),
  };
}

/** readRest returns the text of the report without its differences. */
export async function readRest(): Promise<string> {
  await complete;
  return unpack(packed("rest"));
}

/** Details are the differences with all that the page has of them. */
export class Details {
  private readonly texts = complete.then(() => packed("details").split("\n"));
  private readonly chunks: (Promise<Difference[]> | undefined)[] = [];

  /** A chunk holds so many differences, the last one maybe fewer. */
  constructor(private readonly length: number) {}

  /** of returns a difference, or undefined where the page has its row alone. */
  async of(index: number): Promise<Difference | undefined> {
    return (await this.chunk(Math.floor(index / this.length)))[index % this.length];
  }

  /** each unpacks everything, a chunk at a time. */
  async each(take: (d: Difference, index: number) => void): Promise<void> {
    const { length } = await this.texts;
    for (let i = 0; i < length; i++) (await this.chunk(i)).forEach((d, j) => take(d, i * this.length + j));
  }

  /** text returns the JSON of all differences as it was written. */
  async text(): Promise<string> {
    const lists: string[] = [];
    for (const text of await this.texts) {
      const list = text === "" ? "" : (await unpack(text)).trim().slice(1, -1);
      if (list !== "") lists.push(list);
    }
    return `[${lists.join(",")}]`;
  }

  private chunk(i: number): Promise<Difference[]> {
    return (this.chunks[i] ??= this.read(i));
  }

  private async read(i: number): Promise<Difference[]> {
    const text = (await this.texts)[i];
    return text ? (JSON.parse(await unpack(text)) as Difference[]) : [];
  }
}
