// What a mouse, a finger or a pen does on the map: click, drag from point to point, drag the ground, zoom.

const STILL = 5; // pixels: a press that moves less is a click

class Gestures {
  /** told: {choose(index), morph(a, b), hover(index | null, x, y)} */
  constructor(scatter, told) {
    this.scatter = scatter;
    this.told = told;
    this.pressed = new Map(); // pointers that are down, by their id
    this.begun = null; // {x, y, index, moved}
    const canvas = scatter.canvas;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event, true));
    canvas.addEventListener("pointercancel", (event) => this.#up(event, false));
    canvas.addEventListener("pointerleave", () => this.told.hover(null, 0, 0));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #down(event) {
    if (event.button !== 0) return;
    const [x, y] = this.#at(event);
    this.scatter.canvas.setPointerCapture(event.pointerId);
    this.pressed.set(event.pointerId, [x, y]);
    const reach = event.pointerType === "touch" ? 2 * NEAR : NEAR;
    this.begun = this.pressed.size > 1 ? null : { x, y, index: this.scatter.nearest(x, y, reach), moved: false };
    this.told.hover(null, 0, 0);
  }

  #move(event) {
    const [x, y] = this.#at(event);
    const before = this.pressed.get(event.pointerId);
    if (before === undefined) {
      this.told.hover(this.scatter.nearest(x, y), x, y);
      return;
    }
    if (this.pressed.size === 2) {
      const [other] = [...this.pressed].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const apart = (at) => Math.hypot(at[0] - other[0], at[1] - other[1]);
      this.scatter.zoom(apart([x, y]) / Math.max(apart(before), 1), [(x + other[0]) / 2, (y + other[1]) / 2]);
    } else if (this.begun !== null) {
      this.begun.moved ||= Math.hypot(x - this.begun.x, y - this.begun.y) > STILL;
      if (this.begun.moved) this.#drag(x, y, before);
    }
    this.pressed.set(event.pointerId, [x, y]);
  }

  #drag(x, y, before) {
    const { marks, canvas } = this.scatter;
    if (this.begun.index === null) {
      canvas.classList.add("pulled");
      this.scatter.move(x - before[0], y - before[1]);
      return;
    }
    [marks.from, marks.to, marks.pull] = [this.scatter.place(this.begun.index), null, [x, y]];
    marks.hover = this.scatter.nearest(x, y);
    this.scatter.mark();
  }

  #up(event, meant) {
    const begun = this.begun;
    this.pressed.delete(event.pointerId);
    this.begun = null;
    const { marks, canvas } = this.scatter;
    canvas.classList.remove("pulled");
    const pulled = marks.pull !== null;
    marks.pull = null;
    marks.hover = null;
    if (begun !== null && meant && !begun.moved && begun.index !== null) this.told.choose(begun.index);
    if (!pulled) return;
    const goal = meant && begun !== null ? this.scatter.nearest(...this.#at(event), 2 * NEAR) : null;
    this.told.morph(begun?.index ?? null, goal);
  }

  #wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    this.scatter.zoom(Math.exp(-0.0016 * lines * event.deltaY), this.#at(event));
  }

  #at(event) {
    const box = this.scatter.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
}
