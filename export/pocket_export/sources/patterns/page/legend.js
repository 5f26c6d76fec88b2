// The genres below the map; each can be hidden.

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
