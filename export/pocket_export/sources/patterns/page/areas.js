// Where genres are at home: soft grounds, with a line around their hearts.

const LINES = [0.42, 0.68]; // of a genre's strength, 0..1
const STRENGTH = 0.3; // of its ground at the heart

class Areas {
  constructor(data) {
    this.data = data;
    this.ground = document.createElement("canvas");
    this.ground.width = this.ground.height = data.grid;
    this.outlines = data.genres.map((_, genre) => LINES.map((level) => this.#outline(genre, level)));
    this.hearts = data.genres.map((_, genre) => this.#heart(genre));
  }

  /** Paint the grounds of some genres; colours: "#rrggbb" of each. */
  paint(shown, colours) {
    const { grid, areas } = this.data;
    const context = this.ground.getContext("2d");
    const image = context.createImageData(grid, grid);
    const rgb = colours.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));
    for (let cell = 0; cell < grid * grid; cell++) {
      const sum = [0, 0, 0];
      let [total, most] = [0, 0];
      for (const genre of shown) {
        const strength = (areas[genre * grid * grid + cell] / 255) ** 1.5;
        for (let c = 0; c < 3; c++) sum[c] += strength * rgb[genre][c];
        total += strength;
        most = Math.max(most, strength);
      }
      if (total > 0) for (let c = 0; c < 3; c++) image.data[4 * cell + c] = sum[c] / total;
      image.data[4 * cell + 3] = 255 * STRENGTH * most;
    }
    context.putImageData(image, 0, 0);
  }

  /** The line at a level, by marching squares: a Path2D in the map's own measure, y downwards. */
  #outline(genre, level) {
    const { grid, reach, areas } = this.data;
    const at = (row, column) => areas[(genre * grid + row) * grid + column] / 255;
    const path = new Path2D();
    const point = (row, column) => [((column + 0.5) / grid) * 2 * reach - reach, ((row + 0.5) / grid) * 2 * reach - reach];
    for (let row = 0; row < grid - 1; row++) {
      for (let column = 0; column < grid - 1; column++) {
        const corners = [[row, column], [row, column + 1], [row + 1, column + 1], [row + 1, column]];
        const crossings = [];
        corners.forEach(([r, c], i) => {
          const [r2, c2] = corners[(i + 1) % 4];
          const [a, b] = [at(r, c) - level, at(r2, c2) - level];
          if (a < 0 !== b < 0) crossings.push(point(r + ((r2 - r) * a) / (a - b), c + ((c2 - c) * a) / (a - b)));
        });
        for (let i = 0; i + 1 < crossings.length; i += 2) {
          path.moveTo(...crossings[i]);
          path.lineTo(...crossings[i + 1]);
        }
      }
    }
    return path;
  }

  /** Where a genre is strongest: its name stands there. */
  #heart(genre) {
    const { grid, reach, areas } = this.data;
    let [best, where] = [-1, 0];
    for (let cell = 0; cell < grid * grid; cell++) {
      const strength = areas[genre * grid * grid + cell];
      if (strength > best) [best, where] = [strength, cell];
    }
    const [row, column] = [Math.floor(where / grid), where % grid];
    return [((column + 0.5) / grid) * 2 * reach - reach, reach - ((row + 0.5) / grid) * 2 * reach];
  }
}
