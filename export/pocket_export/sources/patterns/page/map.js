// What each key and button does; then the page begins.

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

/** Zoom about the chosen pattern, or about the middle where none is chosen. */
function zoom(by) {
  if (state.from !== null) scatter.reveal(state.from.place);
  scatter.zoom(by, state.from === null ? undefined : scatter.pixel(state.from.place));
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
    "+": () => zoom(1.3),
    "=": () => zoom(1.3),
    "-": () => zoom(1 / 1.3),
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
$("zoom-in").addEventListener("click", () => zoom(1.5));
$("zoom-out").addEventListener("click", () => zoom(1 / 1.5));
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
