// A pattern as a Standard MIDI File, format 0. Source: MIDI 1.0 Detailed Specification, Standard MIDI Files 1.0.

const TICKS = 96; // a quarter note
const TICKS_A_STEP = TICKS / 4;
const DRUMS = 9; // channel 10, counted from 0

function variableLength(value) {
  const bytes = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

function bigEndian(value, bytes) {
  return Array.from({ length: bytes }, (_, i) => (value >> (8 * (bytes - 1 - i))) & 0xff);
}

/** Uint8Array: two bars with a tempo; a note lasts half a step. An instrument without a note is left out. */
function midiFile(pattern, instruments, bpm, title) {
  const events = [];
  pattern.forEach((step, at) => {
    instruments.forEach(({ note }, bit) => {
      if (note === null || !isStruck(step, bit)) return;
      events.push([at * TICKS_A_STEP, [0x90 | DRUMS, note, loudness(at)]]);
      events.push([at * TICKS_A_STEP + TICKS_A_STEP / 2, [0x80 | DRUMS, note, 64]]);
    });
  });
  events.sort((a, b) => a[0] - b[0]);
  const name = Array.from(new TextEncoder().encode(title)).slice(0, 120);
  const track = [
    ...[0, 0xff, 0x03, ...variableLength(name.length), ...name],
    ...[0, 0xff, 0x51, 3, ...bigEndian(Math.round(60e6 / bpm), 3)], // microseconds a quarter note
    ...[0, 0xff, 0x58, 4, 4, 2, 24, 8], // 4/4
  ];
  let now = 0;
  for (const [at, bytes] of events) {
    track.push(...variableLength(at - now), ...bytes);
    now = at;
  }
  track.push(...variableLength(STEPS * TICKS_A_STEP - now), 0xff, 0x2f, 0);
  const head = [0x4d, 0x54, 0x68, 0x64, ...bigEndian(6, 4), 0, 0, 0, 1, ...bigEndian(TICKS, 2)];
  return Uint8Array.from([...head, 0x4d, 0x54, 0x72, 0x6b, ...bigEndian(track.length, 4), ...track]);
}

/** A name that every file system takes. */
function fileName(title) {
  const plain = title.normalize("NFKD").replace(/[^A-Za-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60);
  return `${plain || "pattern"}.mid`;
}
