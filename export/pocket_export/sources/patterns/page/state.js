// What the page is made of, and what is chosen.

const $ = (id) => document.getElementById(id);
const data = readData($("data").textContent);
const decoder = new Decoder(data);
const filter = new Filter(data);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const word = secretWord(window.location);

// from, to: {index | null, name, genre, pattern, code, place}
const state = { from: null, to: null, amount: 0, pattern: new Uint16Array(STEPS), likely: null, pinned: false };
const player = new Player(() => state.pattern);

function look() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  return {
    colours: data.genres.map((genre) => (dark.matches ? genre.dark : genre.light)),
    none: value("--soft"),
    ink: value("--ink"),
    ground: value("--ground"),
    accent: value("--accent"),
    font: value("--font"),
  };
}

const scatter = new Scatter($("map"), data, look, () => $("legend").offsetHeight + 14);
const sequencer = new Sequencer($("steps"), data.instruments, usedAnywhere(), (bit) => player.audition(bit));

function usedAnywhere() {
  let used = 0b1111111111 ^ (1 << 9); // a drum kit; bit 9 has no name, and is shown only where it is struck
  for (let i = 0; i < data.count; i++) used |= tally(data.pattern(i)).used;
  return used | (0b1111 << 10);
}

function pointAt(index) {
  return {
    index,
    name: data.names[index],
    genre: data.groups[index],
    pattern: data.pattern(index),
    code: data.code(index),
    place: scatter.place(index),
  };
}

function pointOf({ pattern, code }, name) {
  return { index: null, name, genre: data.genres.length, pattern, code, place: placeOf(data, code) };
}

function hueOf(genre) {
  return look().colours[genre] ?? look().accent;
}
