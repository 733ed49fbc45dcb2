// What the page does beside showing itself: sort, filter, open what a link leads to.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("scripted");

  // --- light and dark ---------------------------------------------------------------------------
  const scheme = document.getElementById("scheme");
  scheme.addEventListener("click", () => {
    const dark = root.dataset.scheme
      ? root.dataset.scheme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.scheme = dark ? "light" : "dark";
  });

  // --- the table of experiments -----------------------------------------------------------------
  const table = document.getElementById("table");
  if (table) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const search = document.getElementById("search");
    const boxes = all("#verdicts input");
    const shown = document.getElementById("shown");
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      let count = 0;
      for (const row of rows) {
        const text = texts.get(row);
        row.hidden = !(wanted.has(row.dataset.v) && words.every((word) => text.includes(word)));
        count += !row.hidden;
      }
      shown.textContent = `${count} of ${rows.length} shown`;
    };
    search.addEventListener("input", filter);
    boxes.forEach((box) => box.addEventListener("change", filter));
    filter();

    const valueOf = (row, column) => {
      const cell = row.cells[column];
      return cell.dataset.n ?? cell.textContent;
    };
    const compare = (one, other) => {
      const [a, b] = [parseFloat(one), parseFloat(other)];
      return Number.isNaN(a) || Number.isNaN(b) ? one.localeCompare(other) : a - b;
    };
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = head.querySelector("button");
      if (!button) return;
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const order = rows.slice().sort((one, other) => {
          const [a, b] = [valueOf(one, column), valueOf(other, column)];
          if (!a || !b) return !a - !b; // what has no value comes last either way
          return up ? compare(a, b) : compare(b, a);
        });
        body.append(...order);
      });
    });
  }

  // --- the experiments in full ------------------------------------------------------------------
  const folds = all("details");
  const openTarget = () => {
    const target = document.getElementById(location.hash.slice(1));
    const fold = target && target.closest("details");
    if (fold) {
      fold.open = true;
      fold.querySelector("summary").focus({ preventScroll: true });
      fold.scrollIntoView();
    }
  };
  addEventListener("hashchange", openTarget);
  openTarget();
  const every = document.getElementById("every");
  if (every) {
    every.addEventListener("click", () => {
      const open = folds.some((fold) => !fold.open);
      folds.forEach((fold) => { fold.open = open; });
      every.textContent = open ? "Close all" : "Open all";
    });
  }
})();
