// What is on the page as a link: `#a=PATTERN.CODE&b=PATTERN.CODE&t=0.25&bpm=110`, in base64 for addresses.
// A pattern is 32 x 14 bits, the first step first, its highest bit first; a code is little-endian float32.

const LONGEST = 2000; // characters of a hash that is ours

function forAddress(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function fromAddress(text, length) {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length !== Math.ceil((length * 4) / 3)) return null;
  return new Uint8Array(bytesOf(text.replace(/-/g, "+").replace(/_/g, "/")));
}

function packed(pattern) {
  const bytes = new Uint8Array((STEPS * BITS) / 8);
  for (let i = 0; i < STEPS * BITS; i++) {
    if (isStruck(pattern[Math.floor(i / BITS)], BITS - 1 - (i % BITS))) bytes[i >> 3] |= 0x80 >> (i & 7);
  }
  return bytes;
}

function unpacked(bytes) {
  const pattern = new Uint16Array(STEPS);
  for (let i = 0; i < STEPS * BITS; i++) {
    if (bytes[i >> 3] & (0x80 >> (i & 7))) pattern[Math.floor(i / BITS)] |= 1 << (BITS - 1 - (i % BITS));
  }
  return pattern;
}

function pointText({ pattern, code }) {
  const numbers = Float32Array.from(code);
  return `${forAddress(packed(pattern))}.${forAddress(new Uint8Array(numbers.buffer))}`;
}

/** {pattern, code}, or null where the text is none of ours. */
function readPoint(text, dimensions) {
  const [first, second, ...more] = text.split(".");
  if (second === undefined || more.length) return null;
  const steps = fromAddress(first, (STEPS * BITS) / 8);
  const numbers = fromAddress(second, 4 * dimensions);
  if (steps === null || numbers === null) return null;
  const code = new Float32Array(numbers.buffer);
  return code.every(Number.isFinite) ? { pattern: unpacked(steps), code } : null;
}

function hashOf({ from, to, amount, bpm }) {
  if (from === null) return "";
  const parts = [`a=${pointText(from)}`];
  if (to !== null) parts.push(`b=${pointText(to)}`, `t=${amount.toFixed(2)}`);
  parts.push(`bpm=${bpm}`);
  return `#${parts.join("&")}`;
}

/** {from, to, amount, bpm}; what is missing or none of ours is null. */
function readHash(hash, dimensions) {
  const words = new Map();
  if (hash.length <= LONGEST) {
    for (const part of hash.replace(/^#/, "").split("&")) {
      const at = part.indexOf("=");
      if (at > 0) words.set(part.slice(0, at), part.slice(at + 1));
    }
  }
  const number = (word, least, most) => {
    const text = words.get(word) ?? "";
    return /^\d{1,3}(\.\d{1,4})?$/.test(text) && +text >= least && +text <= most ? +text : null;
  };
  return {
    from: readPoint(words.get("a") ?? "", dimensions),
    to: readPoint(words.get("b") ?? "", dimensions),
    amount: number("t", 0, 1),
    bpm: number("bpm", 50, 220),
  };
}
