// Choosing a pattern, two to morph between, or one that chance makes.

const TRAIL = 40; // places between two patterns
const TRIES = 400; // of chance, before it is said that nothing passes

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
