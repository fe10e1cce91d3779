"""The layers that an officer chooses, and the project that is made of them."""

from qgis.core import QgsProcessingParameterMatrix, QgsProcessingException, QgsProcessingUtils, QgsRasterLayer, QgsVectorLayer

from .. import parameters as p
from ..core.project import Criterion, Grow, Plan, Project, Vector
from ..enums import LINES, POINTS, POLYGONS, TABLES

FURTHER = ["Layer", "Worth 0 at", "Worth 1 at", "Weight"]


class LayerParameters:
    """For algorithms that take layers."""

    def add_layers(self, *, with_tasks, with_plan, plan_is_optional=False):
        """All parameters, in the order in which they are thought of."""
        self._add_hazard()
        self._add_people_and_cost()
        self._add_criteria()
        if with_tasks:
            self._add_tasks()
        if with_plan:
            self._add_plan(plan_is_optional)

    def _add_hazard(self):
        add = self.addParameter
        add(p.line("NAME", "Name of the project", "It stands in reports and records.", "from QGIS", optional=False))
        text = (
            "How likely the ground in a cell is contaminated. Its cells are the grid that all is brought onto. Left empty, the "
            "hazard is built from hazardous areas and accidents."
        )
        add(p.raster("HAZARD", "Hazard raster (probability)", text, optional=True))
        text = "Whether the hazard raster holds probabilities from 0 to 1 or per cent."
        add(p.choice("HAZARD_UNIT", "Unit of the hazard raster", text, ["0 to 1", "per cent"], "0 to 1"))
        text = "Polygons of suspected and confirmed hazardous areas (SHA, CHA)."
        add(p.features("AREAS", "Hazardous areas (polygons)", text, [POLYGONS], optional=True))
        text = "The column that names each area, such as the IMSMA identifier; the usual names are recognised."
        add(p.column("AREA_ID", "Column of the areas' id", text, "AREAS"))
        text = "The column that says SHA or CHA (or suspected, confirmed); the usual names are recognised."
        add(p.column("AREA_CLASS", "Column of the areas' classification", text, "AREAS"))
        text = "Points of recorded accidents; each raises the hazard around it. Used where no hazard raster is chosen."
        add(p.features("ACCIDENTS", "Accidents (points)", text, [POINTS], optional=True, advanced=True))
        text = "Share of the ground of a {} area that proves mined. Use what your own clearance has found."
        for name, label, word, default in [
            ("PRIOR_SHA", "Share of suspected ground that proves mined (0 to 1)", "suspected", 0.05),
            ("PRIOR_CHA", "Share of confirmed ground that proves mined (0 to 1)", "confirmed", 0.9),
        ]:
            add(p.number(name, label, text.format(word), default, 0.0, 1.0, advanced=True))

    def _add_people_and_cost(self):
        add = self.addParameter
        add(p.raster("POPULATION", "Population raster", "People who live in each cell, or per km²."))
        words = ["people_per_cell", "people_per_km2"]
        text = "Counts are summed where cells differ, densities averaged."
        add(p.choice("POPULATION_UNIT", "Unit of the population raster", text, words, "people_per_cell"))
        text = "How far people are reached: at this distance they count 61 %, at twice as far 14 %."
        add(p.number("REACH_M", "Reach of exposure (m)", text, 1000.0, 0.001))
        text = "What clearing costs, by cell. Left empty, one number stands for all ground."
        add(p.raster("COST", "Cost raster", text, optional=True))
        add(p.choice("COST_UNIT", "Unit of the cost raster", "US$ per m² or per cell.", ["usd_per_m2", "usd_per_cell"], "usd_per_m2"))
        text = "Between 0.5 and 10 in most programmes; used where no cost raster is chosen."
        add(p.number("COST_USD_PER_M2", "Cost of clearing (US$ per m²)", text, 2.0, 0.0001))

    def _add_criteria(self):
        add = self.addParameter
        text = "How much people within reach count."
        add(p.number("PEOPLE_WEIGHT", "Weight of people within reach", text, 3.0, 0.0))
        text = "Ground near roads is used by more people."
        add(p.features("ROADS", "Roads (lines)", text, [LINES], optional=True))
        add(p.number("ROADS_FAR_M", "Distance at which a road counts nothing (m)", text, 5000.0, 0.001))
        add(p.number("ROADS_WEIGHT", "Weight of nearness to roads", text, 1.0, 0.0))
        matrix = QgsProcessingParameterMatrix("CRITERIA", "Further criteria", headers=FURTHER, optional=True)
        text = (
            "A layer a row, by its name in the map: a raster by its value, a vector layer by the distance to its nearest "
            "feature in metres; the values at which its worth is 0 and 1; and its weight."
        )
        add(p.helped(matrix, text, advanced=True))
        text = "benefit_per_cost ranks by what a dollar buys, benefit leaves cost out."
        add(p.choice("PRIORITY_BY", "Rank by", text, ["benefit_per_cost", "benefit"], "benefit_per_cost", advanced=True))
        text = "Rising per cent of the scored cells: the first 5, 15 and 40 % are class 1, 2 and 3; the rest is class 4."
        add(p.line("CLASSES", "Limits of the classes (%)", text, "5, 15, 40", optional=False, advanced=True))

    def _add_tasks(self):
        add = self.addParameter
        words = ["hazardous areas", "grown from the grid"]
        text = "Task areas are the hazardous areas as recorded, or connected ground of high rank."
        add(p.choice("TASK_AREAS", "Task areas", text, words, words[0]))
        text = "Used where task areas are grown."
        add(p.number("MIN_RANK", "Least rank of grown task areas (0 to 100)", text, 90.0, 0.0, 100.0, advanced=True))
        add(p.number("MIN_AREA_M2", "Least ground of grown task areas (m²)", text, 5000.0, 0.0, advanced=True))
        add(p.number("MAX_AREA_M2", "Ground above which they are split (m²)", text, 100000.0, 1.0, advanced=True))
        text = "How many times longer the work takes than on flat open ground, 1 or more; a task takes its mean."
        add(p.raster("DIFFICULTY", "Difficulty raster (factor on working days)", text, optional=True, advanced=True))

    def _add_plan(self, is_optional):
        add = self.addParameter
        text = (
            "A row a team: team_id, name, asset_type, lon, lat (or points), rate_m2_per_day; and further columns, see the "
            "guide. A CSV or workbook that was loaded into the map will do."
        )
        if is_optional:
            text += " Left empty, no plan is asked for."
        add(p.features("TEAMS", "Teams (table or points)", text, [TABLES], optional=is_optional))
        add(p.date("START", "First day of the plan", "The day on which the first teams set out.", optional=is_optional))
        add(p.number("YEARS", "Length of the plan (years)", "How far ahead is planned.", 3.0, 0.01, 100.0))
        add(p.number("BUDGET", "Budget (US$; empty: no limit)", "Money that the plan may spend.", None, 0.0, optional=True))
        words = ["discounted", "collect", "completion"]
        text = (
            "discounted: person-hectare-years of exposure averted within the years; collect: exposure of the tasks that end in "
            "time; completion: all tasks are done, the worthy ones first."
        )
        add(p.choice("OBJECTIVE", "What is maximised", text, words, "discounted", advanced=True))
        text = "A good done a year later counts so much less."
        add(p.number("DISCOUNT", "Discount (% a year)", text, 3.0, 0.0, 100.0, advanced=True))
        text = "A longer search finds a little better. Cancelling ends the search and keeps the best plan found."
        add(p.number("SEARCH_SECONDS", "Time to search for a plan (seconds)", text, 30.0, 0.001))
        text = "Names the settlement nearest to each task area."
        add(p.features("SETTLEMENTS", "Settlements (points)", text, [POINTS], optional=True, advanced=True))
        add(p.column("SETTLEMENT_NAME", "Column of the settlements' names", "Left empty: name.", "SETTLEMENTS", advanced=True))
        text = "Names the district of each task area."
        add(p.features("DISTRICTS", "Districts (polygons)", text, [POLYGONS], optional=True, advanced=True))
        text = "Left empty, the usual names are recognised."
        add(p.column("DISTRICT_NAME", "Column of the districts' names", text, "DISTRICTS", advanced=True))

    # -- the project that is made of them

    def project(self, parameters, context, inputs):
        """The project of the chosen layers."""
        number = lambda name: self.parameterAsDouble(parameters, name, context)  # noqa: E731
        text = lambda name: self.parameterAsString(parameters, name, context).strip()  # noqa: E731
        hazard, population = inputs.raster_layer("HAZARD"), inputs.raster_layer("POPULATION")
        if population is None:
            raise QgsProcessingException(self.invalidRasterError(parameters, "POPULATION"))
        frame = hazard or population
        is_percent = text("HAZARD_UNIT") == "per cent"
        areas = inputs.vector("AREAS", "hazardous_areas")
        class_column = text("AREA_CLASS") if areas is not None else ""
        cost, difficulty = inputs.raster_layer("COST"), None
        roads = inputs.vector("ROADS", "roads")
        project = Project(
            name=text("NAME"),
            population=inputs.raster(population, "population", "density", text("POPULATION_UNIT"), frame=frame),
            hazard=hazard and inputs.raster(hazard, "hazard", "density", scale=0.01 if is_percent else None),
            areas=areas,
            area_id=text("AREA_ID") or None,
            classification=class_column or None,
            classes_found=inputs.classes("AREAS", class_column) if class_column and hazard is None else [],
            accidents=inputs.vector("ACCIDENTS", "accidents") if hazard is None else None,
            prior_suspected=number("PRIOR_SHA"),
            prior_confirmed=number("PRIOR_CHA"),
            cost=cost and inputs.raster(cost, "cost", "density", text("COST_UNIT"), frame=frame),
            cost_usd_per_m2=number("COST_USD_PER_M2"),
            roads=roads,
            roads_far_m=number("ROADS_FAR_M"),
            roads_weight=number("ROADS_WEIGHT"),
            people_weight=number("PEOPLE_WEIGHT"),
            reach_m=number("REACH_M"),
            priority_by=text("PRIORITY_BY"),
            class_percents=_percents(text("CLASSES")),
            criteria=self._criteria(parameters, context, inputs, frame),
        )
        if self.HAS_TASKS:
            project.has_tasks = True
            difficulty = inputs.raster_layer("DIFFICULTY")
            project.difficulty = difficulty and inputs.raster(difficulty, "difficulty", "density", frame=frame)
            if text("TASK_AREAS") == "grown from the grid":
                project.grow = Grow(number("MIN_RANK"), number("MIN_AREA_M2"), number("MAX_AREA_M2"))
        if self.HAS_PLAN:
            project.plan = self._plan(parameters, context, inputs, number, text)
        return project

    def _criteria(self, parameters, context, inputs, frame):
        cells = self.parameterAsMatrix(parameters, "CRITERIA", context)
        rows = [cells[i : i + len(FURTHER)] for i in range(0, len(cells), len(FURTHER))]
        criteria = []
        for i, row in enumerate(rows):
            if len(row) < len(FURTHER) or not str(row[0] or "").strip():
                continue
            layer = QgsProcessingUtils.mapLayerFromString(str(row[0]).strip(), context)
            key = f"criterion_{i + 1}"
            if isinstance(layer, QgsRasterLayer):
                entry = inputs.raster(layer, key, "density", frame=frame)
            elif isinstance(layer, QgsVectorLayer):
                entry = inputs.vector_layer(layer, key)
            else:
                raise QgsProcessingException(f"further criteria, row {i + 1}: the map has no layer {row[0]!r}")
            try:
                at_0, at_1, weight = (float(value) for value in row[1:4])
            except (TypeError, ValueError) as error:
                raise QgsProcessingException(f"further criteria, row {i + 1}: three numbers are needed") from error
            criteria.append(Criterion(layer.name(), entry, weight, at_0, at_1))
        return criteria

    def _plan(self, parameters, context, inputs, number, text):
        teams = inputs.table("TEAMS", "teams")
        start = self.date(parameters, "START", context)
        if teams is None and start is None:
            return None
        if teams is None or start is None:
            raise QgsProcessingException("a plan needs both teams and a first day: give both, or neither")
        settlements = None
        fields = inputs.fields("SETTLEMENTS")
        if fields:
            columns = {"name": text("SETTLEMENT_NAME") or "name"}
            if columns["name"] not in fields:
                raise QgsProcessingException(f"the settlements have no column {columns['name']!r}: choose the one of their names")
            columns.update({"population": "population"} if "population" in fields else {})
            settlements = inputs.table("SETTLEMENTS", "settlements", columns)
        return Plan(
            start=start,
            teams=teams,
            years=number("YEARS"),
            discount_percent=number("DISCOUNT"),
            budget_usd=self.optional_number(parameters, "BUDGET", context),
            objective=text("OBJECTIVE"),
            seconds=number("SEARCH_SECONDS"),
            settlements=settlements,
            districts=inputs.vector("DISTRICTS", "districts"),
            district_name=text("DISTRICT_NAME") or None,
        )


def _percents(text):
    """Numbers parted by commas, semicolons or blanks."""
    try:
        return [float(word) for word in text.replace(";", " ").replace(",", " ").split()]
    except ValueError as error:
        raise QgsProcessingException(f"limits of the classes: numbers parted by commas are needed, not {text!r}") from error
