// Shows the rows that match what is asked for. Without it the whole table is there.
const root = document.documentElement;
root.classList.add("js");
const form = document.querySelector(".filter");
const rows = [...document.querySelectorAll("tbody tr")];
const texts = rows.map((row) => row.textContent.toLowerCase());
const told = document.getElementById("shown");

const show = () => {
  const wanted = new FormData(form);
  const words = wanted.get("words").toLowerCase().split(/\s+/).filter(Boolean);
  const attentions = new Set(wanted.getAll("attention"));
  let number = 0;
  rows.forEach((row, place) => {
    const fits =
      attentions.has(row.dataset.attention) &&
      (!wanted.get("source") || wanted.get("source") === row.dataset.source) &&
      (!wanted.get("class") || wanted.get("class") === row.dataset.class) &&
      ["security", "texts", "ours"].every((name) => !wanted.has(name) || name in row.dataset) &&
      words.every((word) => texts[place].includes(word));
    row.hidden = !fits;
    number += fits;
  });
  told.textContent = `${number} of ${rows.length} pull requests`;
};

form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(show));
show();
