// Puts the page together: what is chosen, what plays, and what each button does.

const $ = (id) => document.getElementById(id);
const data = readData($("data").textContent);
const decoder = new Decoder(data.layers, data.weights);
const filter = new Filter(data);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const word = secretWord(window.location);
const TRAIL = 40; // places between two patterns
const TRIES = 400; // of chance, before it is said that nothing passes

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

const scatter = new Scatter($("map"), data, look);
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

// ---- choosing ----

function choose(point, { play = false } = {}) {
  if (state.pinned && state.from !== null && point !== state.from) {
    state.pinned = false;
    return morph(state.from, point, { play });
  }
  [state.from, state.to, state.amount] = [point, null, 0];
  show();
  if (play) player.start();
  return showPlaying();
}

function morph(from, to, { play = true, amount = 0 } = {}) {
  [state.from, state.to, state.amount, state.pinned] = [from, to, amount, false];
  scatter.marks.trail = Array.from({ length: TRAIL + 1 }, (_, i) => placeOf(data, mixed(from.code, to.code, i / TRAIL)));
  show();
  if (play) player.start();
  showPlaying();
}

function surprise() {
  const drawn = [...data.groups.keys()].filter((i) => scatter.isShown(i));
  for (let tries = 0; drawn.length && tries < TRIES; tries++) {
    const code = chanceCode(data, drawn);
    const pattern = struck(decoder.run(code), data.threshold);
    if (!filter.passes(pattern)) continue;
    choose(pointOf({ pattern, code }, "A new pattern"), { play: true });
    scatter.reveal(state.from.place);
    return;
  }
  say("Chance made nothing that is lively and new; show more genres, or try again.", false);
}

// ---- showing ----

function show() {
  const { from, to, amount } = state;
  const moving = from !== null && to !== null;
  state.likely = moving ? decoder.between(from, to, amount) : null;
  if (from !== null) state.pattern = moving ? struck(state.likely, data.threshold) : from.pattern;
  Object.assign(scatter.marks, { from: from && from.place, to: to && to.place, amount });
  if (!moving) scatter.marks.trail = [];
  showHeading();
  sequencer.show(state.pattern, state.likely, from === null ? look().accent : hueOf((amount > 0.5 && to ? to : from).genre));
  $("steps").setAttribute("role", "group");
  $("steps").setAttribute("aria-label", inWords(state.pattern, data.instruments));
  $("morph-slide").hidden = $("unmorph").hidden = !moving;
  $("morph-hint").hidden = moving;
  $("pin").hidden = moving;
  $("pin").disabled = from === null;
  $("pin").setAttribute("aria-pressed", String(state.pinned));
  $("amount").value = String(amount);
  $("amount").setAttribute("aria-valuetext", `${Math.round(100 * amount)} percent`);
  $("from").textContent = moving ? from.name : "";
  $("to").textContent = moving ? to.name : "";
  for (const id of ["play", "send", "midi", "link"]) $(id).disabled = from === null;
  scatter.draw();
  keepLink();
}

function showHeading() {
  const { from, to, amount } = state;
  if (from === null) return;
  const between = to !== null && amount > 0 && amount < 1;
  const one = to !== null && amount === 1 ? to : from;
  const { hits, instruments } = tally(state.pattern);
  const genre = data.genres[one.genre]?.name ?? (one.index === null ? "made by the network" : "no genre");
  const dot = document.createElement("i");
  dot.style.setProperty("--hue", one.genre < data.genres.length ? hueOf(one.genre) : look().none);
  $("name").textContent = between ? `${Math.round(100 * amount)} % of the way` : one.name;
  $("name").title = $("name").textContent;
  $("facts").replaceChildren(
    dot,
    `${between ? "between two patterns" : genre} · ${hits} strokes · ${instruments} instruments · ${entropy(state.pattern).toFixed(2)} bits`,
  );
}

function showPlaying() {
  const { playing } = player;
  $("play").setAttribute("aria-pressed", String(playing));
  $("play").firstElementChild.textContent = playing ? "■" : "▶";
  $("play").querySelector("b").textContent = playing ? "Stop" : "Play";
  if (playing) requestAnimationFrame(follow);
  else sequencer.head(null);
}

const still = window.matchMedia("(prefers-reduced-motion: reduce)");

