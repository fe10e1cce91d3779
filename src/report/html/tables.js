// What all parts share: the data, and which task is chosen. Then the table of tasks: sorted, searched, filtered.
(function () {
  "use strict";
  document.documentElement.classList.add("js");
  var listeners = [];
  var clearway = window.clearway = {
    data: JSON.parse(document.getElementById("data").textContent),
    chosen: null,
    onChoose: function (listener) { listeners.push(listener); },
    choose: function (row, from) {
      clearway.chosen = row;
      document.querySelectorAll(".chosen").forEach(function (old) { old.classList.remove("chosen"); });
      document.querySelectorAll("#task-table [data-row='" + row + "'], #gantt [data-row='" + row + "'], .dot[data-row='" + row + "']")
        .forEach(function (now) { now.classList.add("chosen"); });
      listeners.forEach(function (listener) { listener(row, from); });
    }
  };

  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (details) { details.open = true; });
  });

  // Anything that stands for a task can be clicked, or chosen with the keyboard.
  function chosenBy(event) {
    var at = event.target.closest ? event.target.closest("#task-table tr[data-row], #gantt [data-row], .dot[data-row]") : null;
    return at && !at.closest("#leaflet") ? Number(at.getAttribute("data-row")) : null;
  }
  document.addEventListener("click", function (event) {
    var row = chosenBy(event);
    if (row !== null) { clearway.choose(row, event.target.closest("#task-table") ? "table" : "chart"); }
  });
  document.addEventListener("keydown", function (event) {
    var row = event.key === "Enter" || event.key === " " ? chosenBy(event) : null;
    if (row !== null && event.target.closest("[data-row]") === event.target) {
      event.preventDefault();
      clearway.choose(row, "chart");
    }
  });

  var table = document.getElementById("task-table");
  if (!table) { return; }
  var body = table.tBodies[0], rows = Array.prototype.slice.call(body.rows);
  var controls = document.querySelector(".table-controls"), shown = document.getElementById("shown");
  var search = document.getElementById("search"), filter = document.getElementById("filter");
  controls.hidden = false;

  var found = rows.map(function (row) {
    var task = clearway.data.tasks.rows[Number(row.getAttribute("data-row"))];
    row.querySelectorAll("[data-v]").forEach(function (cell) { cell.title = cell.getAttribute("data-v"); });
    row.tabIndex = -1;
    return { row: row, text: (row.textContent + " " + task.f.join(" ")).toLowerCase(), planned: task.stop !== null };
  });

  function value(row, column, kind) {
    var cell = row.cells[column], text = cell.getAttribute("data-v");
    text = text === null ? cell.textContent.trim() : text;
    if (kind !== "number") { return text.toLowerCase(); }
    return text === "" || text === "unknown" ? null : Number(text);
  }

  // Unknown stands last whichever way it is sorted.
  function sort(column, kind, up) {
    var sign = up ? 1 : -1;
    found.forEach(function (item) { item.key = value(item.row, column, kind); });
    found.sort(function (a, b) {
      if (a.key === null || b.key === null) { return (a.key === null) - (b.key === null); }
      if (kind === "number") { return sign * (a.key - b.key); }
      return sign * a.key.localeCompare(b.key, "en", { numeric: true });
    });
    var all = document.createDocumentFragment();
    found.forEach(function (item) { all.appendChild(item.row); });
    body.appendChild(all);
  }

  Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
    var button = document.createElement("button"), kind = head.getAttribute("data-kind");
    button.type = "button";
    while (head.firstChild) { button.appendChild(head.firstChild); }
    head.appendChild(button);
    button.addEventListener("click", function () {
      var up = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "descending" : kind !== "number";
      table.tHead.querySelectorAll("[aria-sort]").forEach(function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      sort(column, kind, up);
    });
  });

  function narrow() {
    var asked = search.value.trim().toLowerCase().split(/\s+/), which = filter ? filter.value : "", n = 0;
    found.forEach(function (item) {
      var fits = asked.every(function (word) { return item.text.indexOf(word) >= 0; }) &&
        (which === "" || (which === "planned") === item.planned);
      item.row.hidden = !fits;
      n += fits ? 1 : 0;
    });
    shown.textContent = n + " of " + found.length + " task areas";
  }
  search.addEventListener("input", narrow);
  if (filter) { filter.addEventListener("change", narrow); }
  narrow();
}());
