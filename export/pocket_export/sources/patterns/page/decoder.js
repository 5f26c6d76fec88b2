// The decoder of the network: a few numbers in, how likely each of 32 x 14 cells is struck out.

class Decoder {
  /** layers: [out, in] of each; weights: of each layer its (out, in) row by row, then its biases; the rest: of `between`. */
  constructor({ layers, weights, firm, sure, threshold }) {
    let at = 0;
    Object.assign(this, { firm, sure, edge: logit(threshold) });
    this.layers = layers.map(([outputs, inputs]) => {
      const weight = weights.subarray(at, (at += outputs * inputs));
      const bias = weights.subarray(at, (at += outputs));
      return { outputs, inputs, weight, bias };
    });
  }

  /** Float64Array(448): cell = step * 14 + bit. ReLU between the layers, a sigmoid behind the last. */
  run(code) {
    let x = code;
    this.layers.forEach(({ outputs, inputs, weight, bias }, number) => {
      const last = number === this.layers.length - 1;
      const y = new Float64Array(outputs);
      for (let o = 0; o < outputs; o++) {
        let sum = bias[o];
        for (let i = 0; i < inputs; i++) sum += weight[o * inputs + i] * x[i];
        y[o] = last ? 1 / (1 + Math.exp(-sum)) : Math.max(sum, 0);
      }
      x = y;
    });
    return x;
  }

  /**
   * What lies between two points: the decoder at the code between them. It is what the source `pattern` of pocketd
   * plays there (pocketd.generators.pattern), so what is heard here is what is sent.
   *
   * The decoder does not give a stored pattern back to the last stroke. What it lacks at each end is added again in
   * the measure in which that end counts, all of it in logits, so both ends are exactly their patterns.
   */
  between(a, b, amount) {
    const said = this.#logits(mixed(a.code, b.code, amount));
    const [lackA, lackB] = [this.#lack(a), this.#lack(b)];
    return said.map((l, i) => 1 / (1 + Math.exp(-(l + (1 - amount) * lackA[i] + amount * lackB[i]))));
  }

  #logits(code) {
    return this.run(code).map((p) => logit(Math.min(1 - this.sure, Math.max(this.sure, p))));
  }

  #lack({ code, pattern }) {
    return this.#logits(code).map((l, i) => {
      const struck = isStruck(pattern[Math.floor(i / BITS)], i % BITS);
      return (struck ? Math.max(l, this.edge + this.firm) : Math.min(l, this.edge - this.firm)) - l;
    });
  }
}

function logit(p) {
  return Math.log(p / (1 - p));
}

function mixed(a, b, amount) {
  return Float64Array.from(a, (value, i) => value + (b[i] - value) * amount);
}

/** The pattern of the cells that are likelier than the threshold. */
function struck(likely, threshold) {
  const pattern = new Uint16Array(STEPS);
  likely.forEach((p, i) => {
    if (p > threshold) pattern[Math.floor(i / BITS)] |= 1 << (i % BITS);
  });
  return pattern;
}

/** A code by chance: from a normal distribution fitted to each dimension of the codes of some patterns. */
function chanceCode(data, indices) {
  const code = new Float32Array(data.dimensions);
  for (let d = 0; d < code.length; d++) {
    let sum = 0;
    let squares = 0;
    for (const i of indices) {
      const value = data.code(i)[d];
      sum += value;
      squares += value * value;
    }
    const mean = sum / indices.length;
    const deviation = Math.sqrt(Math.max(squares / indices.length - mean * mean, 0));
    code[d] = mean + deviation * normal();
  }
  return code;
}

function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/** Where a code belongs on the map: between the patterns whose codes are nearest. */
function placeOf(data, code, neighbours = 5) {
  const nearest = [];
  for (let i = 0; i < data.count; i++) {
    const other = data.code(i);
    let far = 0;
    for (let d = 0; d < code.length; d++) far += (other[d] - code[d]) ** 2;
    if (nearest.length < neighbours || far < nearest[nearest.length - 1].far) {
      nearest.push({ i, far });
      nearest.sort((a, b) => a.far - b.far);
      if (nearest.length > neighbours) nearest.pop();
    }
  }
  let [x, y, sum] = [0, 0, 0];
  for (const { i, far } of nearest) {
    const weight = 1 / (far + 1e-9);
    x += weight * data.places[2 * i];
    y += weight * data.places[2 * i + 1];
    sum += weight;
  }
  return [x / sum, y / sum];
}