/** Move the play-head, and let the chosen point beat with the bar, for as long as it plays. */
function follow() {
  if (!player.playing) {
    scatter.marks.beat = 0;
    sequencer.head(null);
    scatter.draw();
    return;
  }
  const step = player.heard();
  sequencer.head(step);
  if (!still.matches && step !== null) {
    const since = (player.context.currentTime - player.steps[0].at) * (player.bpm / 15) + (step % 4);
    scatter.marks.beat = Math.max(0, 1 - since / 4);
    scatter.draw();
  }
  requestAnimationFrame(follow);
}

function say(text, well = true) {
  $("said").textContent = text;
  $("said").className = well ? "good" : "bad";
}

function hover(index, x, y) {
  const tip = $("tip");
  scatter.canvas.classList.toggle("over", index !== null);
  if (index !== scatter.marks.hover) {
    scatter.marks.hover = index;
    scatter.draw();
  }
  tip.hidden = index === null;
  if (index === null) return;
  const { name, genre, pattern } = pointAt(index);
  tip.querySelector("strong").textContent = name;
  tip.querySelector("span").textContent = data.genres[genre]?.name ?? "no genre";
  drawSmall(tip.querySelector("canvas"), pattern, hueOf(genre), dark.matches ? "#ffffff0c" : "#0000000c");
  const left = x + 230 > scatter.canvas.clientWidth ? x - 228 : x + 14;
  const top = y + 150 > scatter.canvas.clientHeight ? y - 148 : y + 14;
  tip.style.setProperty("left", `${Math.max(left, 4)}px`);
  tip.style.setProperty("top", `${Math.max(top, 4)}px`);
}

// ---- the legend ----

function makeLegend() {
  const counts = Array.from({ length: data.genres.length + 1 }, () => 0);
  for (const group of data.groups) counts[group]++;
  counts.forEach((count, genre) => {
    if (!count) return;
    const chip = document.createElement("button");
    const [dot, name, number] = ["i", "span", "small"].map((tag) => document.createElement(tag));
    chip.type = "button";
    chip.className = "chip";
    chip.dataset.genre = String(genre);
    name.textContent = data.genres[genre]?.name ?? "no genre";
    number.textContent = count.toLocaleString("en");
    chip.append(dot, name, number);
    chip.title = "Click: show or hide; with Shift: this one alone, or all again";
    chip.addEventListener("click", (event) => toggle(genre, event.shiftKey));
    $("legend").append(chip);
  });
  colourLegend();
}

function toggle(genre, alone) {
  const { shown } = scatter;
  if (alone) {
    const only = shown.size === 1 && shown.has(genre);
    shown.clear();
    for (let g = 0; g <= data.genres.length; g++) if (only || g === genre) shown.add(g);
  } else if (!shown.delete(genre)) {
    shown.add(genre);
  }
  colourLegend();
  scatter.restyle();
}

function colourLegend() {
  for (const chip of $("legend").children) {
    const genre = Number(chip.dataset.genre);
    chip.setAttribute("aria-pressed", String(scatter.shown.has(genre)));
    chip.firstElementChild.style.setProperty("--hue", look().colours[genre] ?? look().none);
  }
}

// ---- links, files, pocketd ----

let keeping = null;

/** Keep the address in step with what is shown, but not at every pixel of a slider. */
function keepLink() {
  clearTimeout(keeping);
  keeping = setTimeout(() => {
    const hash = hashOf({ ...state, bpm: player.bpm });
    if (hash && hash !== window.location.hash) window.history.replaceState(null, "", hash);
  }, 250);
}

function followLink() {
  const { from, to, amount, bpm } = readHash(window.location.hash, data.dimensions);
  if (bpm !== null) setTempo(bpm);
  if (from === null) return false;
  const [a, b] = [from, to].map((point) => point && (found(point) ?? pointOf(point, "A new pattern")));
  if (b) morph(a, b, { play: false, amount: amount ?? 0 });
  else choose(a);
  return true;
}

function found({ pattern, code }) {
  for (let i = 0; i < data.count; i++) {
    const [steps, numbers] = [data.pattern(i), data.code(i)];
    if (steps.every((step, at) => step === pattern[at]) && numbers.every((n, at) => n === code[at])) return pointAt(i);
  }
  return null;
}

