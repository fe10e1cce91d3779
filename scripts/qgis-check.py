"""Called by scripts/qgis-check: the plugin's algorithms, by qgis_process and by PyQGIS."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

WORK, OUT = Path(sys.argv[1]), Path(sys.argv[2])
REGION = WORK / "region"
PROJECT = REGION / "project.toml"
PROGRAM = os.environ["CLEARWAY_BIN"]
problems = []


def expect(is_so, what):
    """Notes and prints whether something holds."""
    print("ok  " if is_so else "FAIL", what, flush=True)
    if not is_so:
        problems.append(what)


def qgis_process(*words):
    """Runs qgis_process to its end."""
    done = subprocess.run([os.environ["QGIS_PROCESS"], *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def run_by_process(algorithm, **values):
    """An algorithm by qgis_process: exit code, and what it said."""
    begun = time.monotonic()
    code, text = qgis_process("run", f"clearway:{algorithm}", *(f"--{name}={value}" for name, value in values.items()))
    print(f"     clearway:{algorithm} by qgis_process: exit code {code}, {time.monotonic() - begun:.1f} s", flush=True)
    return code, text


def by_process():
    """What a script without Python does."""
    code, text = qgis_process("plugins", "enable", "clearway_qgis")
    expect(code == 0 and "clearway" in text.lower(), "the plugin is enabled")
    _, text = qgis_process("list")
    for name in ["score", "tasks", "plan", "run", "batch", "check", "project", "scorelayers", "taskslayers", "runlayers"]:
        expect(f"clearway:{name}" in text, f"clearway:{name} is listed")
    _, text = qgis_process("help", "clearway:runlayers")
    expect("US$ per m²" in text and "POPULATION" in text, "help names parameters with their units")

    code, text = run_by_process("check", PROJECT=PROJECT)
    expect(code == 0 and "no faults" in text, "check finds no fault")
    code, text = run_by_process("score", PROJECT=PROJECT, OUTPUT=WORK / "score")
    expect(code == 0 and (WORK / "score/priority.tif").is_file() and "SCORED_CELLS" in text, "score wrote the grids")
    expect("check layers" in text or "%" in text or "exposure" in text, "and showed how far it was")
    code, text = run_by_process("tasks", PROJECT=PROJECT, OUTPUT=WORK / "tasks")
    is_right = (WORK / "tasks/tasks.gpkg").is_file() and not (WORK / "tasks/plan.csv").exists()
    expect(code == 0 and is_right, "tasks outlined task areas and made no plan")
    code, text = run_by_process("plan", PROJECT=PROJECT, TASKS_FROM=WORK / "tasks", SECONDS=1, OUTPUT=WORK / "plan")
    expect(code == 0 and (WORK / "plan/plan.csv").is_file() and "GAP_PERCENT" in text, "plan planned them")
    code, text = run_by_process("run", PROJECT=PROJECT, SECONDS=1, OUTPUT=WORK / "run")
    expect(code == 0 and (WORK / "run/report.html").is_file(), "run went the whole way")
    code, text = run_by_process("run", PROJECT=PROJECT, SECONDS=1, OUTPUT=WORK / "run")
    expect(code != 0 and "overwrite" in text, "a finished run is not written over unasked")
    code, text = run_by_process("verify", RUN=WORK / "run")
    expect(code == 0, "verify finds it sound")
    code, text = run_by_process("explain", RUN=WORK / "run", TASK="CHA-00002")
    expect(code == 0 and "rank" in text, "explain tells of a task area")
    code, text = run_by_process("plan", PROJECT=PROJECT, EARLIER=WORK / "run", DATE="2027-09-01", SECONDS=1, OUTPUT=WORK / "replan")
    expect(code == 0 and (WORK / "replan/plan.csv").is_file(), "plan plans an earlier run anew")
    scenarios = WORK / "scenarios.toml"
    scenarios.write_text("[[scenario]]\nname = \"half\"\nset = { 'plan.budget_usd' = 1000000 }\n")
    code, text = run_by_process("batch", PROJECT=PROJECT, SCENARIOS=scenarios, ITERATIONS=20, OUTPUT=WORK / "batch")
    expect(code == 0 and (WORK / "batch/compare.html").is_file(), "batch compared scenarios")

    broken = REGION / "broken.toml"
    text = PROJECT.read_text().replace("sigma_m", "sigm").replace('"hazard.tif"', '"gone.tif"')
    broken.write_text(text)
    told = subprocess.run([PROGRAM, "run", str(broken), "--json"], capture_output=True, text=True, check=False)
    error = json.loads(told.stdout)["error"]
    code, text = run_by_process("run", PROJECT=broken, OUTPUT=WORK / "broken")
    parts = [line.strip() for line in error.splitlines()]
    expect(code != 0 and len(parts) > 2 and all(part in text for part in parts), "a broken project's faults are told in the program's words")
    expect(not (WORK / "broken").exists() or not any((WORK / "broken").iterdir()), "and nothing was written")


def begin_qgis():
    """QGIS inside this Python."""
    from qgis.core import QgsApplication

    QgsApplication.setPrefixPath("/usr", True)
    app = QgsApplication([], False)
    app.initQgis()
    folders = [Path(app.pkgDataPath()) / "python" / "plugins", Path("/usr/share/qgis/python/plugins")]
    sys.path[:0] = [str(folder) for folder in folders if folder.is_dir()]
    sys.path.insert(0, str(Path(os.environ["QGIS_CUSTOM_CONFIG_PATH"]) / "python" / "plugins"))
    from processing.core.Processing import Processing

    Processing.initialize()
    import clearway_qgis

    plugin = clearway_qgis.classFactory(None)
    plugin.initProcessing()
    return app, plugin


def run_here(algorithm, feedback, project=None, **values):
    """An algorithm inside this Python, with the layers that it would load."""
    from qgis.core import QgsApplication, QgsProcessingContext

    context = QgsProcessingContext()
    if project is not None:
        context.setProject(project)
    found = QgsApplication.processingRegistry().createAlgorithmById(f"clearway:{algorithm}")
    results, is_right = found.run(values, context, feedback)
    return results, is_right, context


def heard():
    """A feedback that keeps what it is told."""
    from qgis.core import QgsProcessingFeedback

    class Heard(QgsProcessingFeedback):
        def __init__(self):
            super().__init__(False)
            self.percents, self.steps, self.errors, self.warnings = [], [], [], []
            self.progressChanged.connect(self.percents.append)

        def setProgressText(self, text):  # noqa: N802
            self.steps.append(text)

        def reportError(self, error, fatalError=False):  # noqa: N802, N803
            self.errors.append(error)

        def pushWarning(self, text):  # noqa: N802
            self.warnings.append(text)

    return Heard()


def from_layers():
    """Layers of a QGIS project, as an officer chooses them."""
    from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProject, QgsRasterLayer, QgsVectorLayer

    project = QgsProject.instance()
    rasters = {name: QgsRasterLayer(str(REGION / f"{name}.tif"), name) for name in ["hazard", "population", "cost", "road_distance"]}
    uri = (REGION / "teams.csv").as_uri() + "?delimiter=,&detectTypes=yes&geomType=none"
    vectors = {
        "areas": QgsVectorLayer(str(REGION / "hazardous_areas.geojson"), "areas", "ogr"),
        "roads": QgsVectorLayer(str(REGION / "roads.geojson"), "roads", "ogr"),
        "districts": QgsVectorLayer(str(REGION / "districts.geojson"), "districts", "ogr"),
        "teams": QgsVectorLayer(uri, "teams", "delimitedtext"),
        "places": QgsVectorLayer(
            (REGION / "settlements.csv").as_uri() + "?delimiter=,&detectTypes=yes&xField=lon&yField=lat&crs=EPSG:4326",
            "places",
            "delimitedtext",
        ),
    }
    for name, layer in {**rasters, **vectors}.items():
        expect(layer.isValid(), f"{name} is a layer")
        project.addMapLayer(layer)
    # The population of a coarser grid in degrees, as a virtual raster: neither a GeoTIFF nor the frame's cells.
    warped = WORK / "population.vrt"
    words = ["gdalwarp", "-q", "-of", "VRT", "-t_srs", "EPSG:4326", "-r", "sum", str(REGION / "population.tif"), str(warped)]
    has_gdal = shutil.which("gdalwarp") is not None and subprocess.run(words, check=False).returncode == 0
    chosen = dict(
        NAME="of layers", HAZARD=rasters["hazard"].id(), POPULATION=rasters["population"].id(), COST=rasters["cost"].id(),
        AREAS=vectors["areas"].id(), AREA_ID="imsma_id", ROADS=vectors["roads"].id(), BACKEND="cpu",
        CRITERIA=["road_distance", 3000, 0, 1], TEAMS=vectors["teams"].id(), START="2027-03-01", BUDGET=2900000,
        SEARCH_SECONDS=1, SETTLEMENTS=vectors["places"].id(), DISTRICTS=vectors["districts"].id(),
    )
    feedback = heard()
    results, is_right, context = run_here("runlayers", feedback, project, **chosen, OUTPUT=str(WORK / "layers"))
    expect(is_right, f"runlayers worked {feedback.errors}")
    expect(feedback.percents == sorted(feedback.percents) and len(feedback.percents) > 5, "progress rises")
    expect("exposure" in feedback.steps and any(step.startswith("plan") for step in feedback.steps), "and names its steps")
    expect(results.get("TASKS_DONE", 0) > 0 and Path(results["REPORT"]).is_file(), "and its numbers are handed on")
    expect((WORK / "layers-project/project.toml").is_file(), "the project file was written beside")
    for_check = subprocess.run([PROGRAM, "check", str(WORK / "layers-project/project.toml")], capture_output=True, text=True, check=False)
    expect(for_check.returncode == 0, "and the program finds no fault in it")
    loaded = context.layersToLoadOnCompletion()
    expect(len(loaded) >= 4, f"{len(loaded)} layers are to be loaded")

    # What is no plain file is copied: selected areas, a virtual raster with other cells.
    vectors["areas"].selectByIds([feature.id() for feature in list(vectors["areas"].getFeatures())[:5]])
    some = {**chosen, "AREAS": QgsProcessingFeatureSourceDefinition(vectors["areas"].id(), True)}
    if has_gdal:
        layer = QgsRasterLayer(str(warped), "people in degrees")
        project.addMapLayer(layer)
        some["POPULATION"] = layer.id()
    for name in ["TEAMS", "START", "BUDGET", "SEARCH_SECONDS", "SETTLEMENTS", "DISTRICTS"]:
        del some[name]
    feedback = heard()
    results, is_right, _ = run_here("taskslayers", feedback, project, **some, OUTPUT=str(WORK / "some"))
    expect(is_right and results.get("TASK_COUNT") == 5, f"only the selected areas are tasks {feedback.errors} {results.get('TASK_COUNT')}")
    text = (WORK / "some-project/project.toml").read_text()
    expect("layers/hazardous_areas.gpkg" in text and 'id = "imsma_id"' in text, "the selection was copied")
    expect(not has_gdal or ('resample = "sum"' in text and "layers/population.tif" in text), "and so the virtual raster, resampled by sum")

    # Built hazard, from the areas alone.
    del some["HAZARD"], some["AREAS"]
    some.update(POPULATION=rasters["population"].id(), AREAS=vectors["areas"].id(), AREA_CLASS="classification")
    for name in ["TEAMS", "TASK_AREAS"]:
        some.pop(name, None)
    feedback = heard()
    results, is_right, _ = run_here("scorelayers", feedback, project, **some, OUTPUT=str(WORK / "built"))
    expect(is_right and (WORK / "built/hazard.tif").is_file(), f"hazard is built from areas {feedback.errors}")

    path = WORK / "written/project.toml"
    feedback = heard()
    _, is_right, _ = run_here("project", feedback, project, **{**chosen, "OUTPUT": str(path)})
    expect(is_right and path.is_file(), f"a project file alone is written and checked {feedback.errors}")
    path.write_text("[project]\nname = \"mine\"\n")
    feedback = heard()
    _, is_right, _ = run_here("project", feedback, project, **{**chosen, "OUTPUT": str(path), "OVERWRITE": True})
    expect(not is_right and "did not write" in " ".join(feedback.errors), "somebody's own file is not written over")
    feedback = heard()
    _, is_right, _ = run_here("scorelayers", feedback, project, NAME="x", POPULATION=rasters["population"].id(), OUTPUT=str(WORK / "none"))
    expect(not is_right and "choose a hazard raster" in " ".join(feedback.errors), "what is missing is told")
    return context, loaded


def cancel_at(feedback, steps, seconds):
    """Cancels so long after one of the steps has begun, from another thread, as the dialog's button does."""

    def wait():
        while not any(step.startswith(steps) for step in feedback.steps):
            time.sleep(0.02)
        time.sleep(seconds)
        feedback.cancel()

    threading.Thread(target=wait, daemon=True).start()


