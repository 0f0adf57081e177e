/* "Explore the runs": dots of a figure, each a run, tell whose run they are and what became of it.

A figure of runs has beside its image an element with the place, the seed and the fate of each dot,
by the setting that the run was trained in. Over the image lies a layer that finds the dot nearest
to the pointer, and that the arrow keys lead from run to run. A seed that is chosen is ringed in
every setting and in all figures of the page. */

{
  "use strict";

  const NEAR = 14; // pixels from a dot within which a mouse is at it
  const NEAR_FINGER = 28;
  const HINT = "Each dot is a run: point at one, tap it, or press the arrow keys.";
  const HINT_OF_SETTINGS = " Its seed is marked in all settings.";

  const figures = [];
  const spoken = element("p", { class: "read-aloud", role: "status" });

  /* An element with attributes and content. */
  function element(name, attributes = {}, ...content) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...content);
    return made;
  }

  class Runs {
    constructor(place) {
      this.settings = JSON.parse(place.textContent).map(({ name, dots }) => ({
        name,
        dots: dots
          .map(([x, y, seed, told]) => ({ name, x, y, seed, told }))
          .sort((one, other) => one.seed - other.seed),
      }));
      this.dots = this.settings.flatMap(({ dots }) => dots);
      this.at = null; // the dot that was chosen here
      this.seed = null; // the seed that was chosen, here or in another figure
      this.hint = HINT + (this.settings.length > 1 ? HINT_OF_SETTINGS : "");
      this.makeLayer();
      this.line = element("p", { "aria-hidden": "true" });
      place.append(this.line);
      const image = place.closest("figure").querySelector(".twins");
      image.classList.add("explored");
      image.append(this.layer);
      this.listen();
      this.show();
    }

    makeLayer() {
      const seeds = new Set(this.dots.map(({ seed }) => seed)).size;
      const of = this.settings.length > 1 ? ` in ${this.settings.length} settings` : "";
      const across = this.settings.length > 1 ? "; up and down: another setting" : "";
      this.layer = element("span", {
        class: "dots",
        tabindex: 0,
        role: "application",
        "aria-roledescription": "figure to explore",
        "aria-label":
          `${seeds} runs${of}. Left and right arrows: another seed${across}; Escape: no seed.`,
      });
      this.rings = this.settings.map(() => element("span", { class: "ring", hidden: "" }));
      this.layer.append(...this.rings);
    }

    listen() {
      this.layer.addEventListener("pointermove", (event) => {
        if (event.pointerType !== "mouse") return;
        const dot = this.nearest(event, NEAR);
        this.layer.classList.toggle("at-dot", Boolean(dot));
        this.show(dot);
      });
      this.layer.addEventListener("pointerleave", () => this.show());
      this.layer.addEventListener("click", (event) => {
        choose(this, this.nearest(event, event.pointerType === "mouse" ? NEAR : NEAR_FINGER));
      });
      this.layer.addEventListener("keydown", (event) => this.press(event));
      this.layer.addEventListener("focus", () => {
        if (!this.layer.matches(":focus-visible")) return; // a click chooses for itself
        const dot = this.current() ?? this.dots[0];
        this.show(dot);
        say(dot);
      });
      this.layer.addEventListener("blur", () => this.show());
    }

    /* The dot that is nearest to a pointer, if it is within so many pixels. */
    nearest({ clientX, clientY }, within) {
      const box = this.layer.getBoundingClientRect();
      const far = ({ x, y }) =>
        Math.hypot(box.left + x * box.width - clientX, box.top + y * box.height - clientY);
      const dot = this.dots.reduce((best, dot) => (far(dot) < far(best) ? dot : best));
      return far(dot) <= within ? dot : null;
    }

    /* The dot that was chosen here, or the first of the seed that was chosen elsewhere. */
    current() {
      return this.at ?? this.dots.find(({ seed }) => seed === this.seed);
    }

    press(event) {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === "Escape") {
        choose(this, null);
      } else {
        const dot = this.after(event.key);
        if (!dot) return;
        choose(this, dot);
        const ring = this.layer.querySelector(".here");
        ring.scrollIntoView({ block: "nearest", inline: "nearest" }); // on narrow screens
      }
      event.preventDefault(); // or the page would scroll
    }

    /* The dot to which a key leads; none if that is not its use. */
    after(key) {
      const current = this.current() ?? this.dots[0];
      const setting = this.settings.findIndex(({ name }) => name === current.name);
      const { dots } = this.settings[setting];
      const place = dots.indexOf(current);
      const along = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: -1 };
      const across = { ArrowUp: setting - 1, ArrowDown: setting + 1 };
      if (key in along) {
        // The first key begins at the first seed, but for the one that asks for the last.
        const begins = !this.current() && key !== "End";
        return begins ? dots[0] : dots.at(along[key] % dots.length);
      }
      if (!(key in across) || this.settings.length === 1) return null;
      const there = this.settings.at(across[key] % this.settings.length).dots;
      return there.find(({ seed }) => seed === current.seed) ?? there[0];
    }

    /* Ring the runs of a dot's seed, the dot most of all, and tell of it: by default of what is
       chosen. */
    show(dot = null) {
      const at = dot ?? this.at;
      const seed = at?.seed ?? this.seed;
      this.settings.forEach(({ dots }, setting) => {
        const ring = this.rings[setting];
        const one = dots.find((dot) => dot.seed === seed);
        ring.hidden = !one;
        if (!one) return;
        ring.style.left = `${100 * one.x}%`;
        ring.style.top = `${100 * one.y}%`;
        ring.classList.toggle("here", one === at);
      });
      const told = at ?? this.current();
      this.line.textContent = told ? inWords(told) : this.hint;
    }
  }

  /* Choose a dot of a figure, and its seed in all; or none. */
  function choose(figure, dot) {
    for (const one of figures) {
      one.at = one === figure ? dot : null;
      one.seed = dot?.seed ?? null;
      one.show();
    }
    say(dot);
  }

  function say(dot) {
    spoken.textContent = dot ? inWords(dot) : "No seed is chosen.";
  }

  function inWords({ name, seed, told }) {
    return `Seed ${seed}${name && `, ${name}`}: ${told}.`;
  }

  document.body.append(spoken);
  for (const place of document.querySelectorAll(".explore")) figures.push(new Runs(place));
}
