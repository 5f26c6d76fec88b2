// Plays a pattern in a loop: strokes are handed to the audio clock a little ahead, so that they are on time.

const EVERY_MS = 25;
const AHEAD = 0.12; // seconds; a hidden page is woken only once a second
const AHEAD_HIDDEN = 1.3;

class Player {
  /** pattern(): what to play, asked for at each step, so that it may change on the way. */
  constructor(pattern) {
    this.pattern = pattern;
    this.bpm = 110;
    this.volume = 0.8;
    this.context = null;
    this.scheduled = 0; // strokes since the page was opened; for tests
    this.steps = []; // {step, at} that were handed over, for the play-head
    this.timer = null;
  }

  get playing() {
    return this.timer !== null;
  }

  /** To be called from a click or a key: browsers give no sound to a page that nobody has touched. */
  start() {
    if (this.playing) return;
    this.#wake();
    this.bus = this.context.createGain();
    this.bus.connect(this.master);
    this.drums = new Drums(this.context, this.bus);
    this.next = { step: 0, at: this.context.currentTime + 0.06 };
    this.timer = setInterval(() => this.#fill(), EVERY_MS);
    this.#fill();
  }

  stop() {
    if (!this.playing) return;
    clearInterval(this.timer);
    this.timer = null;
    this.steps = [];
    const bus = this.bus;
    bus.gain.setTargetAtTime(0, this.context.currentTime, 0.012);
    setTimeout(() => bus.disconnect(), 200);
  }

  /** Let one instrument be heard. */
  audition(bit) {
    this.#wake();
    new Drums(this.context, this.master).strike(1 << bit, this.context.currentTime + 0.02, 0.9);
  }

  setVolume(volume) {
    this.volume = volume;
    if (this.context !== null) this.master.gain.setTargetAtTime(volume ** 2, this.context.currentTime, 0.01);
  }

  /** The step that sounds now; null: none. */
  heard() {
    if (!this.playing) return null;
    const now = this.context.currentTime;
    while (this.steps.length > 1 && this.steps[1].at <= now) this.steps.shift();
    return this.steps.length && this.steps[0].at <= now ? this.steps[0].step : null;
  }

  #wake() {
    if (this.context === null) {
      this.context = new AudioContext({ latencyHint: "interactive" });
      this.master = this.context.createGain();
      this.master.gain.value = this.volume ** 2;
      const press = this.context.createDynamicsCompressor(); // so that all at once do not clip
      press.threshold.value = -14;
      press.ratio.value = 4;
      press.attack.value = 0.004;
      press.release.value = 0.16;
      this.master.connect(press).connect(this.context.destination);
    }
    if (this.context.state === "suspended") this.context.resume();
  }

  #fill() {
    const now = this.context.currentTime;
    const until = now + (document.hidden ? AHEAD_HIDDEN : AHEAD);
    if (this.next.at < now - 0.05) this.next.at = now + 0.02; // it was held up; go on from here
    while (this.next.at < until) {
      const { step, at } = this.next;
      const drums = this.pattern()[step];
      this.drums.strike(drums, Math.max(at, now), (loudness(step) / 127) ** 1.4);
      for (let bit = 0; bit < BITS; bit++) this.scheduled += isStruck(drums, bit);
      this.steps.push({ step, at });
      this.next = { step: (step + 1) % STEPS, at: at + 15 / this.bpm };
    }
  }
}
