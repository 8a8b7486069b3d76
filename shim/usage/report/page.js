"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (prefersDark.matches ? "dark" : "light")) === "dark";
  const name = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; name(); });
  prefersDark.addEventListener("change", name);
  name();

  const form = document.getElementById("filter");
  if (!form) return;
  const body = document.querySelector("#sites tbody");
  const rows = Array.from(body.rows);
  const output = form.querySelector("output");
  const numbers = new Set(["calls", "rate", "quiet"]);

  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = ["function", "ready"].map((key) => [key, form.elements[key].value]);
    const mode = form.elements.mode.value;
    let shown = 0;
    for (const row of rows) {
      const data = row.dataset;
      const text = `${data.text} ${data.function}`.toLowerCase();
      const fits = words.every((word) => text.includes(word))
        && wanted.every(([key, value]) => !value || data[key] === value)
        && (!mode || data.mode.split(" ").includes(mode));
      row.hidden = !fits;
      shown += fits;
    }
    output.textContent = shown === rows.length ? `${rows.length} sites` : `${shown} of ${rows.length} sites`;
  };

  const sort = (head) => {
    const key = head.dataset.by;
    const ascending = head.getAttribute("aria-sort") === "ascending"
      || (!head.hasAttribute("aria-sort") && numbers.has(key)) ? -1 : 1;
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", ascending === 1 ? "ascending" : "descending");
    const value = numbers.has(key) ? (row) => Number(row.dataset[key]) : (row) => row.dataset[key];
    const compare = numbers.has(key) ? (a, b) => a - b : (a, b) => a.localeCompare(b);
    body.append(...rows.sort((a, b) => ascending * compare(value(a), value(b))));
  };

  for (const head of document.querySelectorAll("#sites thead th")) {
    const inside = document.createElement("button");
    inside.type = "button";
    inside.textContent = head.textContent;
    inside.addEventListener("click", () => sort(head));
    head.replaceChildren(inside);
  }
  form.addEventListener("input", filter);
  // Lists tell a change only, where a program or some browsers make it.
  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
})();
