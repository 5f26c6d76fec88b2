// What leaves the page: its address, a MIDI file, a wish to pocketd.

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
  const wish = morphing
    ? { pattern: state.from.pattern, goal: state.to.pattern, morph: state.amount }
    : { pattern: state.pattern, goal: null, morph: 0 };
  const { well, text } = await sendWish(word, wish);
  $("send").disabled = false;
  say(text, well);
}
