// A pattern is 32 steps, each a set of instruments as bits.

const STEPS = 32;
const BITS = 14;

function isStruck(step, bit) {
  return (step >> bit) & 1;
}

/** How many strokes there are, and which instruments have one. */
function tally(pattern) {
  let hits = 0;
  let used = 0;
  for (const step of pattern) {
    used |= step;
    for (let bit = 0; bit < BITS; bit++) hits += isStruck(step, bit);
  }
  let instruments = 0;
  for (let bit = 0; bit < BITS; bit++) instruments += isStruck(used, bit);
  return { hits, used, instruments };
}

/** Entropy of the 32 steps as symbols, in bits; a pattern below the filter's least is too plain. */
function entropy(pattern) {
  const counts = new Map();
  for (const step of pattern) counts.set(step, (counts.get(step) ?? 0) + 1);
  let sum = 0;
  for (const count of counts.values()) sum -= (count / STEPS) * Math.log2(count / STEPS);
  return sum;
}

/** The same text for all 32 rotations of a pattern: of their texts the smallest. */
function rotationKey(pattern) {
  const digits = Array.from(pattern, (step) => step.toString(16).padStart(4, "0"));
  const twice = digits.concat(digits).join("");
  let least = twice.slice(0, 4 * STEPS);
  for (let by = 1; by < STEPS; by++) {
    const turned = twice.slice(4 * by, 4 * (by + STEPS));
    if (turned < least) least = turned;
  }
  return least;
}

/** The published filter: not too plain, and not among the patterns that were trained on, however turned. */
class Filter {
  #known = null;

  constructor(data) {
    this.data = data;
  }

  passes(pattern) {
    return entropy(pattern) >= this.data.leastEntropy && !this.knows(pattern);
  }

  knows(pattern) {
    if (this.#known === null) {
      this.#known = new Set();
      for (let i = 0; i < this.data.count; i++) this.#known.add(rotationKey(this.data.pattern(i)));
      for (let i = 0; i < this.data.knownCount; i++) this.#known.add(rotationKey(this.data.known(i)));
    }
    return this.#known.has(rotationKey(pattern));
  }
}

/** How loud the strokes of a step are, 1..127: a pattern does not say, so beats are louder, as in pocketd. */
function loudness(step) {
  return [104, 80, 92, 80][step % 4];
}

/** Say a pattern in words: "kick on 1, 9; snare on 5, 13". */
function inWords(pattern, instruments) {
  const parts = [];
  instruments.forEach((instrument, bit) => {
    const steps = [];
    pattern.forEach((step, at) => {
      if (isStruck(step, bit)) steps.push(at + 1);
    });
    if (steps.length) parts.push(`${instrument.name} on ${steps.join(", ")}`);
  });
  return parts.join("; ") || "silence";
}
