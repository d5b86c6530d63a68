// How often each verdict is said, by the true difference: a slider over shares that were computed
// when the page was executed (nbsupport/pages/statistics.py).
(function () {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const [WIDTH, HEIGHT, LEFT, BOTTOM] = [640, 260, 44, 40];
  const KINDS = { higher: "A is higher than B", same: "A and B are the same" };

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== false) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  }

  function drawn(name, attributes, text = "") {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  class Rates {
    constructor(box) {
      this.data = JSON.parse(box.querySelector(".nb-data").textContent);
      this.true = this.data.true;
      this.design = this.choose("design", this.data.designs.map((d, i) => [String(i), d.label]));
      this.kind = this.choose("kind", Object.entries(KINDS));
      const start = this.true.findIndex((v) => v >= 0.5);
      this.slider = element("input", { type: "range", min: 0, max: this.true.length - 1, value: start, oninput: () => this.show() });
      this.told = element("output");
      this.rows = element("tbody");
      this.chart = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
      const field = (text, control) => element("label", { class: "nb-field" }, element("span", {}, text), control);
      const row = element("span", { class: "nb-slider" }, this.slider, this.told, " margins");
      box.append(
        element("div", { class: "nb-explorer-controls" }, field("Study", this.design), field("Claim", this.kind)),
        field("True difference, A minus B", row),
        element("table", { class: "nb-table", "aria-live": "polite" }, this.rows),
        this.chart
      );
      box.querySelector(".nb-unscripted").hidden = true;
      this.draw();
      box.dataset.state = "drawn";
    }

    choose(name, options) {
      const made = options.map(([value, text]) => element("option", { value }, text));
      return element("select", { name, onchange: () => this.draw() }, ...made);
    }

    get shares() {
      return Object.entries(this.data.designs[Number(this.design.value)].kinds[this.kind.value]);
    }

    // The curves of the chosen study and claim, then what the slider says.
    draw() {
      const across = (i) => LEFT + (i / (this.true.length - 1)) * (WIDTH - LEFT - 8);
      const down = (share) => 8 + (1 - share) * (HEIGHT - BOTTOM - 8);
      this.across = across;
      this.chart.replaceChildren();
      for (const share of [0, 0.25, 0.5, 0.75, 1]) {
        const y = down(share);
        this.chart.append(drawn("line", { x1: LEFT, x2: WIDTH - 8, y1: y, y2: y, class: "nb-grid" }));
        this.chart.append(drawn("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, `${100 * share} %`));
      }
      this.true.forEach((value, i) => {
        if (Number.isInteger(value)) this.chart.append(drawn("text", { x: across(i), y: HEIGHT - 22, "text-anchor": "middle" }, String(value).replace("-", "\u2212")));
      });
      this.chart.append(drawn("text", { x: WIDTH / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "true difference in margins"));
      const zone = [-1, 1].map((v) => across(this.true.indexOf(v)));
      this.chart.append(drawn("rect", { x: zone[0], width: zone[1] - zone[0], y: 8, height: HEIGHT - BOTTOM - 8, class: "nb-zone" }));
      for (const [word, shares] of this.shares) {
        const points = shares.map((share, i) => `${across(i).toFixed(1)},${down(share).toFixed(1)}`);
        this.chart.append(drawn("polyline", { points: points.join(" "), class: `nb-rate nb-rate-${word.replace(/ /g, "-")}` }));
      }
      this.mark = drawn("line", { y1: 8, y2: HEIGHT - BOTTOM, class: "nb-mark" });
      this.chart.append(this.mark);
      this.show();
    }

    show() {
      const place = Number(this.slider.value);
      this.told.textContent = this.true[place].toFixed(2).replace("-", "\u2212");
      this.slider.setAttribute("aria-valuetext", `${this.told.textContent} margins`);
      this.mark.setAttribute("x1", this.across(place));
      this.mark.setAttribute("x2", this.across(place));
      const rows = this.shares.map(([word, shares]) => this.row(word, shares[place]));
      this.rows.replaceChildren(...rows);
      const said = this.shares.map(([word, shares]) => `${word} ${(100 * shares[place]).toFixed(1)} %`);
      this.chart.setAttribute("aria-label", `At ${this.told.textContent} margins: ${said.join(", ")}`);
    }

    row(word, share) {
      const bar = element("span", { class: `nb-rate-bar nb-rate-${word.replace(/ /g, "-")}`, style: `width:${100 * share}%` });
      return element(
        "tr",
        {},
        element("th", { scope: "row" }, word),
        element("td", { class: "nb-number" }, `${(100 * share).toFixed(1)} %`),
        element("td", { class: "nb-rate-cell" }, bar)
      );
    }
  }

  for (const box of document.querySelectorAll(".nb-rates")) window.nbRates = new Rates(box);
})();
