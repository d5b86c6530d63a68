// The package's fits, contrasts and verdict words, in the browser: what nbsupport/analysis does in
// trends, cells, statistics, contrasts, intervals and verdicts (one contrast at a time), and in
// published. A test compares the two on every record (tests/browser/test_explorer.py).
(function () {
  "use strict";

  const ALIKE = 1e-9; // ID scores no further apart make no line, in axis units
  const MIN_EPOCHS = 2; // inside the reference line's range; fewer: off the line
  const GRID = Array.from({ length: 32 }, (_, i) => (i + 0.5) / 32); // where two lines are compared
  const ENOUGH = 3; // families and seeds of each; cells that say less only lean
  const ROUNDING = 1e-6; // of accuracies, which are recorded to six digits
  const MOST_OF_SCORE = 1 / 3; // of the reference's mean OOD score; a wider margin is no measure

  // axes ------------------------------------------------------------------------------------------

  // The normal distribution's integral from 0 to x: its series has positive terms only, so nothing
  // cancels, and it ends where a term no longer counts.
  function halfNormal(x) {
    let term = x;
    let sum = x;
    for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) {
      term *= (x * x) / n;
      sum += term;
    }
    return sum * density(x);
  }

  function density(x) {
    return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  }

  function normal(x) {
    if (Math.abs(x) > 9) return x > 0 ? 1 : 0; // beyond 1e-18
    return 0.5 + halfNormal(x);
  }

  // Newton's steps with Halley's correction from where a logistic curve would lie.
  function probit(p) {
    if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
    let x = (Math.log(p) - Math.log1p(-p)) / 1.702;
    for (let i = 0; i < 60; i++) {
      const newton = (normal(x) - p) / density(x);
      const step = newton / (1 + Math.max(-0.5, (newton * x) / 2));
      x -= Math.max(-0.5, Math.min(0.5, step));
      if (Math.abs(step) < 1e-6) break; // the error is now this cubed
    }
    return x;
  }

  const AXES = {
    linear: { forward: (v) => v, back: (t) => t },
    logit: {
      forward: (v) => Math.log(v) - Math.log1p(-v),
      back: (t) => 0.5 * (1 + Math.tanh(t / 2)),
    },
    probit: { forward: probit, back: normal },
  };

  // lines -----------------------------------------------------------------------------------------

  function lineOf(n, sx, sy, sxx, sxy, centre, low, high) {
    const slope = high - low > ALIKE ? (sxy - (sx * sy) / n) / (sxx - (sx * sx) / n) : NaN;
    return { slope, intercept: (sy - slope * sx) / n - slope * centre, low, high, n };
  }

  function at(line, tx, axis) {
    return AXES[axis].back(line.intercept + line.slope * tx);
  }

  // Least squares through points in axis units, [[x, y], ...]; those not finite are left out.
  function fitLine(xs, ys) {
    const sums = [0, 0, 0, 0, 0];
    const kept = [];
    for (let i = 0; i < xs.length; i++) if (isFinite(xs[i]) && isFinite(ys[i])) kept.push(i);
    const centre = kept.reduce((total, i) => total + xs[i], 0) / Math.max(kept.length, 1);
    let [low, high] = [Infinity, -Infinity];
    for (const i of kept) {
      const dx = xs[i] - centre;
      [1, dx, ys[i], dx * dx, dx * ys[i]].forEach((term, k) => (sums[k] += term));
      low = Math.min(low, xs[i]);
      high = Math.max(high, xs[i]);
    }
    return lineOf(...sums, centre, low, high);
  }

  // intervals -------------------------------------------------------------------------------------

  // A stack is a value on all cells, then with each of N deleted. t: Student's quantiles by degrees.
  function jackknife(stack, dof, t) {
    const count = stack.length - 1;
    if (dof < 1 || count < 2) return made(stack[0], NaN, Math.max(dof, 0), t);
    const mean = sum(stack.slice(1)) / count;
    const spread = sum(stack.slice(1).map((v) => (v - mean) ** 2));
    return made(stack[0], Math.sqrt(((count - 1) / count) * spread), dof, t);
  }

  function made(value, se, dof, t) {
    const half = dof > 0 ? t[dof] * se : NaN;
    return { value, se, dof, low: value - half, high: value + half };
  }

  function sum(values) {
    return values.reduce((total, v) => total + v, 0);
  }

  // records ---------------------------------------------------------------------------------------

  // The runs of some roles in the chosen families: cells [C], and of each role what lies in each
  // cell, in axis units: {x, y, score} by epoch.
  class Setting {
    constructor(runs, axis, families) {
      this.axis = axis;
      const kept = runs.filter((run) => families.includes(run.family));
      const name = (run) => `${run.family} ${String(run.seed).padStart(6, "0")}`;
      const names = [...new Set(kept.map(name))].sort();
      this.cells = names.map((text) => ({ family: text.split(" ")[0], seed: Number(text.split(" ")[1]) }));
      this.roles = new Map();
      for (const run of kept) {
        if (!this.roles.has(run.role)) this.roles.set(run.role, this.empty(names.length));
        const role = this.roles.get(run.role);
        role.cells[names.indexOf(name(run))] = this.shown(run);
        role.rows += run.epochs.length;
        if (isFinite(run.accuracy)) {
          role.right += run.accuracy * run.epochs.length;
          role.told += run.epochs.length;
        }
        for (const y of run.y) if (isFinite(y)) [role.total, role.scored] = [role.total + y, role.scored + 1];
      }
    }

    empty(count) {
      return { cells: Array(count).fill(null), rows: 0, right: 0, told: 0, total: 0, scored: 0 };
    }

    // A run's points that the axis can show; null where there are none.
    shown(run) {
      const forward = AXES[this.axis].forward;
      const found = { x: [], y: [], score: [] };
      for (let i = 0; i < run.x.length; i++) {
        const [x, y] = [forward(run.x[i]), forward(run.y[i])];
        if (!isFinite(x) || !isFinite(y)) continue;
        found.x.push(x);
        found.y.push(y);
        found.score.push(run.y[i]);
      }
      return found;
    }

    at(role, cell) {
      const held = this.roles.get(role);
      return held ? held.cells[cell] : null;
    }

    has(role, cell) {
      const run = this.at(role, cell);
      return Boolean(run && run.x.length);
    }

    // The line through all points of a role.
    line(role) {
      const held = this.roles.get(role);
      const runs = held ? held.cells.filter(Boolean) : [];
      return fitLine(runs.flatMap((run) => run.x), runs.flatMap((run) => run.y));
    }
  }

  // Every version of a statistic: on all cells, without each cell, without each family.
  class Replicates {
    constructor(setting, paired, lines) {
      this.setting = setting;
      const has = (role, cell) => setting.has(role, cell);
      const every = setting.cells.map((_, cell) => cell);
      this.kept = every.filter(
        (cell) => paired.every((role) => has(role, cell)) || lines.some((role) => has(role, cell))
      );
      this.families = this.kept.map((cell) => setting.cells[cell].family);
      this.names = [...new Set(this.families)].sort();
      const count = this.kept.length;
      this.keep = [this.kept.map(() => true)];
      for (let out = 0; out < count; out++) this.keep.push(this.kept.map((_, i) => i !== out));
      for (const family of this.names) this.keep.push(this.families.map((own) => own !== family));
    }

    get count() {
      return this.kept.length;
    }

    present(role) {
      return this.kept.map((cell) => this.setting.has(role, cell));
    }

    lines(role) {
      const runs = this.kept.map((cell) => this.setting.at(role, cell) || { x: [], y: [] });
      const all = runs.flatMap((run) => run.x);
      const centre = sum(all) / Math.max(all.length, 1);
      const terms = runs.map((run) => sums(run, centre));
      return this.keep.map((keep) => {
        const total = [0, 0, 0, 0, 0];
        let [low, high] = [Infinity, -Infinity];
        for (let i = 0; i < terms.length; i++) {
          if (!keep[i]) continue;
          for (let k = 0; k < 5; k++) total[k] += terms[i].sums[k];
          low = Math.min(low, terms[i].low);
          high = Math.max(high, terms[i].high);
        }
        return lineOf(...total, centre, low, high);
      });
    }

    // ER of the role's run in each cell, by replicate; NaN off the line.
    er(role, lines) {
      const runs = this.kept.map((cell) => this.setting.at(role, cell));
      return lines.map((line) => runs.map((run) => (run ? height(run, line, this.setting.axis) : NaN)));
    }

    gap(full, scratch) {
      const [upper, lower] = [this.lines(full), this.lines(scratch)];
      return upper.map((line, i) => distance(line, lower[i], this.setting.axis));
    }

    // The mean over cells of values by replicate, each without its deleted cells.
    mean(values) {
      return values.map((row, r) => {
        const own = row.filter((v, i) => this.keep[r][i] && isFinite(v));
        return own.length ? sum(own) / own.length : NaN;
      });
    }

    overCells(stack, families, t) {
      return jackknife(stack.slice(0, 1 + this.count), degrees(families), t);
    }

    overFamilies(stack, families, t) {
      const own = new Set(families);
      const without = this.names.flatMap((name, i) => (own.has(name) ? [stack[1 + this.count + i]] : []));
      return jackknife([stack[0], ...without], own.size - 1, t);
    }
  }

  function sums(run, centre) {
    const found = { sums: [0, 0, 0, 0, 0], low: Infinity, high: -Infinity };
    for (let i = 0; i < run.x.length; i++) {
      const dx = run.x[i] - centre;
      const terms = [1, dx, run.y[i], dx * dx, dx * run.y[i]];
      for (let k = 0; k < 5; k++) found.sums[k] += terms[k];
      found.low = Math.min(found.low, run.x[i]);
      found.high = Math.max(found.high, run.x[i]);
    }
    return found;
  }

  function height(run, line, axis) {
    let [total, used] = [0, 0];
    for (let i = 0; i < run.x.length; i++) {
      if (run.x[i] < line.low || run.x[i] > line.high) continue;
      total += run.score[i] - at(line, run.x[i], axis);
      used += 1;
    }
    return used >= MIN_EPOCHS ? total / used : NaN;
  }

  // Mean distance of a line above another over their common range, in scores.
  function distance(upper, lower, axis) {
    const { forward, back } = AXES[axis];
    const low = back(Math.max(upper.low, lower.low));
    const high = back(Math.min(upper.high, lower.high));
    if (!isFinite(low) || !isFinite(high) || !(high > low)) return NaN;
    const heights = GRID.map((share) => {
      const tx = forward(low + (high - low) * share);
      return at(upper, tx, axis) - at(lower, tx, axis);
    });
    return sum(heights) / heights.length;
  }

  function degrees(families) {
    return families.length - new Set(families).size;
  }

  function enough(families) {
    const counts = [...new Set(families)].map((f) => families.filter((own) => own === f).length);
    const several = counts.filter((n) => n >= 2).length >= ENOUGH;
    return several && degrees(families) >= ENOUGH * (ENOUGH - 1);
  }

  // Role a minus role b in effective robustness over the line of b.
  function contrast(setting, a, b, { gap, margin, t, chance }) {
    const lines = [b, ...gap];
    const reps = new Replicates(setting, [a, b], lines);
    const line = reps.lines(b);
    const [over, under] = [reps.er(a, line), reps.er(b, line)];
    const values = over.map((row, r) => row.map((v, i) => v - under[r][i]));
    const stack = reps.mean(values);
    const gaps = reps.gap(...gap);
    const own = reps.families.filter((_, i) => isFinite(values[0][i]));
    const both = reps.present(gap[0]).map((there, i) => there && reps.present(gap[1])[i]);
    const inGap = reps.families.filter((_, i) => both[i]);
    const least = degrees(own) <= degrees(inGap) ? own : inGap;
    const fewer = new Set(own).size <= new Set(inGap).size ? own : inGap;
    const shifted = (sign) => stack.map((v, i) => v + sign * margin * gaps[i]);
    const spread = (values, families, wide) => ({
      ...reps.overCells(values, families, t),
      alike: reps.overFamilies(values, wide, t),
    });
    const found = {
      estimate: spread(stack, own, own),
      minus: spread(shifted(-1), least, fewer),
      plus: spread(shifted(1), least, fewer),
      gap: spread(gaps, inGap, inGap),
      margin: margin * gaps[0],
      cells: own.length,
      families: new Set(own).size,
      settled: enough(own),
      gapSettled: enough(inGap),
      offLine: [over, under].map((er, k) => offLine(reps, [a, b][k], er[0])).reduce((x, y) => x + y),
      ...counted(setting, a, b, lines),
      er: values[0],
    };
    if (same(setting, a, b)) Object.assign(found, { cells: 0, reason: "the same runs under two names" });
    found.floor = floor(setting, a, b, found.margin, chance);
    return found;
  }

  function offLine(reps, role, er) {
    return reps.present(role).filter((there, i) => there && !isFinite(er[i])).length;
  }

  // What a contrast could not use, and why there is none.
  function counted(setting, a, b, lines) {
    const cells = setting.cells.map((_, i) => [setting.has(a, i), setting.has(b, i)]);
    const roles = [...new Set([a, b, ...lines])].map((role) => setting.roles.get(role)).filter(Boolean);
    const shown = sum(roles.map((role) => sum(role.cells.map((run) => (run ? run.x.length : 0)))));
    const none = !cells.some(([one, other]) => one && other);
    return {
      unpaired: cells.filter(([one, other]) => one !== other).length,
      dropped: sum(roles.map((role) => role.rows)) - shown,
      reason: none ? "no cell (family, seed) has runs of both groups" : "",
    };
  }

  function same(setting, a, b) {
    const [one, other] = [setting.roles.get(a), setting.roles.get(b)];
    return a !== b && Boolean(one && other) && JSON.stringify(one.cells) === JSON.stringify(other.cells);
  }

  // Why two lines are not to be compared: the lower group at chance, or too wide a margin.
  function floor(setting, a, b, margin, chance) {
    for (const name of [a, b]) {
      const role = setting.roles.get(name);
      const right = role && role.told ? role.right / role.told : NaN;
      if (right < 2 * chance - ROUNDING) return `OOD accuracy of ${name} is ${right.toFixed(3)}, by chance ${chance.toFixed(3)}`;
    }
    const reference = setting.roles.get(b);
    const score = reference && reference.scored ? reference.total / reference.scored : NaN;
    if (margin > MOST_OF_SCORE * score) {
      return `the margin ${margin.toFixed(3)} is over a third of the OOD score of ${b}, ${score.toFixed(3)}`;
    }
    return "";
  }

  // verdicts --------------------------------------------------------------------------------------

  function noGap(c) {
    if (Number.isNaN(c.gap.value)) return "the ID ranges of the full source and of scratch do not overlap";
    if (c.gap.value <= 0) return "the full source does not lie above scratch";
    if (c.gapSettled && !(c.gap.low > 0)) return "the interval of the gap touches 0";
    return "";
  }

  // The word on "a is higher than b" or "a and b are the same", and a remark.
  function judge(kind, c) {
    if (!c.cells) return ["not testable", c.reason || "no cell has both groups on the reference line"];
    if (c.floor) return ["at the floor", c.floor];
    if (kind === "same" && noGap(c)) return ["not testable", noGap(c)];
    const few = !c.settled || (kind === "same" && !c.gapSettled);
    if (few || Number.isNaN(c.estimate.low)) {
      const d = c.estimate.value;
      const towards = kind === "higher" ? d > 0 : Math.abs(d) < c.margin;
      return [`leans ${towards ? "towards" : "against"}`, "fewer than three families with three seeds each"];
    }
    return kind === "higher" ? higher(c) : alike(c);
  }

  function higher(c) {
    const known = !noGap(c) && c.gap.low > 0;
    if (c.estimate.low > 0) return ["supported", known && c.minus.high < 0 ? "below the margin" : ""];
    if (c.estimate.high < 0) return ["contradicted", ""];
    if (known && c.minus.high < 0 && c.plus.low > 0) return ["negligible", ""];
    return ["inconclusive", ""];
  }

  function alike(c) {
    if (c.minus.high < 0 && c.plus.low > 0) return ["supported", ""];
    if (c.minus.low > 0 || c.plus.high < 0) return ["contradicted", ""];
    const differs = c.estimate.low > 0 || c.estimate.high < 0;
    return ["inconclusive", differs ? "differs, size unsettled" : ""];
  }

  // published models ------------------------------------------------------------------------------

  // Models above the line through those of one source ("": of all). rows: {x, y, source,
  // architecture}, in scores.
  class Heights {
    constructor(rows, base, axis) {
      this.axis = axis;
      const forward = AXES[axis].forward;
      this.rows = rows.map((row) => ({ ...row, tx: forward(row.x), ty: forward(row.y) }));
      this.base = this.rows.filter((row) => base === "" || row.source === base);
      this.line = fitLine(this.base.map((r) => r.tx), this.base.map((r) => r.ty));
      for (const row of this.rows) {
        row.height = row.y - at(this.line, row.tx, axis);
        row.er = row.tx >= this.line.low && row.tx <= this.line.high ? row.height : NaN;
      }
      this.own = new Map();
      for (const row of this.base) if (isFinite(row.tx) && isFinite(row.ty)) this.add(row);
    }

    add(row) {
      const held = this.own.get(row.architecture) || [0, 0, 0, 0, 0];
      [1, row.tx, row.ty, row.tx * row.tx, row.tx * row.ty].forEach((term, k) => (held[k] += term));
      this.own.set(row.architecture, held);
    }

    // Mean ER of a source's models, its interval by architecture.
    mean(source, t) {
      const wanted = this.rows.filter((row) => row.source === source);
      const inside = wanted.filter((row) => isFinite(row.er));
      const units = [...new Set(inside.map((row) => row.architecture))];
      const outside = wanted.length - inside.length;
      if (!units.length) return { ...made(NaN, NaN, 0, t), models: 0, units: 0, outside };
      const value = sum(inside.map((row) => row.er)) / inside.length;
      const se = units.length > 1 ? Math.sqrt(this.spread(inside, units, value)) : NaN;
      return { ...made(value, se, units.length - 1, t), models: inside.length, units: units.length, outside };
    }

    spread(inside, units, value) {
      const others = [...this.own.keys()].filter((name) => !units.includes(name));
      const squares = (names) => sum(names.map((name) => (this.without(inside, name) - value) ** 2));
      return (squares(units) * (units.length - 1)) / units.length + squares(others);
    }

    // The mean ER without an architecture, in group and line alike.
    without(inside, name) {
      const total = [0, 0, 0, 0, 0];
      for (const held of this.own.values()) held.forEach((term, k) => (total[k] += term));
      const own = this.own.get(name) || [0, 0, 0, 0, 0];
      const line = lineOf(...total.map((term, k) => term - own[k]), 0, -Infinity, Infinity);
      const kept = inside.filter((row) => row.architecture !== name);
      return sum(kept.map((row) => row.y - at(line, row.tx, this.axis))) / kept.length;
    }

    // The median spread of ER over recipes of one architecture, of those with four or more.
    recipeSpread() {
      const by = new Map();
      for (const row of this.base) {
        if (isFinite(row.er)) by.set(row.architecture, [...(by.get(row.architecture) || []), row.er]);
      }
      const spreads = [...by.values()].filter((own) => own.length >= 4).map(deviation);
      spreads.sort((a, b) => a - b);
      const middle = Math.floor(spreads.length / 2);
      if (!spreads.length) return NaN;
      return spreads.length % 2 ? spreads[middle] : (spreads[middle - 1] + spreads[middle]) / 2;
    }
  }

  function deviation(values) {
    const mean = sum(values) / values.length;
    return Math.sqrt(sum(values.map((v) => (v - mean) ** 2)) / (values.length - 1));
  }

  // What published models say on "higher" or "same": never more than a leaning.
  function lean(kind, c, margin) {
    if (kind === "higher") return c.low > 0 ? "lean for" : c.high < 0 ? "lean against" : "say nothing";
    if (-margin < c.low && c.high < margin) return "lean for";
    return c.low > margin || c.high < -margin ? "lean against" : "say nothing";
  }

  window.nbFit = { AXES, Setting, Heights, contrast, fitLine, judge, lean, at };
})();
