// The chosen pattern as a grid: a line an instrument, a column a sixteenth.

class Sequencer {
  /** audition(bit): somebody wants to hear an instrument. Instruments that nothing has are left out. */
  constructor(box, instruments, used, audition) {
    this.box = box;
    this.instruments = instruments;
    this.lines = [];
    this.now = null;
    const order = instruments.map((_, bit) => bit).filter((bit) => isStruck(used, bit));
    for (const bit of order.reverse()) this.#line(bit, audition); // the kick at the bottom, as on a drum roll
    this.grid = box;
    this.#marks();
  }

  #line(bit, audition) {
    const line = document.createElement("div");
    line.className = "line";
    const name = document.createElement("button");
    name.type = "button";
    name.textContent = this.instruments[bit].name;
    name.title = `Hear the ${this.instruments[bit].name}`;
    name.addEventListener("click", () => audition(bit));
    line.append(name);
    const cells = Array.from({ length: STEPS }, (_, step) => {
      const cell = document.createElement("span");
      cell.setAttribute("aria-hidden", "true");
      if (step % 4 === 0) cell.className = "beat";
      line.append(cell);
      return cell;
    });
    this.box.append(line);
    this.lines.push({ bit, line, cells });
  }

  #marks() {
    const line = document.createElement("div");
    line.className = "line marks";
    line.setAttribute("aria-hidden", "true");
    line.append(document.createElement("span"));
    for (let step = 0; step < STEPS; step++) {
      const mark = document.createElement("span");
      if (step % 4 === 0) mark.textContent = `${step / 16 < 1 ? 1 : 2}.${((step / 4) % 4) + 1}`;
      line.append(mark);
    }
    this.box.append(line);
  }

  /** likely: Float64Array(448), or null where all is certain; hue: of the strokes. */
  show(pattern, likely, hue) {
    this.box.style.setProperty("--hue", hue);
    for (const { bit, line, cells } of this.lines) {
      line.classList.toggle("used", pattern.some((step) => isStruck(step, bit)));
      cells.forEach((cell, step) => {
        const on = isStruck(pattern[step], bit);
        const p = likely === null ? on : likely[step * BITS + bit];
        cell.classList.toggle("on", Boolean(on));
        cell.style.setProperty("--p", (on ? 0.35 + 0.65 * p : 0.55 * p).toFixed(3));
      });
    }
  }

  /** Move the play-head; null: it is nowhere. */
  head(step) {
    if (step === this.now) return;
    for (const { cells } of this.lines) {
      if (this.now !== null) cells[this.now].classList.remove("now");
      if (step !== null) cells[step].classList.add("now");
    }
    this.now = step;
  }
}

/** Draw a pattern small, for the tip over a point. */
function drawSmall(canvas, pattern, colour, faint) {
  const context = canvas.getContext("2d");
  const [w, h] = [canvas.width / STEPS, canvas.height / BITS];
  context.clearRect(0, 0, canvas.width, canvas.height);
  pattern.forEach((step, at) => {
    for (let bit = 0; bit < BITS; bit++) {
      context.fillStyle = isStruck(step, bit) ? colour : faint;
      if (isStruck(step, bit) || at % 4 === 0) {
        context.fillRect(at * w + 0.5, (BITS - 1 - bit) * h + 0.5, w - 1, h - 1);
      }
    }
  });
}
