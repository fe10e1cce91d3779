"""Project files made of chosen layers: what they say, and that the program takes them."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from clearway_qgis.core.files import Refused, write_project
from clearway_qgis.core.project import MARK, Criterion, Grow, Plan, Project, Raster, Vector

REGION = Path(__file__).resolve().parents[2] / "grids" / "hillside"


def whole():
    """A project that uses everything, over the small region of the repository."""
    at = lambda name: (REGION / name).as_posix()  # noqa: E731
    return Project(
        name='north "A"',
        population=Raster(at("population.tif"), "people_per_cell"),
        hazard=Raster(at("hazard.tif")),
        areas=Vector(at("hazardous_areas.geojson")),
        area_id="imsma_id",
        cost=Raster(at("cost.tif"), "usd_per_m2"),
        roads=Vector(at("roads.geojson")),
        criteria=[Criterion("near the road", Raster(at("road_distance.tif")), 2, 3000, 0)],
        difficulty=Raster(at("slope_factor.tif")),
        has_tasks=True,
        plan=Plan(
            start="2027-03-01",
            teams=Vector(at("teams.csv")),
            budget_usd=2_900_000,
            seconds=0.5,
            settlements=Vector(at("settlements.csv")),
            districts=Vector(at("districts.geojson")),
        ),
    )


def built():
    """One whose hazard is built, with grown task areas and no plan."""
    project = whole()
    project.hazard = project.plan = project.cost = None
    project.classification, project.classes_found = "classification", ["CHA", "SHA"]
    project.accidents, project.grow = None, Grow(min_rank=95)
    return project


class Texts(unittest.TestCase):
    def test_what_was_chosen_stands_in_the_file(self):
        text = whole().text()
        self.assertTrue(text.startswith(MARK))
        for line in [
            'name = "north \\"A\\""',
            'value = { linear = [5000, 0] }',
            'measure = "proximity"            # metres to the nearest road',
            'value = { linear = [3000, 0] }',
            "budget_usd = 2900000",
            "discount = 0.03",
            'difficulty = "difficulty"',
            "classes = [5, 15, 40]",
        ]:
            self.assertIn(f"\n{line}", text)
        self.assertNotIn("[hazard]", text)

    def test_hazard_is_built_where_no_raster_is_chosen(self):
        text = built().text()
        self.assertIn("prior = { CHA = 0.9, SHA = 0.05, elsewhere = 0.001 }", text)
        self.assertIn("grow = { min_rank = 95, min_area_m2 = 5000, max_area_m2 = 100000 }", text)
        self.assertIn("cost = { constant = 2, unit = \"usd_per_m2\" }", text)
        self.assertNotIn("[plan]", text)

    def test_a_reader_reads_it(self):
        try:
            import tomllib
        except ImportError:
            self.skipTest("tomllib came with Python 3.11")
        read = tomllib.loads(whole().text())
        self.assertEqual(read["layers"]["criterion_1"]["path"], (REGION / "road_distance.tif").as_posix())
        self.assertEqual([criterion["weight"] for criterion in read["score"]["criteria"]], [3, 1, 2])
        tomllib.loads(built().text())

    def test_what_is_missing_is_told_together(self):
        project = built()
        project.areas = project.grow = None
        project.people_weight = project.roads_weight = 0
        project.criteria = []
        told = project.problems()
        self.assertEqual(len(told), 3, told)
        with self.assertRaises(ValueError):
            project.text()

    def test_names_of_criteria_differ(self):
        project = whole()
        project.criteria[0].name = "People"
        self.assertIn("one name", project.problems()[0])


class Files(unittest.TestCase):
    def test_nobodys_own_file_is_written_over(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "new" / "project.toml"
            text = whole().text()
            write_project(path, text, overwrite=False)
            write_project(path, text, overwrite=False)
            with self.assertRaises(Refused):
                write_project(path, text + "# more\n", overwrite=False)
            write_project(path, text + "# more\n", overwrite=True)
            self.assertTrue(path.read_text(encoding="utf-8").endswith("# more\n"))
            path.write_text("[project]\n", encoding="utf-8")
            with self.assertRaises(Refused):
                write_project(path, text, overwrite=True)
            self.assertEqual([entry.name for entry in path.parent.iterdir()], ["project.toml"])


@unittest.skipUnless(os.environ.get("CLEARWAY_BIN"), "CLEARWAY_BIN names no program: ./test does")
class TakenByTheProgram(unittest.TestCase):
    def check(self, project):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "project.toml"
            write_project(path, project.text(), overwrite=False)
            words = [os.environ["CLEARWAY_BIN"], "check", str(path), "--quiet"]
            return subprocess.run(words, capture_output=True, text=True, check=False)

    def test_projects_have_no_fault(self):
        self.assertTrue(shutil.which(os.environ["CLEARWAY_BIN"]), "CLEARWAY_BIN names no program")
        for project in [whole(), built()]:
            done = self.check(project)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_layer_that_does_not_fit_is_a_fault(self):
        project = whole()
        project.population = Raster((REGION / "gone.tif").as_posix(), "people_per_cell")
        done = self.check(project)
        self.assertEqual(done.returncode, 2)
        self.assertIn("[input.missing]", done.stderr)


if __name__ == "__main__":
    unittest.main()