async function copyLink() {
  const hash = hashOf({ ...state, bpm: player.bpm });
  // the address of a served page holds its secret word, and is nobody's once the server has ended
  const link = word === null ? window.location.href.replace(/#.*$/, "") + hash : `map.html${hash}`;
  const where = word === null ? "" : "; put the place of your map’s file before it";
  try {
    await navigator.clipboard.writeText(link);
    say(`The link is copied${where}.`);
  } catch {
    say(`The link: ${link}${where}`);
  }
}

function download() {
  const title = $("name").textContent;
  const bytes = midiFile(state.pattern, data.instruments, player.bpm, title);
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([bytes], { type: "audio/midi" }));
  anchor.download = fileName(title);
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10000);
  say(`${anchor.download}: two bars at ${player.bpm} BPM, on channel 10.`);
}

async function send() {
  $("send").disabled = true;
  const morphing = state.to !== null;
  const { well, text } = await sendWish(word, morphing ? state.from.pattern : state.pattern, morphing ? state.to.pattern : null);
  $("send").disabled = false;
  say(text, well);
}

// ---- what is pressed ----

function setTempo(bpm) {
  player.bpm = bpm;
  $("tempo").value = String(bpm);
  $("bpm").textContent = String(bpm);
}

function togglePlay() {
  if (state.from === null) return;
  if (player.playing) player.stop();
  else player.start();
  showPlaying();
}

function togglePin() {
  if (state.from === null) return;
  state.pinned = !state.pinned;
  if (state.pinned) say("Choose the pattern to morph to.");
  show();
}

function unmorph() {
  [state.to, state.amount, state.pinned] = [null, 0, false];
  show();
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function walk(dx, dy) {
  const next = scatter.towards(state.from?.place ?? [0, 0], dx, dy, state.from?.index ?? null);
  if (next === null) return;
  choose(pointAt(next));
  scatter.reveal(scatter.place(next));
  say(`${data.names[next]}, ${data.genres[data.groups[next]]?.name ?? "no genre"}`);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const onMap = event.target === scatter.canvas;
  const elsewhere = !onMap && event.target.closest("button, input, summary, a");
  const deeds = {
    " ": () => togglePlay(),
    m: () => togglePin(),
    r: () => surprise(),
    Escape: () => unmorph(),
    "+": () => scatter.zoom(1.3),
    "=": () => scatter.zoom(1.3),
    "-": () => scatter.zoom(1 / 1.3),
    0: () => scatter.whole(),
  };
  const deed = onMap && ARROWS[event.key] ? () => walk(...ARROWS[event.key]) : deeds[event.key];
  if (!deed || (elsewhere && event.key === " ")) return;
  event.preventDefault();
  deed();
}

new Gestures(scatter, {
  choose: (index) => choose(pointAt(index), { play: true }),
  morph: (a, b) => {
    if (a !== null && b !== null && a !== b) morph(pointAt(a), pointAt(b));
    else show();
  },
  hover,
});
$("play").addEventListener("click", togglePlay);
$("surprise").addEventListener("click", surprise);
$("pin").addEventListener("click", togglePin);
$("unmorph").addEventListener("click", unmorph);
$("send").addEventListener("click", send);
$("midi").addEventListener("click", download);
$("link").addEventListener("click", copyLink);
$("zoom-in").addEventListener("click", () => scatter.zoom(1.5));
$("zoom-out").addEventListener("click", () => scatter.zoom(1 / 1.5));
$("zoom-all").addEventListener("click", () => scatter.whole());
$("tempo").addEventListener("input", () => {
  setTempo(Number($("tempo").value));
  keepLink();
});
$("volume").addEventListener("input", () => player.setVolume(Number($("volume").value) / 100));
$("amount").addEventListener("input", () => {
  state.amount = Number($("amount").value);
  show();
});
document.addEventListener("keydown", onKey);
window.addEventListener("hashchange", followLink);
dark.addEventListener("change", () => {
  colourLegend();
  scatter.restyle();
  show();
});
$("about").textContent = `${data.count.toLocaleString("en")} patterns · ${data.method} of ${data.dimensions} numbers each`;
$("licences").textContent = data.licences.join(" ");
if (word === null) $("send").title = HOW;
makeLegend();
show();
followLink();

// For the console, and for tests.
window.pocket = { data, state, player, scatter, decoder, filter, Drums, midiFile, entropy, rotationKey, hashOf, readHash, struck };
