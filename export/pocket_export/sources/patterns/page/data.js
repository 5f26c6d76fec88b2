"use strict";
// What the page holds. Arrays are base64 of little-endian bytes (pocket_export.sources.patterns.map_page).

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes.buffer;
}

/** Read the block of data. Patterns come as rows of 32 steps, codes as rows of a few numbers. */
function readData(text) {
  const raw = JSON.parse(text);
  const patterns = new Uint16Array(bytesOf(raw.patterns));
  const known = new Uint16Array(bytesOf(raw.known));
  const codes = new Float32Array(bytesOf(raw.codes));
  const row = (array, width, index) => array.subarray(index * width, (index + 1) * width);
  return {
    ...raw,
    count: raw.names.length,
    places: new Float32Array(bytesOf(raw.places)), // x, y of each, within -1..1, y upwards
    groups: new Uint8Array(bytesOf(raw.groups)), // the genre of each; genres.length: none
    areas: new Uint8Array(bytesOf(raw.areas)), // genre, row from the top, column
    weights: new Float32Array(bytesOf(raw.weights)), // of each layer: (out, in), then biases
    codes,
    pattern: (index) => row(patterns, raw.steps, index),
    code: (index) => row(codes, raw.dimensions, index),
    knownCount: known.length / raw.steps,
    known: (index) => row(known, raw.steps, index), // trained on, but not drawn
  };
}
