// The explorer: reads the page's table of runs and models, keeps the reader's choice in the address,
// draws points, lines and intervals. What it draws is computed by fit.js.
(function () {
  "use strict";

  const fit = window.nbFit;
  const SVG = "http://www.w3.org/2000/svg";
  const POWERS = Array.from({ length: 16 }, (_, k) => Number(`1e${k}`));
  const MISSING = 0xffffff;
  const SIZE = { circle: 3.2, square: 2.9, diamond: 4, cross: 3.6, other: 3.8 };
  const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99];
  const REACH = 18; // pixels from the pointer within which a mark is meant
  const INK = ["currentColor", "currentColor"]; // on a light page, on a dark one

  // the table -------------------------------------------------------------------------------------

  // Runs of a profile from their bytes: see nbsupport/evidence/packed.py.
  function unpack(table) {
    const bytes = Uint8Array.from(atob(table.bytes), (c) => c.charCodeAt(0));
    let place = 0;
    const take = (count, size) => {
      const start = place;
      place += count * size;
      return (i) => {
        let value = 0;
        for (let k = size - 1; k >= 0; k--) value = value * 256 + bytes[start + i * size + k];
        return value;
      };
    };
    const [role, family, world, points] = [1, 1, 1, 1].map((size) => take(table.runs, size));
    const seed = take(table.runs, 2);
    const keys = Array.from({ length: 6 * table.runs }, (_, i) => bytes[place + i]);
    take(table.runs, 6);
    const score = (read) => (i) => (read(i) === MISSING ? NaN : (read(i) >> 4) / POWERS[read(i) & 15]);
    const accuracy = score(take(table.runs, 3));
    const epoch = take(table.points, 1);
    const [x, y] = [score(take(table.points, 3)), score(take(table.points, 3))];
    const runs = [];
    for (let r = 0, p = 0; r < table.runs; p += points(r), r++) {
      const own = Array.from({ length: points(r) }, (_, i) => p + i);
      runs.push({
        profile: table.profile,
        world: world(r),
        role: table.roles[role(r)],
        family: table.families[family(r)],
        seed: seed(r),
        key: keys.slice(6 * r, 6 * r + 6).map((b) => b.toString(16).padStart(2, "0")).join(""),
        accuracy: accuracy(r),
        epochs: own.map(epoch),
        x: own.map(x),
        y: own.map(y),
      });
    }
    return runs;
  }

  function modelsOf(set, table) {
    const score = (name, i) => {
      const value = table.scores[name][i];
      return value === null ? NaN : value;
    };
    return table.model
      .map((model, i) => ({
        model,
        tag: table.tag[i],
        source: table.sources[table.source[i]],
        architecture: table.architectures[table.architecture[i]],
        family: table.kinds[table.kind[i]],
        x: score(set.x, i),
        y: score(set.y, i),
      }))
      .filter((row) => !Number.isNaN(row.x) && !Number.isNaN(row.y));
  }

  // settings --------------------------------------------------------------------------------------

  // What runs and models have in common for the rest of this file: groups, families, and what a
  // choice comes to, {rows, points, note}.
  class RunSetting {
    constructor(data, told) {
      Object.assign(this, told);
      this.data = data;
      this.record = data.records.find((record) => record.profile === told.record);
      this.marginNote = "share of the gap";
      this.margins = [0.05, 0.6, data.margin];
      this.axis = "linear";
    }

    get runs() {
      this.record.unpacked ||= unpack(this.record);
      this.held ||= this.record.unpacked.filter((r) => r.world === this.world && this.roles.includes(r.role));
      return this.held;
    }

    get groups() {
      return this.roles.map((id) => ({ id, ...this.record.info[id] }));
    }

    get families() {
      const held = new Set(this.runs.map((run) => run.family));
      return this.record.families.filter((f) => held.has(f)).map((id) => ({ id, label: this.record.titles[id] }));
    }

    get reference() {
      return this.gap[1];
    }

    get first() {
      const wanted = this.roles.filter((id) => this.data.groups.includes(id));
      return wanted.length > 2 ? wanted : this.gap;
    }

    // Every group of the choice against the reference.
    compute(choice, groups) {
      const setting = new fit.Setting(this.runs, choice.axis, choice.families);
      const options = { gap: this.gap, margin: choice.margin, t: this.data.t, chance: this.chance };
      const rows = groups.map((id) => {
        const row = { id, line: setting.line(id), points: pointsOf(setting, id) };
        if (id !== choice.reference) row.found = fit.contrast(setting, id, choice.reference, options);
        return row;
      });
      for (const row of rows) {
        if (!row.found) continue;
        row.er = row.found.estimate;
        row.words = [fit.judge("higher", row.found), fit.judge("same", row.found)];
        row.count = `${row.found.cells} cells`;
      }
      return { rows, margin: (rows.find((row) => row.found) || { found: {} }).found.margin };
    }

    points(choice, groups) {
      const wanted = new Set(groups);
      return this.runs
        .filter((run) => wanted.has(run.role) && choice.families.includes(run.family))
        .flatMap((run) =>
          run.epochs.map((epoch, i) => ({
            group: run.role,
            family: run.family,
            shape: this.record.shapes[run.family],
            x: run.x[i],
            y: run.y[i],
            epoch,
            run,
          }))
        );
    }

    // The run behind a mark, the page that compares its group, and the command that makes it again.
    tell(point) {
      const { run } = point;
      const page = this.record.pages[run.role];
      const where = `${this.record.titles[run.family]} (${this.record.architectures[run.family]}), seed ${run.seed}`;
      return {
        title: `${this.record.info[run.role].label}: ${where}, epoch ${point.epoch}`,
        run: `run ${run.key}… of the store (python -m nbsupport jobs show ${run.key})`,
        page: page ? `${page}.html` : "",
        command: this.command(run, page),
      };
    }

    command(run, page) {
      const cell = `--profile ${run.profile} --world ${run.world} --seed ${run.seed} --family ${run.family}`;
      if (!page) return `python -m nbsupport record ${cell}`;
      const own = `--role ${run.role} --family ${run.family} --seed ${run.seed}`;
      return `python -m nbsupport run ${page} -p profile ${run.profile} -p world ${run.world} ${own}`;
    }
  }

  function pointsOf(setting, role) {
    const held = setting.roles.get(role);
    return held ? held.cells.reduce((total, run) => total + (run ? run.x.length : 0), 0) : 0;
  }

  class ModelSetting {
    constructor(data, told) {
      Object.assign(this, told);
      this.data = data;
      this.publication = told.table;
      this.table = data.published.tables[told.table];
      this.kind = "Published models";
      this.marginNote = "times the spread between recipes of one architecture";
      this.margins = [0.25, 3, 1];
      this.axis = "logit";
    }

    get models() {
      this.held ||= modelsOf(this, this.table);
      return this.held;
    }

    get groups() {
      const counts = new Map();
      for (const row of this.models) counts.set(row.source, (counts.get(row.source) || 0) + 1);
      return [...counts.keys()]
        .sort((a, b) => counts.get(b) - counts.get(a))
        .map((id) => ({ id, label: this.table.labels[id], source: "Pre-trained on", images: `${counts.get(id)} models` }));
    }

    get families() {
      const held = new Set(this.models.map((row) => row.family));
      return this.table.kinds.filter((kind) => held.has(kind)).map((id) => ({ id, label: id }));
    }

    get reference() {
      return this.base;
    }

    get first() {
      const wanted = ["instagram-940m", "laion-2b", "openai-400m", "jft-300m", "in21k", "yfcc-90m", this.base];
      const held = this.groups.map((group) => group.id);
      return wanted.filter((id) => held.includes(id));
    }

    chosen(choice) {
      return this.models.filter((row) => choice.families.includes(row.family));
    }

    compute(choice, groups) {
      const heights = new fit.Heights(this.chosen(choice), choice.reference, choice.axis);
      const margin = choice.margin * heights.recipeSpread();
      const rows = groups.map((id) => {
        const own = heights.rows.filter((row) => row.source === id);
        const line = fit.fitLine(own.map((row) => row.tx), own.map((row) => row.ty));
        const row = { id, line: id === choice.reference ? line : null, points: own.length };
        if (id === choice.reference) return row;
        row.er = heights.mean(id, this.data.t);
        row.words = ["higher", "same"].map((kind) => [fit.lean(kind, row.er, margin), ""]);
        row.count = `${row.er.models} models, ${row.er.units} architectures`;
        return row;
      });
      return { rows, margin, common: choice.reference === "" ? heights.line : null };
    }

    points(choice, groups) {
      return this.chosen(choice)
        .filter((row) => groups.includes(row.source))
        .map((row) => ({ group: row.source, family: row.family, shape: "circle", x: row.x, y: row.y, row }));
    }

    tell(point) {
      const { row } = point;
      const load = {
        timm: `python -c "import timm; timm.create_model('${row.model}', pretrained=True)"`,
        open_clip: `python -c "import open_clip; open_clip.create_model('${row.architecture}', pretrained='${row.tag}')"`,
      };
      return {
        title: `${this.table.labels[row.source]}: ${row.model}`,
        run: `measured by ${this.publication}; the command loads the model`,
        page: "published_models.html",
        command: load[this.publication],
      };
    }
  }

  // the choice ------------------------------------------------------------------------------------

  // As the address tells it, with what is left out filled in and what there is not left out.
  function read(hash, settings) {
    const told = new URLSearchParams(hash.replace(/^#/, ""));
    const setting = settingOf(told.get("setting") || "", settings);
    const list = (name, all, otherwise) => {
      const wanted = told.has(name) ? told.get(name).split(",") : null;
      const held = wanted ? all.filter((id) => wanted.includes(id)) : [];
      return wanted && (held.length || told.get(name) === "") ? held : otherwise;
    };
    const groups = setting.groups.map((group) => group.id);
    const families = setting.families.map((family) => family.id);
    const [least, most, usual] = setting.margins;
    const margin = Number(told.get("margin"));
    const references = setting.base === "" ? ["", ...groups] : groups;
    return {
      setting,
      axis: told.get("axis") in fit.AXES ? told.get("axis") : setting.axis,
      margin: margin >= least && margin <= most ? margin : usual,
      reference: references.includes(told.get("reference")) ? told.get("reference") : setting.reference,
      families: list("families", families, families),
      groups: list("groups", groups, setting.first),
    };
  }

  // The setting of that name; else one of the same kind and task, for runs that several share.
  function settingOf(id, settings) {
    const exact = settings.find((setting) => setting.id === id);
    const task = id.replace(/-\d+(?=-(pair|no-gap)|$)/, "");
    return exact || settings.find((s) => id && s.id.replace(/-\d+(?=-(pair|no-gap)|$)/, "") === task) || settings[0];
  }

  function written(choice) {
    const all = choice.setting.families.length === choice.families.length;
    const told = { setting: choice.setting.id, axis: choice.axis, margin: choice.margin, reference: choice.reference };
    if (!all) told.families = choice.families.join(",");
    told.groups = choice.groups.join(",");
    return "#" + new URLSearchParams(told).toString().replace(/%2C/g, ",").replace(/%2F/g, "/");
  }

  // drawing ---------------------------------------------------------------------------------------

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    fill(made, attributes);
    made.append(...children);
    return made;
  }

  function drawn(name, attributes = {}, text = "") {
    const made = document.createElementNS(SVG, name);
    fill(made, attributes);
    if (text) made.textContent = text;
    return made;
  }

  function fill(made, attributes) {
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (typeof value === "boolean") made.toggleAttribute(key, value);
      else made.setAttribute(key, value);
    }
  }

  // A mark around a point, as a part of a path.
  function mark(shape, x, y) {
    const r = SIZE[shape] || SIZE.other;
    const at = (dx, dy) => `${(x + dx * r).toFixed(1)},${(y + dy * r).toFixed(1)}`;
    const poly = (...corners) => `M${corners.map(([dx, dy]) => at(dx, dy)).join("L")}Z`;
    const shapes = {
      circle: () => `M${at(-1, 0)}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`,
      square: () => poly([-1, -1], [1, -1], [1, 1], [-1, 1]),
      diamond: () => poly([0, -1], [1, 0], [0, 1], [-1, 0]),
      cross: () =>
        poly([-0.35, -1], [0.35, -1], [0.35, -0.35], [1, -0.35], [1, 0.35], [0.35, 0.35], [0.35, 1], [-0.35, 1], [-0.35, 0.35], [-1, 0.35], [-1, -0.35], [-0.35, -0.35]),
      "triangle-up": () => poly([0, -1], [1, 0.8], [-1, 0.8]),
      "triangle-down": () => poly([0, 1], [1, -0.8], [-1, -0.8]),
      "triangle-left": () => poly([-1, 0], [0.8, 1], [0.8, -1]),
      "triangle-right": () => poly([1, 0], [-0.8, 1], [-0.8, -1]),
    };
    return (shapes[shape] || shapes["triangle-up"])();
  }

  // Colours by group: those that the book fixes, the reference in ink, then the free ones in turn.
  function colours(data, groups, reference) {
    const found = new Map();
    let next = 0;
    for (const group of groups) {
      const free = group.id === reference ? INK : data.colours[next % data.colours.length];
      found.set(group.id, group.colour || free);
      if (!group.colour && free !== INK) next += 1;
    }
    return found;
  }

  function range(values, axis) {
    const kept = values.filter(isFinite);
    if (!kept.length) return [0, 1];
    let [low, high] = [Infinity, -Infinity];
    for (const v of kept) [low, high] = [Math.min(low, v), Math.max(high, v)];
    const room = Math.max((high - low) * 0.05, 0.01);
    return [axis === "linear" ? Math.max(0, low - room) : low - room, high + room];
  }

  function ticks([low, high], axis, most) {
    const forward = fit.AXES[axis].forward;
    if (axis !== "linear") {
      const kept = [];
      for (const score of TICKS) {
        const at = forward(score);
        const apart = !kept.length || (at - forward(kept[kept.length - 1])) * most >= high - low;
        if (at >= low && at <= high && apart) kept.push(score);
      }
      return kept;
    }
    const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((s) => (high - low) / s <= most) || 1;
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
  }

  class Plot {
    constructor(explorer) {
      this.explorer = explorer;
      this.box = element("div", { class: "nb-explorer-plot" });
      this.chosen = -1;
      this.points = [];
    }

    draw(choice, result, palette) {
      const width = Math.max(280, this.box.clientWidth || 640);
      const height = Math.round(Math.min(460, Math.max(280, width * 0.95)));
      const { forward } = fit.AXES[choice.axis];
      this.points = choice.setting
        .points(choice, choice.groups)
        .map((p) => ({ ...p, tx: forward(p.x), ty: forward(p.y) }))
        .filter((p) => isFinite(p.tx) && isFinite(p.ty));
      this.points.sort((a, b) => choice.groups.indexOf(a.group) - choice.groups.indexOf(b.group) || a.tx - b.tx);
      const frame = { left: 56, right: width - 10, top: 10, bottom: height - 42 };
      const [x, y] = [range(this.points.map((p) => p.tx), choice.axis), range(this.points.map((p) => p.ty), choice.axis)];
      this.across = (v) => frame.left + ((v - x[0]) / (x[1] - x[0])) * (frame.right - frame.left);
      this.down = (v) => frame.bottom - ((v - y[0]) / (y[1] - y[0])) * (frame.bottom - frame.top);
      const words = `${this.points.length} marks of ${choice.groups.length} groups. Left and right go along a group, up and down to another.`;
      this.svg = drawn("svg", {
        viewBox: `0 0 ${width} ${height}`,
        width,
        height,
        tabindex: 0,
        role: "application",
        "aria-label": `OOD against ID score: ${words}`,
      });
      this.svg.append(...this.frame(choice, frame, x, y), this.marks(palette), ...this.lines(choice, result, palette, x));
      this.ring = drawn("circle", { r: 8, class: "nb-explorer-ring", visibility: "hidden" });
      this.svg.append(this.ring);
      this.listen();
      const focused = this.box.contains(document.activeElement);
      this.box.replaceChildren(this.svg);
      if (focused) this.svg.focus();
      this.chosen = -1;
    }

    frame(choice, { left, right, top, bottom }, x, y) {
      const { forward } = fit.AXES[choice.axis];
      const parts = [];
      const text = (value) => (value < 0.1 && value > 0 ? value.toFixed(2) : String(Number(value.toFixed(2))));
      for (const score of ticks(x, choice.axis, Math.floor((right - left) / 60))) {
        const at = this.across(forward(score));
        parts.push(drawn("line", { x1: at, x2: at, y1: top, y2: bottom, class: "nb-grid" }));
        parts.push(drawn("text", { x: at, y: bottom + 15, "text-anchor": "middle" }, text(score)));
      }
      for (const score of ticks(y, choice.axis, Math.floor((bottom - top) / 44))) {
        const at = this.down(forward(score));
        parts.push(drawn("line", { x1: left, x2: right, y1: at, y2: at, class: "nb-grid" }));
        parts.push(drawn("text", { x: left - 6, y: at + 4, "text-anchor": "end" }, text(score)));
      }
      const [low, high] = [Math.max(x[0], y[0]), Math.min(x[1], y[1])];
      if (high > low) {
        const ends = { x1: this.across(low), x2: this.across(high), y1: this.down(low), y2: this.down(high) };
        parts.push(drawn("line", { ...ends, class: "nb-diagonal" }));
      }
      const scale = choice.axis === "linear" ? "" : `, ${choice.axis} scale`;
      const [across, up] = choice.setting.titles;
      parts.push(drawn("text", { x: (left + right) / 2, y: bottom + 34, "text-anchor": "middle" }, across + scale));
      const turn = `translate(11 ${(top + bottom) / 2}) rotate(-90)`;
      parts.push(drawn("text", { transform: turn, "text-anchor": "middle" }, up + scale));
      return parts;
    }

    // All marks of a group are one path: a thousand are drawn as fast as one.
    marks(palette) {
      const paths = new Map();
      for (const point of this.points) {
        const path = mark(point.shape, this.across(point.tx), this.down(point.ty));
        paths.set(point.group, (paths.get(point.group) || "") + path);
      }
      const all = drawn("g");
      for (const [group, d] of paths) all.append(drawn("path", { d, fill: palette(group), class: "nb-marks", "data-group": group }));
      return all;
    }

    lines(choice, result, palette) {
      const drawnLine = (line, colour, group) => {
        if (!line || !isFinite(line.slope)) return [];
        const ends = [line.low, line.high].map((tx) => [this.across(tx), this.down(line.intercept + line.slope * tx)]);
        const [[x1, y1], [x2, y2]] = ends;
        const own = { x1, x2, y1, y2, "data-group": group };
        return [drawn("line", { ...own, class: "nb-halo" }), drawn("line", { ...own, stroke: colour, class: "nb-line" })];
      };
      const common = result.common ? drawnLine(result.common, "currentColor", "") : [];
      return [...common, ...result.rows.flatMap((row) => drawnLine(row.line, palette(row.id), row.id))];
    }

    listen() {
      const nearest = (event) => {
        const box = this.svg.getBoundingClientRect();
        const scale = this.svg.viewBox.baseVal.width / box.width;
        return this.near((event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
      };
      this.svg.addEventListener("pointermove", (event) => this.choose(nearest(event)));
      this.svg.addEventListener("click", (event) => this.choose(nearest(event)));
      this.svg.addEventListener("keydown", (event) => this.walk(event));
      this.svg.addEventListener("focus", () => this.chosen < 0 && this.svg.matches(":focus-visible") && this.choose(0));
    }

    near(x, y) {
      let [best, least] = [-1, REACH ** 2];
      this.points.forEach((point, i) => {
        const away = (this.across(point.tx) - x) ** 2 + (this.down(point.ty) - y) ** 2;
        if (away < least) [best, least] = [i, away];
      });
      return best;
    }

    walk(event) {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const jump = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step && !jump) return;
      event.preventDefault();
      const own = (this.points[this.chosen] || this.points[0] || {}).group;
      if (step) {
        const next = this.chosen + step;
        if (this.points[next] && (this.chosen < 0 || this.points[next].group === own)) this.choose(next);
        return;
      }
      const groups = [...new Set(this.points.map((p) => p.group))];
      const group = groups[(groups.indexOf(own) + jump + groups.length) % groups.length];
      this.choose(this.points.findIndex((p) => p.group === group));
    }

    choose(index) {
      if (index < 0 || index === this.chosen) return;
      this.chosen = index;
      const point = this.points[index];
      this.ring.setAttribute("cx", this.across(point.tx));
      this.ring.setAttribute("cy", this.down(point.ty));
      this.ring.setAttribute("visibility", "visible");
      this.explorer.tell(point);
    }

    // Fades all other groups; none: shows all.
    pick(group) {
      for (const part of this.svg.querySelectorAll("[data-group]")) {
        part.classList.toggle("nb-faded", group !== null && part.dataset.group !== group);
      }
    }
  }

  // the page --------------------------------------------------------------------------------------

  class Explorer {
    constructor(box) {
      this.box = box;
      this.data = JSON.parse(box.querySelector(".nb-data").textContent);
      this.settings = [
        ...this.data.settings.map((told) => new RunSetting(this.data, told)),
        ...this.data.published.sets.map((told) => new ModelSetting(this.data, told)),
      ];
      this.plot = new Plot(this);
      this.form = element("form", { class: "nb-explorer-controls", onsubmit: (e) => e.preventDefault() });
      this.lists = element("form", { class: "nb-explorer-lists" });
      this.said = element("p", { class: "nb-explorer-said", "aria-live": "polite" });
      this.point = element("div", { class: "nb-explorer-point", "aria-live": "polite" });
      this.table = element("div", { class: "nb-scroll nb-explorer-table", tabindex: 0, role: "region", "aria-label": "Results" });
      this.actions = element("p", { class: "nb-explorer-actions" });
      const stage = element("div", { class: "nb-explorer-stage" }, this.lists, this.plot.box);
      box.append(this.form, stage, this.said, this.point, this.table, this.actions);
      box.querySelector(".nb-unscripted").hidden = true;
      this.open(location.hash);
      this.watch();
    }

    watch() {
      window.addEventListener("hashchange", () => location.hash !== written(this.choice) && this.open(location.hash));
      const again = () => this.draw();
      new MutationObserver(again).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "data-mode"] });
      let width = this.plot.box.clientWidth;
      new ResizeObserver(() => {
        if (Math.abs(this.plot.box.clientWidth - width) < 4) return;
        width = this.plot.box.clientWidth;
        again();
      }).observe(this.plot.box);
    }

    open(hash) {
      this.choice = read(hash, this.settings);
      this.controls();
      this.draw();
    }

    // A change of the form: the new choice, kept in the address.
    change(part) {
      Object.assign(this.choice, part);
      history.replaceState(null, "", written(this.choice));
      this.draw();
    }

    controls() {
      const { choice } = this;
      const { setting } = choice;
      const kinds = [...new Set(this.settings.map((s) => s.kind))];
      const options = kinds.map((kind) =>
        element("optgroup", { label: kind }, ...this.settings.filter((s) => s.kind === kind).map((s) => option(s.id, s.label, s === setting)))
      );
      const select = element("select", { name: "setting", onchange: () => this.turn(select.value) }, ...options);
      const axis = element(
        "select",
        { name: "axis", onchange: () => this.change({ axis: axis.value }) },
        ...this.data.axes.map((name) => option(name, name, name === choice.axis))
      );
      const references = [...(setting.base === "" ? [{ id: "", label: "all models" }] : []), ...setting.groups];
      const reference = element(
        "select",
        { name: "reference", onchange: () => this.change({ reference: reference.value }) },
        ...references.map((group) => option(group.id, group.label, group.id === choice.reference))
      );
      this.form.replaceChildren(
        labelled("Setting", select, "nb-wide"),
        labelled("Measured from the line of", reference),
        labelled("Axis", axis),
        this.margin()
      );
      this.lists.replaceChildren(
        this.boxes("groups", "Groups", setting.groups),
        this.boxes("families", "Families", setting.families)
      );
    }

    // Another setting keeps the axis and the groups that it has, too.
    turn(id) {
      const told = new URLSearchParams(written(this.choice).slice(1));
      const setting = this.settings.find((s) => s.id === id);
      told.set("setting", id);
      for (const name of ["families", "margin", "reference"]) told.delete(name);
      if (setting.kind === "Published models" || this.choice.setting.kind === "Published models") {
        told.delete("groups");
        told.delete("axis");
      }
      history.replaceState(null, "", "#" + told);
      this.open(location.hash);
      this.form.elements.setting.focus();
    }

    margin() {
      const { setting, margin } = this.choice;
      const [min, max] = setting.margins;
      const said = element("output", {}, String(margin));
      const slider = element("input", {
        type: "range",
        name: "margin",
        min,
        max,
        step: 0.01,
        value: margin,
        oninput: () => {
          said.textContent = slider.value;
          this.change({ margin: Number(slider.value) });
        },
      });
      return labelled("Margin", element("span", { class: "nb-slider" }, slider, said, ` ${setting.marginNote}`), "nb-wide");
    }

    // A list of boxes to tick, folded on a phone, with a button for all and one for none.
    boxes(name, title, items) {
      const inputs = items.map((item) =>
        element("input", { type: "checkbox", name, value: item.id, checked: this.choice[name].includes(item.id), onchange: () => take() })
      );
      const take = () => {
        this.change({ [name]: inputs.filter((input) => input.checked).map((input) => input.value) });
        count();
      };
      const count = () => (told.textContent = `${title}: ${inputs.filter((i) => i.checked).length} of ${items.length}`);
      const set = (on) => () => {
        inputs.forEach((input) => (input.checked = on));
        take();
      };
      const told = element("span");
      const buttons = [element("button", { type: "button", onclick: set(true) }, "all"), element("button", { type: "button", onclick: set(false) }, "none")];
      const rows = [];
      let source = null;
      items.forEach((item, i) => {
        if (item.source && item.source !== source) rows.push(element("span", { class: "nb-explorer-source" }, (source = item.source)));
        const note = item.images ? element("span", { class: "nb-quiet" }, ` ${item.images}`) : "";
        rows.push(element("label", {}, inputs[i], ` ${item.label}`, note));
      });
      count();
      const list = element("div", { class: "nb-explorer-list", role: "group", "aria-label": title }, ...rows);
      const open = window.matchMedia("(min-width: 700px)").matches;
      return element("details", { open }, element("summary", {}, told), element("p", { class: "nb-explorer-all" }, ...buttons), list);
    }

    draw() {
      const { choice } = this;
      const dark = document.documentElement.dataset.theme === "dark" || document.documentElement.dataset.mode === "dark";
      const groups = choice.setting.groups.filter((g) => choice.groups.includes(g.id) || g.id === choice.reference);
      const pairs = colours(this.data, groups, choice.reference);
      const palette = (id) => (pairs.get(id) || INK)[dark ? 1 : 0];
      this.result = choice.setting.compute(choice, choice.groups);
      this.plot.draw(choice, this.result, palette);
      this.point.replaceChildren(element("p", { class: "nb-quiet" }, "Point at a mark, tap it, or walk with the arrow keys to see its run and its command."));
      this.rows(palette);
      this.say();
      this.links();
      this.box.dataset.state = "drawn";
    }

    say() {
      const { choice, result } = this;
      const shown = `${this.plot.points.length.toLocaleString("en")} marks, ${choice.groups.length} groups`;
      const margin = isFinite(result.margin) ? `; the margin is ${result.margin.toFixed(4)}` : "";
      const where = choice.setting.cells ? ` (recorded: ${choice.setting.cells})` : "";
      this.said.textContent = choice.groups.length ? `${shown}${margin}${where}.` : "Choose at least one group below.";
    }

    rows(palette) {
      const { choice, result } = this;
      const names = new Map(choice.setting.groups.map((group) => [group.id, group.label]));
      const ends = result.rows.flatMap((row) => (row.er ? [row.er.low, row.er.high, row.er.value] : [])).filter(isFinite);
      const edge = 1.08 * Math.max(0.001, isFinite(result.margin) ? result.margin : 0, ...ends.map(Math.abs));
      const header = ["group", "effective robustness", "interval", "higher?", "the same?"];
      const over = `Over the line of “${names.get(choice.reference) || "all models"}”, ${choice.axis} axes`;
      const table = element(
        "table",
        { class: "nb-table" },
        element("caption", {}, over),
        element("thead", {}, element("tr", {}, ...header.map((text) => element("th", { scope: "col" }, text)))),
        element("tbody", {}, ...result.rows.map((row) => this.row(row, names.get(row.id), palette(row.id), edge)))
      );
      this.table.replaceChildren(table);
    }

    row(row, name, colour, edge) {
      const swatch = element("span", { class: "nb-swatch", style: `background:${colour}` });
      const head = element("th", { scope: "row" }, swatch, ` ${name}`);
      const pick = (group) => () => this.plot.pick(group);
      const attributes = { onpointerenter: pick(row.id), onpointerleave: pick(null) };
      if (!row.er) {
        return element("tr", attributes, head, element("td", {}, "0"), element("td", { colspan: 3 }, "the reference: zero by definition"));
      }
      const [higher, same] = row.words;
      const cells = [
        element("td", { title: row.count }, signed(row.er.value), element("span", { class: "nb-quiet" }, span(row.er))),
        element("td", {}, bar(row.er, this.result.margin, edge, colour)),
        verdict("higher?", ...higher),
        verdict("the same?", ...same),
      ];
      return element("tr", attributes, head, ...cells);
    }

    tell(point) {
      const told = this.choice.setting.tell(point);
      const scores = `ID ${point.x.toFixed(4)}, OOD ${point.y.toFixed(4)}`;
      const line = element("div", { class: "nb-command" }, element("code", {}, told.command));
      line.append(element("button", { type: "button", onclick: (event) => window.nbsupport.copy(told.command, event.target) }, "Copy"));
      const page = told.page ? [" ", element("a", { href: told.page }, "The page of this group.")] : [];
      this.point.replaceChildren(element("p", {}, element("strong", {}, `${told.title}. `), `${scores}; ${told.run}.`, ...page), line);
    }

    links() {
      const copy = element("button", { type: "button", onclick: (event) => window.nbsupport.copy(location.href.split("#")[0] + written(this.choice), event.target) }, "Copy");
      const usual = element("button", { type: "button", onclick: () => { history.replaceState(null, "", "#setting=" + this.choice.setting.id); this.open(location.hash); } }, "Back to the book's choice");
      const file = element("a", { class: "nb-download", download: "explorer.csv", href: "data:text/csv;charset=utf-8," + encodeURIComponent(this.csv()) }, "Results (CSV)");
      this.actions.replaceChildren(element("span", {}, "Address of this choice: "), copy, " ", usual, " ", file);
    }

    csv() {
      const lines = this.result.rows.map((row) => {
        const er = row.er || { value: 0, low: NaN, high: NaN };
        const words = row.words ? row.words.map(([word]) => word) : ["", ""];
        const line = row.line || { slope: NaN, intercept: NaN };
        return [row.id, row.points, line.slope, line.intercept, er.value, er.low, er.high, ...words].map((v) => (Number.isNaN(v) ? "" : v)).join(",");
      });
      return ["group,points,slope,intercept,er,low,high,higher,same", ...lines].join("\n") + "\n";
    }
  }

  function option(value, label, selected) {
    return element("option", { value, selected }, label);
  }

  function labelled(text, control, kind = "") {
    return element("label", { class: `nb-field ${kind}`.trim() }, element("span", {}, text), control);
  }

  function signed(value) {
    if (!isFinite(value)) return "not measurable";
    return (value < 0 ? "\u2212" : "+") + Math.abs(value).toFixed(4);
  }

  function span(er) {
    return isFinite(er.low) ? `${signed(er.low)} to ${signed(er.high)}` : "no interval: too few runs";
  }

  function verdict(asked, word, remark) {
    const why = remark && !word.startsWith("leans") ? [element("span", { class: "nb-quiet" }, remark)] : [];
    return element("td", { class: wordClass(word), title: remark, "data-asked": asked }, word, ...why);
  }

  function wordClass(word) {
    if (word === "supported" || word === "lean for") return "nb-good";
    return word === "contradicted" || word === "lean against" ? "nb-bad" : "nb-open";
  }

  // An interval as a line, the zone of no difference behind it.
  function bar(er, margin, edge, colour) {
    const at = (v) => 60 + (58 * Math.max(-edge, Math.min(edge, v))) / edge;
    const svg = drawn("svg", { viewBox: "0 0 120 16", width: 120, height: 16, "aria-hidden": "true" });
    if (isFinite(margin)) svg.append(drawn("rect", { x: at(-margin), width: at(margin) - at(-margin), y: 0, height: 16, class: "nb-zone" }));
    svg.append(drawn("line", { x1: 60, x2: 60, y1: 0, y2: 16, class: "nb-zero" }));
    if (isFinite(er.low)) svg.append(drawn("line", { x1: at(er.low), x2: at(er.high), y1: 8, y2: 8, stroke: colour, "stroke-width": 2 }));
    if (isFinite(er.value)) svg.append(drawn("circle", { cx: at(er.value), cy: 8, r: 4, fill: colour }));
    return svg;
  }

  for (const box of document.querySelectorAll(".nb-explorer")) window.nbExplorer = new Explorer(box);
})();