def cancelled():
    """Cancelling ends the program; nothing half-written stays."""
    region = WORK / "large"
    subprocess.run([PROGRAM, "synth", "--preset", "hillside", "--size", "2048", "--seed", "7", "--out", str(region)], check=True, capture_output=True)
    feedback = heard()
    out = WORK / "cancelled"

    cancel_at(feedback, ("exposure", "priority"), 0)
    begun = time.monotonic()
    results, _, _ = run_here("run", feedback, PROJECT=str(region / "project.toml"), BACKEND="cpu", OUTPUT=str(out))
    print(f"     ended after {time.monotonic() - begun:.1f} s, at {feedback.steps[-1]}")
    left = list(out.iterdir()) if out.is_dir() else []
    expect("RECORD" not in results and not (out / "run.json").exists(), "a cancelled run hands nothing on")
    expect(left == [], f"and leaves nothing in its folder {left}")
    expect(any("cancelled" in warning for warning in feedback.warnings), "and says so")
    running = subprocess.run(["pgrep", "-f", str(region)], capture_output=True, text=True, check=False).stdout.split()
    expect(running == [], "and the program has ended")

    # While it searches for a plan, cancelling keeps the best plan.
    feedback = heard()

    cancel_at(feedback, ("plan",), 1)
    out = WORK / "early"
    results, _, _ = run_here("run", feedback, PROJECT=str(PROJECT), SECONDS=300, BACKEND="cpu", OUTPUT=str(out))
    expect((out / "run.json").is_file() and any("ended early" in text for text in feedback.warnings), "a cancelled search keeps its plan")


