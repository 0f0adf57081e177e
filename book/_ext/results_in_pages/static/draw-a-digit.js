/* "Draw a digit": a canvas, and what three networks of the report say of what is drawn on it.

A drawing is made an image like those of MNIST: what of it is ink is scaled into a square of 20
pixels with grey edges, and moved by whole pixels until its centre of mass is in the middle of
28 pixels. The networks come as a script of their own, see draw-a-digit-networks.js, when the
place for drawing is about to be seen; until then, and without script, a still figure is there. */

const DrawADigit = (() => {
  "use strict";

  const SIDE = 28; // pixels of an image, each way
  const BOX = 20; // of the square that holds the digit
  const MIDDLE = 14; // the pixel, counted from 0, in which MNIST's images have their centre of mass
  const PAPER = 280; // pixels of the canvas
  const PEN = 22; // so wide that digits of usual size come out as thick as MNIST's
  const STEP = 7; // of the pen, for each press of an arrow key
  const PATIENCE = 500; // milliseconds without a change until the outputs are read aloud
  const NAMES = { healthy: "question 1, healthy", stuck: "question 1, stuck", softmax: "question 5" };

  // Numbers ------------------------------------------------------------------------------

  function bytes(text) {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  }

  /* The numbers of float16s, the smaller byte first. */
  function halves(text) {
    const packed = new Uint16Array(bytes(text).buffer);
    return Float32Array.from(packed, (half) => {
      const exponent = (half >> 10) & 31;
      const fraction = half & 1023;
      const size = exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24;
      return half >> 15 ? -size : size;
    });
  }

  /* The ten outputs of a network for an image of 784 pixels from 0 to 255. */
  function outputs(network, pixels) {
    let values = Float64Array.from(pixels, (pixel) => pixel / 255);
    for (let layer = 0; layer < network.weights.length; layer += 2) {
      const [kernel, bias] = network.weights.slice(layer, layer + 2);
      const sums = Float64Array.from(bias);
      values.forEach((value, input) => {
        if (value === 0) return; // most pixels are
        const row = input * sums.length;
        for (let unit = 0; unit < sums.length; unit++) sums[unit] += value * kernel[row + unit];
      });
      const last = layer + 2 === network.weights.length;
      values = last && network.activation === "softmax" ? softmax(sums) : sums.map(relu);
    }
    return [...values];
  }

  const relu = (value) => Math.max(value, 0);

  function softmax(sums) {
    const powers = sums.map((sum) => Math.exp(sum - Math.max(...sums)));
    const total = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / total);
  }

  /* The image that MNIST would have of a drawing: 784 pixels from 0 to 255; null of an empty one.
     `ink` has a true value for each pixel of the drawing, row by row, that is not paper. */
  function normalised(ink, width) {
    const box = boxOf(ink, width);
    if (!box) return null;
    const digit = scaled(ink, width, box);
    const { x, y } = centreOfMass(digit);
    const [right, down] = [Math.round(MIDDLE - x), Math.round(MIDDLE - y)];
    const image = new Uint8ClampedArray(SIDE * SIDE);
    for (let row = 0; row < BOX; row++) {
      for (let column = 0; column < BOX; column++) {
        const [toRow, toColumn] = [row + down, column + right];
        if (Math.min(toRow, toColumn) >= 0 && Math.max(toRow, toColumn) < SIDE) {
          image[toRow * SIDE + toColumn] = 255 * digit[row * BOX + column];
        }
      }
    }
    return image;
  }

  function boxOf(ink, width) {
    let [left, right, top, bottom] = [Infinity, -1, Infinity, -1];
    ink.forEach((dark, place) => {
      if (!dark) return;
      const [column, row] = [place % width, Math.floor(place / width)];
      [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
      [top, bottom] = [Math.min(top, row), Math.max(bottom, row + 1)];
    });
    return right < 0 ? null : { left, right, top, bottom };
  }

  /* What share of each of 20 × 20 pixels is ink, the longer side of the box filling 20. */
  function scaled(ink, width, { left, right, top, bottom }) {
    const size = Math.max(right - left, bottom - top) / BOX; // of a pixel, in the drawing's
    const digit = new Float64Array(BOX * BOX);
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        if (!ink[row * width + column]) continue;
        // A pixel of the drawing lies in one of the image's or, at their edges, in several.
        for (const [toRow, height] of parts((row - top) / size, 1 / size)) {
          for (const [toColumn, breadth] of parts((column - left) / size, 1 / size)) {
            digit[toRow * BOX + toColumn] += height * breadth;
          }
        }
      }
    }
    return digit;
  }

  /* Pixels that a stretch lies in, and how much of it in each. */
  function parts(start, length) {
    const found = [];
    const end = Math.min(start + length, BOX);
    for (let pixel = Math.floor(start); pixel < end; pixel++) {
      found.push([pixel, Math.min(end, pixel + 1) - Math.max(start, pixel)]);
    }
    return found;
  }

  function centreOfMass(digit) {
    let [mass, x, y] = [0, 0, 0];
    digit.forEach((grey, place) => {
      mass += grey;
      x += grey * (place % BOX);
      y += grey * Math.floor(place / BOX);
    });
    return { x: x / mass, y: y / mass };
  }

  /* What a network answers, as the report counts it: of outputs that are equal, the first. */
  const answer = (values) => values.indexOf(Math.max(...values));

  // On the page --------------------------------------------------------------------------

  /* An element with attributes and content. */
  function element(name, attributes = {}, ...content) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...content);
    return made;
  }

  function canvas(side, attributes = {}) {
    return element("canvas", { width: side, height: side, ...attributes });
  }

  /* Show an image on a canvas, its pixels black as they are bright, on what is transparent. */
  function show(image, onto) {
    const small = canvas(SIDE);
    const dots = new ImageData(SIDE, SIDE);
    image?.forEach((pixel, place) => (dots.data[4 * place + 3] = pixel));
    small.getContext("2d").putImageData(dots, 0, 0);
    const context = onto.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, onto.width, onto.height);
    context.drawImage(small, 0, 0, onto.width, onto.height);
  }

  class Place {
    constructor(networks, examples) {
      this.networks = networks;
      this.examples = examples;
      this.drawn = false; // or nothing, or an example, is on the paper
      this.makePaper();
      this.makeTable();
      this.said = element("p", { class: "read-aloud", role: "status" });
      this.saidOfPen = element("p", { class: "read-aloud", role: "status" }); // at once
      this.whole = element("div", { class: "columns" }, this.left, this.right);
    }

    makePaper() {
      this.paper = canvas(PAPER, {
        tabindex: 0,
        role: "application",
        "aria-roledescription": "drawing area",
        "aria-label":
          "Drawing area. The arrow keys move the pen, the space bar puts it down or lifts it, " +
          "Delete clears. Or choose one of the examples below.",
      });
      this.ink = this.paper.getContext("2d", { willReadFrequently: true });
      Object.assign(this.ink, { lineWidth: PEN, lineCap: "round", lineJoin: "round" });
      this.tip = element("span", { class: "tip", "aria-hidden": "true" });
      this.seen = canvas(SIDE);
      const clear = element("button", { type: "button" }, "Clear");
      clear.addEventListener("click", () => this.clear());
      const buttons = this.examples.map((image, digit) => {
        const picture = canvas(SIDE, { "aria-hidden": "true" });
        show(image, picture);
        const label = { type: "button", "aria-label": `Test image of a ${digit}` };
        const button = element("button", label, picture);
        button.addEventListener("click", () => this.take(digit));
        return button;
      });
      this.left = element(
        "div",
        { class: "drawing" },
        element("div", { class: "paper" }, this.paper, this.tip),
        element(
          "div",
          { class: "beside" },
          clear,
          element("span", { class: "seen", "aria-hidden": "true" }, this.seen, "as the networks see it"),
        ),
        element("p", {}, "Draw with mouse, finger or arrow keys (space: pen down or up), or take a test image:"),
        element("div", { class: "examples" }, ...buttons),
      );
      this.liftPen();
      this.listen();
    }

    makeTable() {
      const columns = Object.entries(this.networks).map(([name, network]) => {
        const seed = element("span", { class: "seed" }, `seed ${network.seed}`);
        return element("th", { scope: "col" }, NAMES[name], " ", seed);
      });
      const head = element("tr", {}, element("th", { scope: "col" }, "output"), ...columns);
      this.cells = Object.fromEntries(Object.keys(this.networks).map((name) => [name, []]));
      const rows = [...Array(10).keys()].map((digit) => {
        const row = element("tr", {}, element("th", { scope: "row" }, `${digit}`));
        for (const [name, network] of Object.entries(this.networks)) {
          const number = element("span", { class: "number" });
          const bar = element("span", { class: "bar", "aria-hidden": "true" });
          const cell = element("td", {}, number, bar);
          if (network.silent.includes(digit)) {
            cell.classList.add("silent");
            cell.append(element("span", { class: "silence" }, "silent"));
          }
          this.cells[name].push({ cell, number, bar });
          row.append(cell);
        }
        return row;
      });
      this.answers = Object.keys(this.networks).map(() => element("td"));
      const foot = element("tr", {}, element("th", { scope: "row" }, "answer"), ...this.answers);
      const table = element(
        "table",
        { class: "outputs" },
        element("caption", { class: "read-aloud" }, "The ten outputs of each network"),
        element("thead", {}, head),
        element("tbody", {}, ...rows),
        element("tfoot", {}, foot),
      );
      this.right = element("div", { class: "told" }, table);
    }

    listen() {
      const place = (event) => {
        const box = this.paper.getBoundingClientRect();
        const scale = PAPER / box.width;
        return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
      };
      this.paper.addEventListener("pointerdown", (event) => {
        if (!event.isPrimary || event.button !== 0) return;
        this.paper.setPointerCapture(event.pointerId);
        this.paper.classList.add("by-pointer"); // which needs no tip of the pen
        [this.pen.x, this.pen.y] = place(event);
        this.lineTo(this.pen.x, this.pen.y);
      });
      this.paper.addEventListener("pointermove", (event) => {
        if (!event.isPrimary || !this.paper.hasPointerCapture(event.pointerId)) return;
        const all = event.getCoalescedEvents?.() ?? [];
        for (const one of all.length ? all : [event]) this.lineTo(...place(one));
      });
      this.paper.addEventListener("keydown", (event) => this.press(event));
      this.paper.addEventListener("blur", () => this.liftPen());
    }

    press(event) {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      this.paper.classList.remove("by-pointer");
      if (event.key in moves) {
        const [right, down] = moves[event.key].map((way) => way * STEP);
        const within = (value) => Math.min(Math.max(value, PEN / 2), PAPER - PEN / 2);
        const [x, y] = [within(this.pen.x + right), within(this.pen.y + down)];
        if (this.pen.down) this.lineTo(x, y);
        Object.assign(this.pen, { x, y });
      } else if (event.key === " ") {
        this.pen.down = !this.pen.down;
        this.saidOfPen.textContent = this.pen.down ? "Pen down." : "Pen up.";
        if (this.pen.down) this.lineTo(this.pen.x, this.pen.y);
      } else if (event.key === "Delete" || event.key === "Backspace") {
        this.clear();
      } else {
        return;
      }
      event.preventDefault(); // or the page would scroll
      this.showTip();
    }

    /* Lift the pen, and put it where one begins. */
    liftPen() {
      this.pen = { x: PAPER / 2, y: PAPER / 4, down: false };
      this.showTip();
    }

    showTip() {
      this.tip.style.left = `${(100 * this.pen.x) / PAPER}%`;
      this.tip.style.top = `${(100 * this.pen.y) / PAPER}%`;
      this.tip.classList.toggle("down", this.pen.down);
    }

    /* Draw from where the pen is; on paper that shows an example, afresh. */
    lineTo(x, y) {
      if (!this.drawn) this.wipe();
      this.drawn = true;
      this.ink.beginPath();
      this.ink.moveTo(this.pen.x, this.pen.y);
      this.ink.lineTo(x + 0.01, y); // for a line without length leaves no dot
      this.ink.stroke();
      Object.assign(this.pen, { x, y });
      this.frame ??= requestAnimationFrame(() => {
        this.frame = null;
        if (this.drawn) this.look(this.image());
      });
    }

    /* What is drawn, as MNIST would have it. */
    image() {
      const { data } = this.ink.getImageData(0, 0, PAPER, PAPER);
      const ink = new Uint8Array(PAPER * PAPER);
      for (let place = 0; place < ink.length; place++) ink[place] = data[4 * place + 3] >= 128;
      return normalised(ink, PAPER);
    }

    take(digit) {
      this.drawn = false;
      show(this.examples[digit], this.paper);
      this.look(this.examples[digit]);
    }

    clear() {
      this.wipe();
      this.liftPen();
      this.look(null);
    }

    wipe() {
      this.drawn = false;
      this.ink.clearRect(0, 0, PAPER, PAPER);
    }

    /* Show what the networks say of an image, or of none. */
    look(image) {
      show(image, this.seen);
      const told = [];
      Object.entries(this.networks).forEach(([name, network], column) => {
        const values = image && outputs(network, image);
        const first = image && answer(values);
        const nothing = image && values[first] === 0; // all outputs of ReLU are
        this.cells[name].forEach(({ cell, number, bar }, digit) => {
          number.textContent = image ? inShort(values[digit]) : "–";
          bar.style.setProperty("--share", image ? Math.min(values[digit], 1) : 0);
          cell.classList.toggle("first", first === digit && !nothing);
        });
        const text = image ? `${first}${nothing ? ", for all are zero" : ""}` : "–";
        this.answers[column].textContent = text;
        if (image) told.push(`${NAMES[name]}: ${text}${restOf(network, values, first)}.`);
      });
      this.say(image ? told.join(" ") : "Cleared.");
    }

    say(text) {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => (this.said.textContent = text), PATIENCE);
    }
  }

  /* An output in two digits; of ReLU's many are zero, of softmax's none. */
  function inShort(value) {
    return value === 0 ? "0" : value < 0.005 ? "<0.01" : value.toFixed(2);
  }

  function restOf(network, values, first) {
    const largest = values[first] ? `, with ${inShort(values[first])}` : "";
    const silent = network.silent.map((digit) => `; output ${digit} is ${inShort(values[digit])}`);
    return largest + silent.join("");
  }

  /* Called with the content of book/results/draw-a-digit.json. */
  function begin({ networks, examples }) {
    for (const network of Object.values(networks)) {
      network.weights = network.weights.map((array) => halves(array.values));
    }
    const pixels = bytes(examples.pixels.values);
    const images = [...Array(10).keys()].map((n) => pixels.slice(n * SIDE ** 2, (n + 1) * SIDE ** 2));
    const lost = Object.values(networks).flatMap((network) => network.silent);
    for (const here of document.querySelectorAll(".draw-a-digit:empty")) {
      const place = new Place(networks, images);
      here.append(place.whole, place.said, place.saidOfPen);
      here.closest("figure").classList.add("drawn-in");
      place.take(lost[0] ?? 0);
      place.say(""); // nobody has asked yet
    }
    Object.assign(DrawADigit, { networks, examples: images });
  }

  return { begin, outputs, normalised };
})();

{
  const networks = new URL("draw-a-digit-networks.js", document.currentScript.src);
  const places = document.querySelectorAll(".draw-a-digit");
  const watch = new IntersectionObserver(
    (seen) => {
      if (!seen.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      const script = document.createElement("script");
      script.src = networks;
      script.onerror = () => places.forEach((here) => here.closest("figure").classList.add("still"));
      document.head.append(script);
    },
    { rootMargin: "1000px" },
  );
  for (const here of places) watch.observe(here.closest("figure"));
}
