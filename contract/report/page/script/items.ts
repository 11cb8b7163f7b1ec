// The items of the coverage inside the page, compressed with gzip, in base64, some
// operations at a time. Each is unpacked when it is needed.

/** Item is one thing that the document says of an operation. */
export interface Item {
  part: string;
  name: string;
  state: "covered" | "kept" | "broken" | "open";
  kept: number;
  broken: number | null; // null where it cannot be broken
  why: string;
}

type Packed = [string, string, Item["state"], number, number | null, string];

const length = 64; // operations in a chunk
const chunks = new Map<number, Promise<Packed[][]>>();

/** readItems returns the items of the operation with the number n. */
export async function readItems(n: number): Promise<Item[]> {
  const i = Math.floor(n / length);
  let chunk = chunks.get(i);
  if (!chunk) chunks.set(i, (chunk = read(i)));
  const items = (await chunk)[n % length];
  if (!items) throw new Error("the page does not hold it");
  return items.map(([part, name, state, kept, broken, why]) => ({ part, name, state, kept, broken, why }));
}

async function read(i: number): Promise<Packed[][]> {
  const text = document.getElementById("items")?.textContent.split("\n")[i]?.trim() ?? "";
  const binary = atob(text);
  const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
  return JSON.parse(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text()) as Packed[][];
}