def draw(layers, path, title):
    """Layers to a picture, the first on top."""
    from qgis.core import QgsMapRendererParallelJob, QgsMapSettings
    from qgis.PyQt.QtCore import QSize
    from qgis.PyQt.QtGui import QColor

    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(layers[-1].crs())
    settings.setExtent(layers[-1].extent())
    settings.setOutputSize(QSize(1000, 1000))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(str(path))
    colours = {image.pixel(x, y) for x in range(0, 1000, 10) for y in range(0, 1000, 10)}
    expect(len(colours) > 3, f"{path.name}: {title}, {len(colours)} colours")


def styles(context, loaded):
    """The loaded layers carry the styles that the program wrote."""
    from qgis.core import QgsSingleSymbolRenderer

    store = context.temporaryLayerStore()
    by_output = {details.outputName: store.mapLayer(layer_id) for layer_id, details in loaded.items()}
    expect(set(by_output) >= {"PRIORITY", "CLASS", "TASKS", "PLAN_TASKS", "PLAN_ROUTES"}, f"{sorted(by_output)}")
    expect(by_output["PRIORITY"].renderer().type() == "singlebandpseudocolor", "priority has its colours")
    expect(by_output["CLASS"].renderer().type() in ("paletted", "singlebandpseudocolor"), "class has its colours")
    for name in ["TASKS", "PLAN_TASKS"]:
        expect(not isinstance(by_output[name].renderer(), QgsSingleSymbolRenderer), f"{name} has the style of its table")
    draw([by_output["PRIORITY"]], OUT / "priority.png", "priority with its style")
    draw([by_output["TASKS"], by_output["CLASS"]], OUT / "tasks.png", "task areas over the classes")
    draw([by_output["PLAN_ROUTES"], by_output["PLAN_TASKS"], by_output["PRIORITY"]], OUT / "plan.png", "plan over the priority")


if "--here" not in sys.argv:
    by_process()
# Kept, so that QGIS outlives the checks.
qgis = begin_qgis()
styles(*from_layers())
cancelled()
if problems:
    print(f"\n{len(problems)} problems:\n" + "\n".join(problems))
sys.stdout.flush()
# QGIS may crash while Python tears it down; what was found is known.
os._exit(1 if problems else 0)
