// The address of what is looked at: #TARGET, or #TARGET?FILTER. A target is a
// section, or a thing named by its kind and a hash of what names it, which the
// report's writer makes in the same way.

export interface Fragment {
  target: string;
  query: URLSearchParams;
}

/** readFragment returns what the address names. */
export function readFragment(): Fragment {
  const [target = "", query = ""] = location.hash.slice(1).split(/\?(.*)/s);
  return { target, query: new URLSearchParams(query) };
}

/** writeFragment changes the address without a step in the history. */
export function writeFragment(target: string, query: URLSearchParams): void {
  const text = query.toString();
  const fragment = `#${target}${text ? `?${text}` : ""}`;
  if (fragment === location.hash) return;
  try {
    history.replaceState(null, "", fragment);
  } catch {
    return; // a document without an address of its own, as in a mail
  }
}

const bytes = new TextEncoder();
const prime = 0x1b3; // of 2^40 + 0x1b3

/** anchor hashes the parts by FNV-1a with 64 bits, in two halves. */
export function anchor(kind: string, ...parts: string[]): string {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of bytes.encode(parts.join("\0"))) {
    low = (low ^ byte) >>> 0;
    const product = low * prime;
    high = (high * prime + Math.floor(product / 2 ** 32) + low * 2 ** 8) % 2 ** 32;
    low = product % 2 ** 32;
  }
  return `${kind}-${hex(high)}${hex(low)}`;
}

function hex(n: number): string {
  return n.toString(16).padStart(8, "0");
}
