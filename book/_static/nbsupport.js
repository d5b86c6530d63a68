// Draws the charts, keeps predictions, copies commands. Nothing here asks the network for anything.
(function () {
  "use strict";

  const HERE = document.currentScript ? document.currentScript.src : "";
  const BUNDLE = new URL("generated/vega-bundle.js", HERE || document.baseURI).href;
  const NARROW = 600; // CSS pixels of room below which the layout for phones is drawn

  function theme() {
    const root = document.documentElement;
    const named = root.dataset.theme || root.dataset.mode;
    if (named === "dark" || named === "light") return named;
    return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  // --- charts ------------------------------------------------------------------------------------

  let loading = null; // the script of 0.9 MB is fetched once, by the first chart that comes near
  function vega() {
    if (window.vegaEmbed) return Promise.resolve(window.vegaEmbed);
    loading ||= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = BUNDLE;
      script.onload = () => resolve(window.vegaEmbed);
      script.onerror = () => reject(new Error("cannot load " + BUNDLE));
      document.head.append(script);
    });
    return loading;
  }

  function paint(node, palette) {
    if (Array.isArray(node)) return node.map((v) => paint(v, palette));
    if (node && typeof node === "object") {
      return Object.fromEntries(Object.entries(node).map(([k, v]) => [k, paint(v, palette)]));
    }
    return typeof node === "string" && palette[node] ? palette[node] : node;
  }

  // The rows of a table that came by its columns: see nbsupport/analysis/charts/packing.py.
  function unpacked(table) {
    if (Array.isArray(table)) return table;
    const columns = {};
    for (const [name, column] of Object.entries(table.columns)) columns[name] = values(column, table.rows, columns);
    const names = Object.keys(columns);
    return Array.from({ length: table.rows }, (_, i) => Object.fromEntries(names.map((name) => [name, columns[name][i]])));
  }

  function values(column, rows, others) {
    if (Array.isArray(column)) return column;
    if ("all" in column) return Array(rows).fill(column.all);
    if ("as" in column) return others[column.as];
    let before = ""; // shared are characters, of which some take two places of a string
    const texts = column.texts.map(([shared, rest]) => (before = [...before].slice(0, shared).join("") + rest));
    return column.at.map((place) => texts[place]);
  }

  function unpackedAll(datasets) {
    return Object.fromEntries(Object.entries(datasets).map(([name, table]) => [name, unpacked(table)]));
  }

  class Chart {
    constructor(box) {
      this.box = box;
      this.still = box.querySelector(".nb-chart-still");
      this.live = box.querySelector(".nb-chart-live");
      this.command = box.parentElement.querySelector(".nb-figure-command");
      this.data = JSON.parse(box.querySelector(".nb-chart-data").textContent);
      this.drawn = "";
      this.result = null;
    }

    wanted() {
      // One that is hidden in a tab has no width yet: it is drawn again when the tab is chosen.
      const room = this.box.parentElement.clientWidth || document.documentElement.clientWidth;
      return theme() + " " + (room < NARROW ? "narrow" : "wide");
    }

    async draw() {
      const wanted = this.wanted();
      if (wanted === this.drawn) return;
      this.drawn = wanted;
      const [mode, layout] = wanted.split(" ");
      const spec = paint(this.data[layout], this.data.palettes[mode]);
      spec.datasets = { ...this.data[layout].datasets, ...unpackedAll(this.data.datasets) };
      try {
        const embed = await vega();
        const target = document.createElement("div");
        const result = await embed(target, spec, {
          actions: false,
          renderer: "svg",
          tooltip: { theme: mode, disableDefaultStyle: false },
        });
        if (wanted !== this.drawn) return result.finalize(); // another drawing has begun since
        if (this.result) this.result.finalize();
        this.result = result;
        name(target.querySelector("svg"), spec.description);
        this.box.drawing = { spec, paper: this.data.palettes[mode]["@paper"] }; // for export.js
        this.show(target, layout);
      } catch (error) {
        this.drawn = "";
        this.box.dataset.state = "failed"; // the picture stays
        console.error(error);
      }
    }

    show(target, layout) {
      this.live.replaceChildren(target);
      this.live.hidden = false;
      this.still.classList.add("nb-replaced");
      this.box.dataset.state = "drawn";
      this.box.dataset.layout = layout;
      this.result.view.addEventListener("click", (_, item) => {
        if (item && item.datum && item.datum.rerun) this.offer(item.datum);
      });
    }

    closing() {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "nb-close";
      button.textContent = "Close";
      button.addEventListener("click", () => (this.command.hidden = true));
      return button;
    }

    offer(point) {
      const scores = document.createElement("strong");
      const words = document.createElement("span");
      const cell = `${point.family}, seed ${point.seed}`;
      scores.textContent = `${point.group}, ${cell}, epoch ${point.epoch}: ID ${three(point.id)}, OOD ${three(point.ood)}. `;
      words.textContent = "Train this point's own jobs again, and see its scores beside these:";
      const whole = document.createElement("span");
      whole.textContent = "Or the whole page:";
      const page = point.rerun.split(" --role ")[0];
      this.command.replaceChildren(this.closing(), scores, words, commandLine(point.rerun), whole, commandLine(page));
      this.command.hidden = false;
    }
  }

  // One name for the whole picture, in place of one for each of its thousands of marks.
  function name(picture, description) {
    if (!picture) return;
    for (const mark of picture.querySelectorAll("[role]")) {
      for (const attribute of ["role", "aria-roledescription", "aria-label"]) mark.removeAttribute(attribute);
    }
    picture.removeAttribute("aria-roledescription");
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", description);
  }

  function three(score) {
    return Number(score).toFixed(3);
  }

  function commandLine(text) {
    const row = document.createElement("div");
    row.className = "nb-command";
    const code = document.createElement("code");
    code.textContent = text;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", () => copy(text, button));
    row.append(code, button);
    return row;
  }

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      // A page opened from a file has no clipboard in some browsers: select it for the reader.
      const range = document.createRange();
      range.selectNodeContents(button.previousElementSibling);
      const chosen = window.getSelection();
      chosen.removeAllRanges();
      chosen.addRange(range);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  }

  function startCharts() {
    const charts = Array.from(document.querySelectorAll(".nb-chart"), (box) => new Chart(box));
    if (!charts.length) return;
    const near = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          if (!entry.isIntersecting) continue;
          near.unobserve(entry.target);
          charts.find((c) => c.box === entry.target).draw();
        }
      },
      { rootMargin: "600px" }
    );
    charts.forEach((c) => near.observe(c.box));
    const again = () => charts.forEach((c) => c.drawn && c.draw());
    new MutationObserver(again).observe(document.documentElement, {
      attributes: true,
      attributeFilter: ["data-theme", "data-mode"],
    });
    document.addEventListener("change", (event) => event.target.closest(".nb-tabs") && again());
    let waiting = 0;
    window.addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(again, 150);
    });
    window.nbsupport.drawAll = () => Promise.all(charts.map((c) => c.draw()));
  }

  // --- predictions -------------------------------------------------------------------------------

  const KEY = "nbsupport:prediction:";

  function read(id) {
    try {
      return localStorage.getItem(KEY + id);
    } catch {
      return null; // storage is switched off: the question still works, it is just not kept
    }
  }

  function keep(id, value) {
    try {
      localStorage.setItem(KEY + id, value);
    } catch {
      return false;
    }
    return true;
  }

  function showGuess(id, value) {
    for (const place of document.querySelectorAll(".nb-guess")) {
      if (place.dataset.prediction !== id) continue;
      const kicker = document.createElement("span");
      kicker.className = "nb-kicker";
      kicker.textContent = "Your guess";
      place.replaceChildren(kicker, document.createTextNode(value), ...judged(id, value));
      place.hidden = false;
    }
  }

  // Whether the runs bear a guess out; nothing where no option is right.
  function judged(id, value) {
    const answers = Array.from(document.querySelectorAll(".nb-compare[data-right]"));
    const own = answers.find((a) => a.querySelector(".nb-guess").dataset.prediction === id);
    if (!own) return [];
    const hit = own.dataset.right === value;
    const said = document.createElement("span");
    said.className = hit ? "nb-hit" : "nb-miss";
    said.textContent = hit ? "\u2713 as the runs say" : "\u2717 the runs say otherwise";
    return [said];
  }

  function startPredictions() {
    for (const box of document.querySelectorAll(".nb-predict")) {
      const id = box.dataset.prediction;
      const note = box.querySelector(".nb-quiet");
      const earlier = read(id);
      for (const input of box.querySelectorAll("input")) {
        if (input.value === earlier) {
          input.checked = true;
          showGuess(id, earlier);
        }
        input.addEventListener("change", () => {
          const kept = keep(id, input.value);
          note.textContent = kept
            ? "Noted. Read on, and see it beside what the runs say."
            : "Noted for now; this browser does not let the page keep it.";
          showGuess(id, input.value);
        });
      }
    }
  }

  // A list that the reader orders, with a button up and a button down in each row.
  class Ranking {
    constructor(box) {
      this.id = box.dataset.prediction;
      this.note = box.querySelector(".nb-quiet");
      this.list = box.querySelector("ol");
      const kept = (read(this.id) || "").split(" > ");
      const rows = Array.from(this.list.children);
      if (rows.every((row) => kept.includes(row.dataset.item))) {
        rows.sort((a, b) => kept.indexOf(a.dataset.item) - kept.indexOf(b.dataset.item));
        this.list.append(...rows);
        showGuess(this.id, this.order());
      }
      for (const row of rows) row.append(this.button(row, "up", "\u2191"), this.button(row, "down", "\u2193"));
    }

    order() {
      return Array.from(this.list.children, (row) => row.dataset.item).join(" > ");
    }

    button(row, way, sign) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sign;
      button.setAttribute("aria-label", `Move ${way}: ${row.dataset.item}`);
      button.addEventListener("click", () => {
        const other = way === "up" ? row.previousElementSibling : row.nextElementSibling;
        if (other) (way === "up" ? other.before(row) : other.after(row));
        button.focus();
        keep(this.id, this.order());
        showGuess(this.id, this.order());
        const place = Array.from(this.list.children).indexOf(row) + 1;
        this.note.textContent = `${row.dataset.item} is number ${place}. Your order is noted.`;
      });
      return button;
    }
  }

  // On one page: all guesses that this browser holds, as a file for a lecturer to count.
  function startGuesses() {
    const box = document.querySelector(".nb-guesses");
    if (!box) return;
    const guesses = allGuesses();
    const count = Object.keys(guesses).length;
    const note = document.createElement("p");
    note.className = "nb-quiet";
    note.setAttribute("aria-live", "polite");
    note.textContent = count
      ? `This browser holds your answers to ${count} question${count > 1 ? "s" : ""} of the book. Your name is not among them.`
      : "This browser holds no guess yet: each page of the book begins with a question.";
    box.replaceChildren(note);
    if (!count) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Save my guesses as a file";
    button.addEventListener("click", () => {
      saveAs("guesses.json", JSON.stringify({ kind: "nbsupport guesses", guesses }, null, 1) + "\n");
      note.textContent = "Saved as guesses.json, where your browser keeps what it downloads.";
    });
    box.append(button);
  }

  function allGuesses() {
    const found = {};
    try {
      for (const key of Object.keys(localStorage).sort()) {
        if (key.startsWith(KEY)) found[key.slice(KEY.length)] = localStorage.getItem(key);
      }
    } catch {
      return {}; // storage is switched off: nothing was kept
    }
    return found;
  }

  function saveAs(name, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  // --- scripts of single pages -------------------------------------------------------------------

  // What an element names in data-nb-scripts, in this order, each script once.
  function startScripts() {
    const boxes = Array.from(document.querySelectorAll("[data-nb-scripts]"));
    for (const name of new Set(boxes.flatMap((box) => box.dataset.nbScripts.split(" ")))) {
      const script = document.createElement("script");
      script.src = new URL(name, HERE || document.baseURI).href;
      script.async = false; // one after the other, though each is added by a script
      document.head.append(script);
    }
  }

  // --- code --------------------------------------------------------------------------------------

  // One button a page instead of one line a cell. Without a script each cell keeps its own.
  function startCode() {
    const folds = Array.from(document.querySelectorAll("details.hide"));
    const heading = document.querySelector("article h1");
    if (!folds.length || !heading) return;
    const root = document.documentElement;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "nb-code-toggle";
    const turn = (shown) => {
      root.classList.toggle("nb-code-hidden", !shown);
      folds.forEach((fold) => (fold.open = shown));
      button.setAttribute("aria-pressed", String(shown));
      button.textContent = shown ? "Hide the code" : "Show the code";
    };
    button.addEventListener("click", () => turn(root.classList.contains("nb-code-hidden")));
    turn(false);
    heading.after(button);
  }

  function start() {
    document.documentElement.classList.add("nb-scripted");
    window.nbsupport = { copy, drawAll: () => Promise.resolve() };
    startCharts();
    startPredictions();
    startGuesses();
    startCode();
    startScripts();
    for (const box of document.querySelectorAll(".nb-rank")) new Ranking(box);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
