// The table of all claims: sorted by its headers, filtered by verdict, section and text. Without
// this script the table reads in the paper's order.
(function () {
  "use strict";

  const STEPS = { "": "ascending", ascending: "descending", descending: "" };

  class Ledger {
    constructor(box) {
      this.form = box.querySelector(".nb-ledger-controls");
      this.said = this.form.querySelector("output");
      this.body = box.querySelector("tbody");
      this.all = box.querySelector(".nb-ledger-all"); // ticked, the folded columns are there
      this.rows = Array.from(this.body.rows); // in the paper's order
      this.heads = Array.from(box.querySelectorAll("thead th"));
      this.heads.forEach((head, column) => head.dataset.sort && this.makeButton(head, column));
      this.form.addEventListener("input", (event) => this.changed(event.target));
      this.form.addEventListener("submit", (event) => event.preventDefault());
      this.form.addEventListener("reset", () => setTimeout(() => this.reset()));
      this.form.hidden = false;
      this.filter();
    }

    makeButton(head, column) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.title = head.title;
      head.removeAttribute("title");
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        this.sort(column, STEPS[head.getAttribute("aria-sort") || ""]);
      });
    }

    changed(input) {
      if (input.name !== "sort") return this.filter();
      const column = this.heads.findIndex((head) => head.textContent === input.value);
      this.sort(column, "ascending");
    }

    reset() {
      this.sort(0, "");
      this.filter();
    }

    // No direction: back to the paper's order. Rows without a value stay last, either way.
    sort(column, direction) {
      for (const head of this.heads) head.removeAttribute("aria-sort");
      if (direction) this.heads[column].setAttribute("aria-sort", direction);
      if (direction && this.heads[column].classList.contains("nb-ledger-more")) this.all.checked = true;
      this.form.elements.sort.value = this.heads[direction ? column : 0].textContent;
      const turn = direction === "descending" ? -1 : 1;
      const numeric = this.heads[column].dataset.sort === "number";
      const value = (row) => row.cells[column].dataset.value;
      const compare = (a, b) => {
        const [x, y] = [value(a), value(b)];
        if (x === "" || y === "") return (x === "") - (y === "");
        return turn * (numeric ? Number(x) - Number(y) : x.localeCompare(y));
      };
      const rows = direction ? this.rows.slice().sort(compare) : this.rows;
      this.body.append(...rows);
    }

    filter() {
      const { words, section, text } = this.form.elements;
      const wanted = text.value.trim().toLowerCase();
      let shown = 0;
      for (const row of this.rows) {
        const fits =
          (!words.value || row.dataset.words.split("|").includes(words.value)) &&
          (!section.value || row.dataset.section === section.value) &&
          (!wanted || row.textContent.toLowerCase().includes(wanted));
        row.hidden = !fits;
        shown += fits;
      }
      this.said.textContent = `${shown} of ${this.rows.length} shown`;
    }

    show(word) {
      this.form.reset();
      setTimeout(() => {
        this.form.elements.words.value = word;
        this.filter();
      });
    }
  }

  function start() {
    const ledgers = Array.from(document.querySelectorAll(".nb-ledger"), (box) => new Ledger(box));
    for (const link of document.querySelectorAll("[data-ledger-filter]")) {
      link.addEventListener("click", () => ledgers.forEach((l) => l.show(link.dataset.ledgerFilter)));
    }
    for (const link of document.querySelectorAll('a[href^="#claim-"]')) {
      link.addEventListener("click", () => ledgers.forEach((l) => l.show(""))); // its row may be hidden
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
