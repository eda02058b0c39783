document.addEventListener("click", event => {
  const head = event.target.closest("table.sortable th");
  if (!head) return;
  const body = head.closest("table").tBodies[0], column = head.cellIndex;
  const up = head.getAttribute("aria-sort") === "descending" ? 1 : -1;
  const key = row => row.cells[column].dataset.v ?? row.cells[column].textContent;
  const order = (a, b) => isNaN(key(a)) || isNaN(key(b)) ? key(a).localeCompare(key(b)) : key(a) - key(b);
  [...body.rows].sort((a, b) => up * order(a, b)).forEach(row => body.append(row));
  head.parentNode.querySelectorAll("th").forEach(other => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", up === 1 ? "ascending" : "descending");
});
