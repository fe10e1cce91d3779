// Details of a task: its numbers, what adds to its benefit, where it stands in the plan. Texts are set as text only.
(function () {
  "use strict";
  var clearway = window.clearway;
  var box = document.getElementById("details");
  if (!box) { return; }
  box.hidden = false;

  var words = {
    rank: "Rank (100 = first)", "class": "Class (1 = first)", area_m2: "Area, m²", scored_share: "Share scored",
    hazard_mean: "Hazard, mean", people_at_risk: "People at risk, mean", exposure_ha: "Exposure, person-ha",
    benefit: "Benefit, benefit-ha", cost_usd: "Cost, US$", benefit_per_kusd: "Benefit per 1,000 US$",
    difficulty: "Difficulty", rank_mean: "Rank of its cells, mean", acceptability_mean: "Acceptability, mean",
    lon: "Longitude", lat: "Latitude", nearest_settlement: "Nearest settlement", district: "District", imsma_id: "IMSMA id"
  };
  var stopWords = {
    team_id: "Team", position: "Place in its order", depart: "Leaves on", start: "Work begins", end: "Work ends",
    travel_km: "Way, km", work_days: "Working days", cost_usd: "Cost, US$", worth: "Worth a year", discounted_worth: "Adds to the objective"
  };

  function add(parent, tag, text) {
    var made = document.createElement(tag);
    if (text !== undefined) { made.textContent = text; }
    parent.appendChild(made);
    return made;
  }

  // As the tables of the report round: whole with thousands apart from 1000 on, otherwise four digits.
  function short(text) {
    if (text === "" || !/^-?[0-9.]+(e[-+]?[0-9]+)?$/i.test(text)) { return text; }
    var value = Number(text);
    if (Math.abs(value) >= 1000) { return Math.round(value).toLocaleString("en-US"); }
    return String(Number(value.toPrecision(4)));
  }

  function entry(list, word, text, isText) {
    add(list, "dt", word);
    var shown = add(list, "dd", text === "" ? "unknown" : isText ? text : short(text));
    if (text !== "") { shown.title = text; }
  }

  function bars(parent, parts) {
    var most = Math.max.apply(null, parts.map(function (part) { return part.value; }).concat(1e-300));
    parts.forEach(function (part) {
      var line = add(parent, "div", part.name + ": " + short(part.text));
      line.title = part.text;
      var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("class", "bar");
      svg.setAttribute("aria-hidden", "true");
      var rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      rect.setAttribute("width", 100 * Math.max(0, part.value) / most + "%");
      rect.setAttribute("height", "100%");
      svg.appendChild(rect);
      parent.appendChild(svg);
    });
  }

  function show(row) {
    var data = clearway.data, task = data.tasks.rows[row];
    box.textContent = "";
    add(box, "h3", task.id);
    var ours = add(box, "dl"), parts = [], own = [];
    data.tasks.columns.forEach(function (name, i) {
      var text = task.f[i];
      if (name === "task_id") { return; }
      if (name.indexOf("contribution_") === 0) {
        if (text !== "") { parts.push({ name: name.slice(13).replace(/_/g, " "), text: text, value: Number(text) }); }
      } else if (Object.prototype.hasOwnProperty.call(words, name)) {
        var isText = name === "nearest_settlement" || name === "district" || name === "imsma_id" || name === "lon" || name === "lat";
        if (!(text === "" && (isText || name === "rank_mean" || name === "acceptability_mean"))) { entry(ours, words[name], text, isText); }
      } else if (text !== "") { own.push([name, text]); }
    });
    if (parts.length) { add(box, "h4", "What adds to its benefit (benefit-ha)"); bars(box, parts); }
    if (task.stop !== null) {
      add(box, "h4", "In the plan");
      var planned = add(box, "dl");
      data.stops.columns.forEach(function (name, i) {
        if (stopWords[name]) { entry(planned, stopWords[name], data.stops.rows[task.stop][i], /team|depart|start|end/.test(name)); }
      });
    } else if (task.reason) { add(box, "h4", "Not in the plan"); add(box, "p", task.reason); }
    if (own.length) {
      add(box, "h4", "As the source gives it");
      var given = add(box, "dl");
      own.forEach(function (pair) { entry(given, pair[0], pair[1], true); });
    }
  }

  clearway.onChoose(show);
}());
