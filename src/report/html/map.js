// The map to move about in, on Leaflet. Everything on it is read from the still map (#sheet), which stays for print.
// The sheet's y grows downward: a place (x, y) is Leaflet's [-y, x]. Names are set as text, never as markup.
(function () {
  "use strict";
  var clearway = window.clearway, sheet = document.getElementById("sheet"), box = document.getElementById("leaflet");
  if (!sheet || !box) { return; }
  box.hidden = false;
  document.querySelector(".map-controls").hidden = false;

  var unitM = clearway.data.unit_m;
  var crs = L.extend({}, L.CRS.Simple, {
    distance: function (a, b) { return unitM * Math.hypot(a.lat - b.lat, a.lng - b.lng); }
  });
  var canvas = L.canvas({ padding: 0.4, tolerance: 3 });
  var map = L.map(box, {
    crs: crs, renderer: canvas, zoomSnap: 0, zoomDelta: 0.7, wheelPxPerZoomLevel: 110, minZoom: -16, maxZoom: 4,
    attributionControl: false, zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false
  });
  L.control.scale({ imperial: false }).addTo(map);
  ["areas", "lines", "points"].forEach(function (name, i) { map.createPane(name).style.zIndex = 410 + 10 * i; });

  function each(selector, act) { Array.prototype.forEach.call(sheet.querySelectorAll(selector), act); }
  function number(element, name) { return Number(element.getAttribute(name)); }
  function pair(text) { var xy = text.split(","); return [-Number(xy[1]), Number(xy[0])]; }
  function words(text) { var span = document.createElement("span"); span.textContent = text; return span; }
  function label(at, text, name) {
    return L.marker(at, { icon: L.divIcon({ className: name, html: words(text), iconSize: null }), interactive: false, keyboard: false });
  }

  // "M10 20l5 0 0 5z…": rings of places.
  function rings(path) {
    return path.split("M").slice(1).map(function (part) {
      var halves = part.replace(/z\s*$/, "").split("l"), at = halves[0].trim().split(/\s+/).map(Number);
      var steps = (halves[1] || "").trim().split(/\s+/).map(Number), x = at[0], y = at[1], ring = [[-y, x]];
      for (var i = 0; i + 1 < steps.length; i += 2) {
        x += steps[i];
        y += steps[i + 1];
        ring.push([-y, x]);
      }
      return ring;
    });
  }

  var pictures = {}, layers = {};
  each("[data-picture]", function (group) {
    var image = group.querySelector("image"), uri = image.getAttribute("href");
    var x = number(image, "x"), y = number(image, "y"), width = number(image, "width"), height = number(image, "height");
    var bounds = [[-y - height, x], [-y, x + width]];
    pictures[group.getAttribute("data-picture")] = {
      under: L.imageOverlay(uri, bounds, { className: "under" }), overlay: L.imageOverlay(uri, bounds), still: group
    };
  });

  layers.districts = L.layerGroup();
  each(".districts path", function (path) {
    var outline = L.polygon(rings(path.getAttribute("d")), { pane: "areas", fill: false, interactive: false, color: "#333", weight: 1.4, dashArray: "6 4" });
    layers.districts.addLayer(outline);
  });

  var areas = {}, dots = [];
  layers.tasks = L.layerGroup();
  each(".areas path", function (path) {
    var row = number(path, "data-row"), isScored = !path.classList.contains("unscored");
    var style = { renderer: canvas, color: "#111", weight: 1, fillColor: isScored ? path.getAttribute("fill") : "#fff", fillOpacity: 0.85, dashArray: isScored ? null : "4 3" };
    var area = areas[row] = L.polygon(rings(path.getAttribute("d")), style);
    area.on("click", function () { clearway.choose(row, "map"); });
    area.bindTooltip(words(clearway.data.tasks.rows[row].id), { sticky: true });
    layers.tasks.addLayer(area);
    if (path.hasAttribute("data-small") && /\d,/.test(path.getAttribute("data-at"))) {
      var dot = L.circleMarker(pair(path.getAttribute("data-at")), L.extend({}, style, { radius: 4.5, dashArray: null }));
      dot.on("click", function () { clearway.choose(row, "map"); });
      dot.bindTooltip(words(clearway.data.tasks.rows[row].id));
      dots.push({ dot: dot, size: Math.max(area.getBounds().getEast() - area.getBounds().getWest(), area.getBounds().getNorth() - area.getBounds().getSouth()) });
    }
  });

  // Many routes at once are drawn thin; one that is asked for is drawn whole.
  var lines = [], bases = [], isMany = sheet.querySelectorAll(".routes.many").length > 0;
  layers.routes = L.layerGroup();
  each(".routes polyline[data-team]", function (line) {
    var points = line.getAttribute("points").split(" ").map(pair), team = line.getAttribute("data-team");
    var casing = L.polyline(points, { renderer: canvas, color: "#fff", weight: 5, opacity: 0.75, interactive: false });
    var drawn = L.polyline(points, { renderer: canvas, color: line.getAttribute("stroke"), weight: 2.6, dashArray: line.getAttribute("stroke-dasharray"), interactive: false });
    lines.push({ team: team, parts: [casing, drawn] });
  });
  var nBases = sheet.querySelectorAll(".bases rect").length;
  each(".bases rect", function (rect) {
    var team = rect.getAttribute("data-team"), at = pair(rect.getAttribute("data-at"));
    var square = document.createElement("span");
    square.className = "base";
    square.style.cssText = "display:block;width:14px;height:14px;border:2px solid #fff;box-shadow:0 0 0 1px #111;background:" + rect.getAttribute("fill");
    var base = L.marker(at, { icon: L.divIcon({ className: "", html: square, iconSize: [14, 14] }), keyboard: false, alt: "base of " + team });
    base.bindTooltip(words(team), nBases <= 16 ? { permanent: true, direction: "top", className: "label", offset: [0, -6] } : { direction: "top" });
    bases.push({ team: team, base: base });
  });

  var settlements = [];
  layers.settlements = L.layerGroup();
  each(".settlements circle", function (circle) {
    var at = [-number(circle, "cy"), number(circle, "cx")], name = circle.getAttribute("data-name"), people = circle.getAttribute("data-population");
    var dot = L.circleMarker(at, { renderer: canvas, radius: 3.5, color: "#111", weight: 1.4, fillColor: "#fff", fillOpacity: 1 });
    dot.bindTooltip(words(name + (people ? ", " + Math.round(Number(people)).toLocaleString("en-US") + " people" : "")));
    settlements.push({ at: at, name: name });
    layers.settlements.addLayer(dot);
  });

  // Names where there is room: settlements from the largest on, then task areas that are large on the screen.
  var names = L.layerGroup().addTo(map), stops = L.layerGroup().addTo(map);
  function setNames() {
    names.clearLayers();
    var view = map.getBounds(), taken = [];
    function offer(at, text, width) {
      if (taken.length >= 60 || !view.contains(at)) { return; }
      var p = map.latLngToContainerPoint(at);
      if (taken.some(function (q) { return Math.abs(p.x - q.x) < width && Math.abs(p.y - q.y) < 16; })) { return; }
      taken.push(p);
      names.addLayer(label(at, text, "label place"));
    }
    if (map.hasLayer(layers.settlements)) { settlements.forEach(function (place) { offer(place.at, place.name, 90); }); }
    if (map.hasLayer(layers.tasks)) {
      var scale = map.options.crs.scale(map.getZoom());
      Object.keys(areas).forEach(function (row) {
        var bounds = areas[row].getBounds();
        if ((bounds.getEast() - bounds.getWest()) * scale > 55) { offer(bounds.getCenter(), clearway.data.tasks.rows[row].id, 80); }
      });
    }
  }

  function setDots() {
    var scale = map.options.crs.scale(map.getZoom()), isShown = map.hasLayer(layers.tasks);
    dots.forEach(function (item) {
      if (isShown && item.size * scale < 9) { item.dot.addTo(map); } else { item.dot.remove(); }
    });
  }

  var teamSelect = document.getElementById("map-team");
  function setTeams() {
    var team = teamSelect ? teamSelect.value : "", isShown = map.hasLayer(layers.routes);
    lines.forEach(function (line) {
      var isDrawn = isShown && (team === "" || team === line.team), isThin = isMany && team === "";
      line.parts.forEach(function (part, i) {
        if (isDrawn && !(isThin && i === 0)) { part.addTo(map); } else { part.remove(); }
      });
      line.parts[1].setStyle({ weight: isThin ? 1.3 : 2.6, opacity: isThin ? 0.75 : 1 });
      // A casing that was taken off comes back on top.
      if (isDrawn) { line.parts[1].bringToFront(); }
    });
    bases.forEach(function (item) {
      if (isShown && (team === "" || team === item.team)) { item.base.addTo(map); } else { item.base.remove(); }
    });
    stops.clearLayers();
    if (team === "" || !isShown) { return; }
    var columns = clearway.data.stops.columns, of = columns.indexOf("team_id"), place = columns.indexOf("position");
    clearway.data.tasks.rows.forEach(function (task, row) {
      var stop = task.stop === null ? null : clearway.data.stops.rows[task.stop];
      if (stop && stop[of] === team && areas[row]) {
        var icon = L.divIcon({ className: "stop", html: words(stop[place]), iconSize: [24, 18] });
        stops.addLayer(L.marker(areas[row].getBounds().getCenter(), { icon: icon, keyboard: false })
          .on("click", function () { clearway.choose(row, "map"); }));
      }
    });
  }

  function refresh() { setDots(); setTeams(); setNames(); }

  document.querySelectorAll("input[data-layer]").forEach(function (box) {
    var layer = layers[box.getAttribute("data-layer")];
    layer.addTo(map);
    box.addEventListener("change", function () {
      if (box.checked) { layer.addTo(map); } else { layer.remove(); }
      refresh();
    });
  });

  var opacity = document.getElementById("opacity");
  function setPicture() {
    var chosen = document.querySelector("input[name=picture]:checked"), name = chosen ? chosen.value : "";
    Object.keys(pictures).forEach(function (key) {
      var picture = pictures[key], strength = Number(opacity.value) / 100;
      if (key === name) {
        picture.under.addTo(map);
        picture.overlay.addTo(map).setOpacity(strength).bringToFront();
      } else {
        picture.under.remove();
        picture.overlay.remove();
      }
      picture.still.setAttribute("display", key === name ? "inline" : "none");
      picture.still.querySelector("g").setAttribute("opacity", strength);
      document.querySelector("[data-legend='" + key + "']").hidden = key !== name;
    });
  }
  document.querySelectorAll("input[name=picture]").forEach(function (radio) { radio.addEventListener("change", setPicture); });
  if (opacity) { opacity.addEventListener("input", setPicture); setPicture(); }
  if (teamSelect) {
    teamSelect.addEventListener("change", function () {
      setTeams();
      lines.forEach(function (line) {
        if (line.team === teamSelect.value) { map.fitBounds(line.parts[1].getBounds().pad(0.15)); }
      });
    });
  }

  var view = sheet.viewBox.baseVal;
  var whole = L.latLngBounds([[-view.height, 0], [0, view.width]]);
  map.fitBounds(whole);
  map.setMinZoom(map.getZoom() - 1.5);
  map.setMaxBounds(whole.pad(0.6));
  refresh();
  map.on("moveend", setNames);
  map.on("zoomend", setDots);

  var marked = null;
  clearway.onChoose(function (row, from) {
    if (marked) { marked.remove(); }
    var area = areas[row];
    if (!area) { return; }
    marked = L.polygon(area.getLatLngs(), { renderer: canvas, fill: false, color: "#d4006a", weight: 4, interactive: false }).addTo(map);
    if (from === "map") { return; }
    var bounds = area.getBounds(), near = Math.min(map.getBoundsZoom(bounds) - 3.5, 2);
    map.setView(bounds.getCenter(), Math.max(map.getZoom(), near), { animate: false });
  });
}());
