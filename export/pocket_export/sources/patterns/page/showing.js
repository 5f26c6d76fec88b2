// Shows what is chosen, and what is heard.

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
  $("send").textContent = moving ? `Send to pocketd at ${Math.round(100 * amount)} %` : "Send to pocketd";
  $("pin").hidden = moving;
  $("pin").disabled = from === null;
  $("pin").setAttribute("aria-pressed", String(state.pinned));
  $("amount").value = String(amount);
  $("amount").setAttribute("aria-valuetext", `${Math.round(100 * amount)} percent`);
  $("from").textContent = moving ? from.name : "";
  $("to").textContent = moving ? to.name : "";
  for (const id of ["play", "send", "midi", "link"]) $(id).disabled = from === null;
  scatter.mark();
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
    scatter.mark();
    return;
  }
  const step = player.heard();
  sequencer.head(step);
  if (!still.matches && step !== null) {
    const since = (player.context.currentTime - player.steps[0].at) * (player.bpm / 15) + (step % 4);
    scatter.marks.beat = Math.max(0, 1 - since / 4);
    scatter.mark();
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
    scatter.mark();
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
