// Drums from oscillators and noise, nothing recorded. Each plays at a time of the audio clock, at a level 0..1.

const METAL = [2.0, 3.0, 4.16, 5.43, 6.79, 8.21]; // ratios of a cymbal's squares, as in a TR-808's
const SOFTEST = 0.0001; // an exponential ramp never reaches 0

class Drums {
  /** context: an AudioContext, or an offline one; out: where the sound goes. */
  constructor(context, out) {
    this.context = context;
    this.out = out;
    this.noise = context.createBuffer(1, context.sampleRate * 2, context.sampleRate);
    const samples = this.noise.getChannelData(0);
    for (let i = 0; i < samples.length; i++) samples[i] = Math.random() * 2 - 1;
    this.openHat = null; // what a closed hat ends
    this.voices = [
      (at, level) => this.#kick(at, level),
      (at, level) => this.#snare(at, level),
      (at, level) => this.#hat(at, level * 0.75, 0.09, true),
      (at, level) => this.#skin(at, level, 86, 0.6, 0.15),
      (at, level) => this.#skin(at, level, 122, 0.5, 0.15),
      (at, level) => this.#hat(at, level * 0.65, 0.65, false),
      (at, level) => this.#skin(at, level, 168, 0.42, 0.15),
      (at, level) => this.#crash(at, level),
      (at, level) => this.#ride(at, level),
      (at, level) => this.#block(at, level),
      (at, level) => this.#skin(at, level * 0.8, 415, 0.18, 0.3),
      (at, level) => this.#skin(at, level * 0.8, 305, 0.24, 0.3),
      (at, level) => this.#skin(at, level * 0.8, 262, 0.1, 0.45),
      (at, level) => this.#skin(at, level * 0.85, 176, 0.4, 0.2),
    ];
  }

  /** Play all instruments of a step. */
  strike(step, at, level) {
    for (let bit = 0; bit < BITS; bit++) if (isStruck(step, bit)) this.voices[bit](at, level);
  }

  #kick(at, level) {
    this.#tone("sine", [155, 47], 0.1, at, level, 0.62);
    this.#hiss("lowpass", 2600, at, level * 0.35, 0.018);
  }

  #snare(at, level) {
    this.#tone("triangle", [238, 178], 0.05, at, level * 0.5, 0.2);
    this.#hiss("highpass", 1400, at, level * 0.45, 0.3);
    this.#hiss("bandpass", 4200, at, level * 0.3, 0.11);
  }

  #hat(at, level, seconds, closed) {
    if (this.openHat !== null && at > this.openHat.at) {
      this.openHat.gain.gain.setTargetAtTime(0, at, 0.008);
      this.openHat = null;
    }
    const gain = this.#metal(at, level * 0.5, seconds, 40, 7200);
    this.#hiss("highpass", 8200, at, level * 0.28, seconds * 0.8);
    if (!closed) this.openHat = { at, gain };
  }

  #crash(at, level) {
    this.#metal(at, level * 0.26, 2.2, 52, 4200);
    this.#hiss("highpass", 3800, at, level * 0.3, 2.0);
  }

  #ride(at, level) {
    this.#metal(at, level * 0.26, 0.9, 61, 5200);
    this.#tone("triangle", [3150, 3140], 0.05, at, level * 0.12, 0.32);
    this.#hiss("highpass", 7000, at, level * 0.1, 0.22);
  }

  /** A drum with a pitch: toms, bongos, congas; `slap` is how much of the hand or stick is heard. */
  #skin(at, level, hertz, seconds, slap) {
    this.#tone("sine", [hertz * 1.45, hertz], seconds * 0.35, at, level * 0.85, seconds);
    this.#hiss("bandpass", Math.min(hertz * 7, 5000), at, level * slap, 0.03);
  }

  #block(at, level) {
    this.#tone("square", [820, 800], 0.02, at, level * 0.2, 0.07);
    this.#tone("triangle", [1240, 1225], 0.02, at, level * 0.3, 0.06);
  }

  #tone(type, [from, to], slide, at, level, seconds) {
    const tone = this.context.createOscillator();
    tone.type = type;
    tone.frequency.setValueAtTime(from, at);
    tone.frequency.exponentialRampToValueAtTime(to, at + slide);
    tone.connect(this.#fading(at, level, seconds));
    tone.start(at);
    tone.stop(at + seconds);
  }

  #hiss(type, hertz, at, level, seconds) {
    const noise = this.context.createBufferSource();
    noise.buffer = this.noise;
    noise.loop = true;
    noise.connect(this.#filter(type, hertz)).connect(this.#fading(at, level, seconds));
    noise.start(at, Math.random());
    noise.stop(at + seconds);
  }

  #metal(at, level, seconds, hertz, above) {
    const filter = this.#filter("bandpass", above + 2600);
    const gain = this.#fading(at, level, seconds);
    filter.connect(this.#filter("highpass", above)).connect(gain);
    for (const ratio of METAL) {
      const square = this.context.createOscillator();
      square.type = "square";
      square.frequency.value = hertz * ratio * 3.1;
      square.connect(filter);
      square.start(at);
      square.stop(at + seconds);
    }
    return gain;
  }

  #filter(type, hertz) {
    const filter = this.context.createBiquadFilter();
    filter.type = type;
    filter.frequency.value = hertz;
    return filter;
  }

  #fading(at, level, seconds) {
    const gain = this.context.createGain();
    gain.gain.setValueAtTime(SOFTEST, at);
    gain.gain.exponentialRampToValueAtTime(Math.max(level, SOFTEST), at + 0.0015);
    gain.gain.exponentialRampToValueAtTime(SOFTEST, at + seconds);
    gain.connect(this.out);
    return gain;
  }
}
