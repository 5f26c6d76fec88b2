// Sending patterns to a running pocketd. It takes `pocketd patterns map --serve` (or `show`), whose pages have an
// address of a secret word: http://127.0.0.1:PORT/WORD/.

const HOW = "A page that is a plain file cannot reach pocketd. Run “pocketd patterns map --serve” and use the page that "
  + "it opens; or download the MIDI file and name it as generate.start in pocketd’s configuration.";

/** The secret word of the server that this page is from; null: it is a file, or lies elsewhere. */
function secretWord(location) {
  const local = location.protocol === "http:" && ["127.0.0.1", "localhost"].includes(location.hostname);
  const found = local ? /^\/([A-Za-z0-9_-]{43})\/$/.exec(location.pathname) : null;
  return found && found[1];
}

/** Send a pattern, and where it goes: how far it is there now. Return {well, text}: what the server said, for people. */
async function sendWish(word, { pattern, goal, morph }) {
  if (word === null) return { well: false, text: HOW };
  const body = JSON.stringify({ pattern: Array.from(pattern), goal: goal && Array.from(goal), morph });
  try {
    const answer = await fetch("/wish", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Pocketd-Token": word },
      body,
      credentials: "omit",
      redirect: "error",
    });
    const said = await answer.json();
    return { well: answer.ok, text: String(said.said) };
  } catch {
    return { well: false, text: "Nobody answers: pocketd patterns has ended. Start it again and open the page it names." };
  }
}
