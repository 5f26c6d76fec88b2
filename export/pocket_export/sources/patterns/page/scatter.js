// The map: a point a pattern, over the grounds of genres; it can be moved and made larger.

const NEAR = 14; // pixels: how far from a point it is still meant
const CLOSEST = 40; // how large it can be made

class Scatter {
  /** look(): {colours, none, ink, ground, accent, font}; covered(): pixels at the bottom that the legend takes. */
  constructor(canvas, data, look, covered) {
    this.canvas = canvas;
    this.data = data;
    this.look = look;
    this.covered = covered;
    this.areas = new Areas(data);
    this.shown = new Set([...data.genres.keys(), data.genres.length]); // the last is "no genre"
    this.view = { x: 0, y: 0, scale: 1 }; // what lies in the middle, and how large
    this.marks = { hover: null, from: null, to: null, pull: null, trail: [], amount: 0, beat: 0 };
    this.waiting = false;
    this.stale = true; // the ground with its points has to be painted anew
    this.ground = document.createElement("canvas");
    this.restyle();
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /** Take in other colours, or other genres. */
  restyle() {
    this.areas.paint([...this.shown].filter((genre) => genre < this.data.genres.length), this.look().colours);
    this.draw();
  }

  isShown(index) {
    return this.shown.has(this.data.groups[index]);
  }

  place(index) {
    return [this.data.places[2 * index], this.data.places[2 * index + 1]];
  }

  /** Pixels of the canvas for a place of the map. */
  pixel([x, y]) {
    const { middle, unit } = this.#size();
    return [middle[0] + (x - this.view.x) * unit, middle[1] - (y - this.view.y) * unit];
  }

  /** Place of the map for pixels of the canvas. */
  under(px, py) {
    const { middle, unit } = this.#size();
    return [this.view.x + (px - middle[0]) / unit, this.view.y - (py - middle[1]) / unit];
  }

  /** The shown pattern nearest to a pixel; null: none is near. */
  nearest(px, py, within = NEAR) {
    let [best, found] = [within * within, null];
    for (let i = 0; i < this.data.count; i++) {
      if (!this.isShown(i)) continue;
      const [x, y] = this.pixel(this.place(i));
      const far = (x - px) ** 2 + (y - py) ** 2;
      if (far < best) [best, found] = [far, i];
    }
    return found;
  }

  /** The next shown pattern from a place in a direction (dx to the right, dy upwards); null: there is none. */
  towards([x, y], dx, dy, except) {
    let [best, found] = [Infinity, null];
    for (let i = 0; i < this.data.count; i++) {
      if (i === except || !this.isShown(i)) continue;
      const [ox, oy] = [this.place(i)[0] - x, this.place(i)[1] - y];
      const along = ox * dx + oy * dy;
      const aside = Math.abs(ox * dy - oy * dx);
      if (along <= 0 || aside > along) continue;
      const far = along + 2 * aside;
      if (far < best) [best, found] = [far, i];
    }
    return found;
  }

  move(px, py) {
    const { unit } = this.#size();
    this.view.x -= px / unit;
    this.view.y += py / unit;
    this.#keepInside();
  }

  zoom(by, [px, py] = this.#size().middle) {
    const before = this.under(px, py);
    this.view.scale = Math.min(CLOSEST, Math.max(1, this.view.scale * by));
    const after = this.under(px, py);
    this.view.x += before[0] - after[0];
    this.view.y += before[1] - after[1];
    this.#keepInside();
  }

  whole() {
    this.view = { x: 0, y: 0, scale: 1 };
    this.draw();
  }

  /** Bring a place into sight where it is not. */
  reveal(place) {
    const [x, y] = this.pixel(place);
    const edge = 40;
    const inside = x > edge && y > edge && x < this.canvas.clientWidth - edge && y < this.canvas.clientHeight - edge;
    if (!inside) [this.view.x, this.view.y] = place;
    this.#keepInside();
  }

  /** Draw before the next picture is shown; many calls are one. */
  draw() {
    this.stale = true;
    this.mark();
  }

  /** Draw what is chosen, over a ground that has not changed. */
  mark() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.#paint();
    });
  }

  #size() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const free = Math.max(height - this.covered(), 1);
    const unit = (Math.min(width, free) / 2.14) * this.view.scale;
    return { width, height, unit, middle: [width / 2, free / 2] };
  }

  #keepInside() {
    const most = this.view.scale > 1 ? 1.05 : 0.35;
    this.view.x = Math.min(most, Math.max(-most, this.view.x));
    this.view.y = Math.min(most, Math.max(-most, this.view.y));
    this.draw();
  }

  #paint() {
    const { width, height, unit } = this.#size();
    if (!width || !height) return;
    const look = this.look();
    if (this.stale) {
      const context = this.#cleared(this.ground, width, height);
      this.#paintAreas(context, look, unit);
      this.#paintPoints(context, look, width, height);
      this.#paintNames(context, look);
      this.stale = false;
    }
    const context = this.#cleared(this.canvas, width, height);
    context.drawImage(this.ground, 0, 0, width, height);
    this.#paintMorph(context, look);
    this.#paintChosen(context, look);
  }

  /** A canvas's context, empty, of the size of the map, in its pixels. */
  #cleared(canvas, width, height) {
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }

  #paintAreas(context, look, unit) {
    const { reach } = this.data;
    const [left, top] = this.pixel([-reach, reach]);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.areas.ground, left, top, 2 * reach * unit, 2 * reach * unit);
    const [x, y] = this.pixel([0, 0]);
    context.save();
    context.translate(x, y);
    context.scale(unit, unit);
    context.lineWidth = 1 / unit;
    this.areas.outlines.forEach((paths, genre) => {
      if (!this.shown.has(genre)) return;
      context.strokeStyle = look.colours[genre];
      paths.forEach((path, level) => {
        context.globalAlpha = 0.22 + 0.16 * level;
        context.stroke(path);
      });
    });
    context.restore();
  }

  #paintPoints(context, look, width, height) {
    const many = Math.sqrt(2000 / Math.max(this.data.count, 300));
    const radius = Math.min(7, (1.1 + 1.5 * many) * this.view.scale ** 0.35);
    const colours = [...look.colours, look.none];
    colours.forEach((colour, genre) => {
      if (!this.shown.has(genre)) return;
      context.fillStyle = colour;
      context.globalAlpha = genre === look.colours.length ? 0.5 : 0.82;
      context.beginPath();
      for (let i = 0; i < this.data.count; i++) {
        if (this.data.groups[i] !== genre) continue;
        const [x, y] = this.pixel(this.place(i));
        if (x < -9 || y < -9 || x > width + 9 || y > height + 9) continue;
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 2 * Math.PI);
      }
      context.fill();
    });
    context.globalAlpha = 1;
  }

  #paintNames(context, look) {
    const taken = [];
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `600 13px ${look.font}`;
    context.lineJoin = "round";
    this.areas.hearts.forEach((heart, genre) => {
      if (!this.shown.has(genre)) return;
      const name = this.data.genres[genre].name.slice(0, 24);
      const half = context.measureText(name).width / 2 + 4;
      let [x, y] = this.pixel(heart);
      const clash = () => taken.find((t) => Math.abs(t.x - x) < t.half + half && Math.abs(t.y - y) < 16);
      for (let tries = 0; tries < 5 && clash(); tries++) y = clash().y + 17;
      if (clash()) return;
      taken.push({ x, y, half });
      context.strokeStyle = look.ground;
      context.lineWidth = 4;
      context.globalAlpha = 0.85;
      context.strokeText(name, x, y);
      context.globalAlpha = 1;
      context.fillStyle = look.colours[genre];
      context.fillText(name, x, y);
    });
  }

  #paintMorph(context, look) {
    const { from, to, pull, trail, amount } = this.marks;
    if (from !== null && pull !== null) this.#line(context, look, from, this.under(...pull), [5, 5]);
    if (from === null || to === null) return;
    this.#line(context, look, from, to, []);
    context.fillStyle = look.accent;
    trail.forEach((place, i) => {
      const [x, y] = this.pixel(place);
      context.globalAlpha = 0.55;
      context.beginPath();
      context.arc(x, y, 1.7 + (Math.abs(i / (trail.length - 1) - amount) < 0.04 ? 2.4 : 0), 0, 2 * Math.PI);
      context.fill();
    });
    context.globalAlpha = 1;
    this.#ring(context, look.accent, to, 8, 2);
    const [a, b] = [this.pixel(from), this.pixel(to)];
    context.beginPath();
    context.arc(a[0] + (b[0] - a[0]) * amount, a[1] + (b[1] - a[1]) * amount, 5, 0, 2 * Math.PI);
    context.fillStyle = look.accent;
    context.fill();
  }

  #paintChosen(context, look) {
    const { hover, from, beat } = this.marks;
    if (hover !== null) this.#ring(context, look.ink, this.place(hover), 7, 1.5);
    if (from === null) return;
    context.globalAlpha = 0.55 * beat;
    this.#ring(context, look.accent, from, 9 + 14 * (1 - beat), 2);
    context.globalAlpha = 1;
    this.#ring(context, look.ground, from, 9, 5);
    this.#ring(context, look.accent, from, 9, 2.5);
  }

  #line(context, look, from, to, dash) {
    context.strokeStyle = look.accent;
    context.lineWidth = 2;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(...this.pixel(from));
    context.lineTo(...this.pixel(to));
    context.stroke();
    context.setLineDash([]);
  }

  #ring(context, colour, place, radius, width) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.arc(...this.pixel(place), radius, 0, 2 * Math.PI);
    context.stroke();
  }
}
