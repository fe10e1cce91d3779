"""Progress, command lines, faults, TOML and tables: the plugin's parts that know nothing of QGIS."""

import json
import os
import stat
import sys
import tempfile
import unittest
from pathlib import Path

from clearway_qgis.core import binary, command, faults, grids, progress, results, tables, toml
from clearway_qgis.core.runner import Outcome, run


class Progress(unittest.TestCase):
    def test_lines_are_told_apart(self):
        step = progress.parse('{"step":"exposure","done":3,"total":16}')
        self.assertEqual((step.name, step.share, step.is_over), ("exposure", 3 / 16, False))
        over = progress.parse('{"step":"plan","done":4,"total":16,"seconds":2.5}')
        self.assertEqual((over.share, over.is_over), (1.0, True))
        self.assertEqual(progress.parse('{"step":"plan","done":1,"total":2,"note":"best 3"}').note, "best 3")
        self.assertEqual(progress.parse('{"note":"engine: native"}'), progress.Note("engine: native"))
        self.assertEqual(progress.parse("warning: 3 areas overlap"), progress.Warned("3 areas overlap"))
        self.assertEqual(progress.parse("error: no such file"), progress.Other("error: no such file"))
        self.assertIsNone(progress.parse("  \n"))

    def test_what_only_looks_like_progress_is_text(self):
        for line in ["{half of a li", "{}", '{"step":"x"}', '{"step":"x","done":"y","total":1}', '{"note":3}']:
            self.assertEqual(progress.parse(line), progress.Other(line))

    def test_share_of_a_step_without_work_is_known(self):
        self.assertEqual(progress.Step("write", 0, 0).share, 0.0)
        self.assertEqual(progress.Step("write", 9, 4).share, 1.0)

    def test_percentage_rises_through_the_steps_of_a_command_and_never_goes_back(self):
        overall = progress.Overall("tasks")
        told = [
            overall.take(progress.Step(name, done, 4))
            for name in ["check layers", "exposure", "priority", "rank", "select", "tasks"]
            for done in range(5)
        ]
        self.assertEqual(told, sorted(told))
        self.assertEqual((told[0], told[-1]), (0.0, 100.0))
        # A step that comes again, or one that is not known, changes nothing.
        self.assertEqual(overall.take(progress.Step("exposure", 0, 4)), 100.0)
        self.assertEqual(overall.take(progress.Step("something new", 1, 4)), 100.0)

    def test_commands_end_at_a_hundred_with_their_last_step(self):
        for name, last in progress.LAST.items():
            self.assertEqual(progress.Overall(name).take(progress.Step(last, 1, 1, is_over=True)), 100.0, name)

    def test_batch_shows_each_step_by_itself(self):
        overall = progress.Overall("batch")
        self.assertEqual(overall.take(progress.Step("exposure", 3, 4)), 75.0)
        self.assertEqual(overall.take(progress.Step("exposure", 0, 4)), 0.0)


class Commands(unittest.TestCase):
    def test_words_of_a_command(self):
        work = command.Work("out folder", True, True, "cpu", 1.5, 7, ["plan.years=2"])
        words = command.command(Path("/bin/clearway"), "run", ["p.toml", *work.arguments(), *command.Search(30, None).arguments()])
        self.assertEqual(
            words,
            ["/bin/clearway", "run", "p.toml", "--out", "out folder", "--backend", "cpu", "--overwrite", "--resume", "--memory", "1.5GiB"]
            + ["--seed", "7", "--set", "plan.years=2", "--seconds", "30", "--json", "--progress", "json", "--color", "never"],
        )
        self.assertIn("'out folder'", command.shown(words))
        self.assertEqual(command.Search(None, 20).arguments(), ["--iterations", "20"])
        self.assertIn("--quiet", command.command(Path("clearway"), "explain", [], has_work=False))

    def test_overrides_are_lines(self):
        self.assertEqual(command.overrides_of(" a.b=1\r\n# no\n\n c=[1, 2]"), ["a.b=1", "c=[1, 2]"])


class Faults(unittest.TestCase):
    def test_message_is_the_programs_own(self):
        answer = {"error": "p.toml: expected x, found y; fix [project.value]", "faults": [{"code": "project.value"}]}
        outcome = Outcome(2, json.dumps(answer), ["error: something else"])
        self.assertEqual(faults.error_text(outcome), answer["error"])
        self.assertEqual(faults.codes(outcome), ["project.value"])

    def test_without_an_answer_the_last_words_are_told(self):
        self.assertEqual(faults.error_text(Outcome(1, "", ["warning: w", "error: cannot read x"])), "cannot read x")
        self.assertEqual(faults.error_text(Outcome(2, "[]", ["error: a", "  - b"])), "a\n  - b")
        self.assertIn("signal 9", faults.error_text(Outcome(-9, "", [])))
        self.assertEqual(faults.codes(Outcome(1, "nonsense")), [])

    def test_what_an_interrupted_run_kept_is_found(self):
        line = json.dumps({"note": "finished and kept: grids; the same command with --resume goes on from there"})
        self.assertIn("grids", faults.kept_text(Outcome(1, "", ["x", line])))
        self.assertEqual(faults.kept_text(Outcome(1, "", ["x"])), "")


class Toml(unittest.TestCase):
    def test_values(self):
        for value, written in [
            ("a\"b\\c\n\x7f\x01é", '"a\\"b\\\\c\\n\\u007F\\u0001é"'),
            (5.0, "5"),
            (0.1, "0.1"),
            (1e-7, "1e-07"),
            (True, "true"),
            ([5, "max"], '[5, "max"]'),
            ({"path": "a b", "unit": None, "a b": 1}, '{ path = "a b", "a b" = 1 }'),
        ]:
            self.assertEqual(toml.value(value), written)
        for wrong in [float("nan"), float("inf")]:
            with self.assertRaises(ValueError):
                toml.value(wrong)
        with self.assertRaises(TypeError):
            toml.value(object())

    def test_a_reader_reads_what_is_written(self):
        try:
            import tomllib
        except ImportError:
            self.skipTest("tomllib came with Python 3.11")
        entries = {"a": "x\ty\x7f\"'\\", "b": [1, 2.5, -1e300], "c d": {"e": False}, "ä": "\u2028"}
        self.assertEqual(tomllib.loads(f"v = {toml.value(entries)}")["v"], entries)

    def test_comment_stays_on_its_line(self):
        self.assertEqual(toml.comment("a\nb = 1\r"), "a b = 1 ")


class Grids(unittest.TestCase):
    FRAME = grids.Grid("EPSG:32626", 1000.0, 9000.0, 30.0, 30.0, 256, 256)

    def test_same_cells_may_have_another_extent(self):
        inside = grids.Grid("EPSG:32626", 1300.0, 8970.0, 30.0, 30.0, 10, 10)
        self.assertTrue(grids.same_cells(self.FRAME, self.FRAME) and grids.same_cells(inside, self.FRAME))

    def test_others_are_resampled(self):
        for other in [
            grids.Grid("EPSG:32627", 1000.0, 9000.0, 30.0, 30.0, 256, 256),
            grids.Grid("EPSG:32626", 1010.0, 9000.0, 30.0, 30.0, 256, 256),
            grids.Grid("EPSG:32626", 1000.0, 9000.0, 30.001, 30.0, 256, 256),
            grids.Grid("EPSG:32626", 1000.0, 9000.0, 100.0, 100.0, 77, 77),
        ]:
            self.assertFalse(grids.same_cells(other, self.FRAME), other)

    def test_counts_are_summed_and_densities_averaged(self):
        self.assertEqual(grids.resampling("density", "people_per_cell", False), "sum")
        self.assertEqual(grids.resampling("density", "people_per_km2", True), "average")
        self.assertEqual(grids.resampling("density", None, False), "bilinear")
        self.assertEqual((grids.resampling("class", None, True), grids.resampling("class", None, False)), ("mode", "nearest"))


class Tables(unittest.TestCase):
    def test_unknown_is_empty_and_never_zero(self):
        rows = [["A", None, 5.0, float("nan")], ["B,\"c\"", 0, 0.5, ["manual", "eod"]]]
        self.assertEqual(tables.csv_text(["team_id", "x", "y", "z"], rows), 'team_id,x,y,z\nA,,5,\n"B,""c""",0,0.5,manual;eod\n')


class Results(unittest.TestCase):
    def test_layers_are_those_that_were_written(self):
        shown = results.layers(Path("/r"), ["priority.tif", "class.tif", "tasks.gpkg", "tasks.geojson", "plan.geojson"])
        self.assertEqual([layer.output for layer in shown], ["CLASS", "PRIORITY", "TASKS", "PLAN_TASKS"])
        self.assertEqual(shown[2].source, f"{Path('/r/tasks.gpkg')}|layername=tasks")
        self.assertEqual(shown[3].source, str(Path("/r/plan.geojson")))

    def test_unknown_numbers_are_left_out(self):
        told = results.numbers({"plan": {"tasks_done": 3, "upper_bound": None}, "warnings": ["a"]})
        self.assertEqual(told, {"TASKS_DONE": 3, "WARNINGS": 1})


class Binary(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()) if hasattr(self, "enterContext") else tempfile.mkdtemp())

    def program(self, name="clearway", text="#!/bin/sh\necho clearway 0.1.0\n"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def test_setting_comes_before_variable_and_path(self):
        one, two, three = (self.program(f"{name}/clearway") for name in ["one", "two", "three"])
        environment = {"CLEARWAY_BIN": str(two), "PATH": str(three.parent)}
        self.assertEqual(binary.find(str(one), environment), one)
        self.assertEqual(binary.find(str(one.parent), environment), one)
        self.assertEqual(binary.find("", environment), two)
        self.assertEqual(binary.find("", {"PATH": str(three.parent)}), three)

    def test_usual_folders_come_last(self):
        path = self.program(".cargo/bin/clearway")
        self.assertEqual(binary.find("", {"PATH": ""}, home=self.folder), path)

    def test_a_setting_that_names_nothing_is_told_and_nothing_else_is_tried(self):
        there = self.program()
        with self.assertRaisesRegex(binary.NotFound, "setting"):
            binary.find(str(self.folder / "gone"), {"PATH": str(there.parent)})
        with self.assertRaisesRegex(binary.NotFound, "CLEARWAY_BIN"):
            binary.find("", {"CLEARWAY_BIN": "/nowhere/clearway", "PATH": str(there.parent)})

    def test_version(self):
        self.assertEqual(binary.version(self.program()), "0.1.0")
        more = self.program("more", "#!/bin/sh\necho clearway 0.1.0\necho features: gpu\n")
        self.assertEqual(binary.version(more), "0.1.0")
        with self.assertRaises(binary.NotFound):
            binary.version(self.program("other", "#!/bin/sh\necho other 1.0\n"))
        self.assertTrue(binary.fits("0.1.7", "0.1.0"))
        self.assertFalse(binary.fits("0.2.0", "0.1.0"))


class Runner(unittest.TestCase):
    """With a program of our own in place of the real one."""

    def python(self, code):
        return [sys.executable, "-u", "-c", code]

    def test_lines_come_while_it_runs_and_the_answer_at_the_end(self):
        lines = []
        code = "import sys\nfor i in range(3): print('line', i, file=sys.stderr)\nprint('{\"a\": 1}')\nsys.exit(2)"
        outcome = run(self.python(code), lines.append, lambda: False)
        self.assertEqual((lines, outcome.exit_code, outcome.answer), (["line 0", "line 1", "line 2"], 2, {"a": 1}))

    def test_much_on_both_streams_does_not_block(self):
        code = "import sys\nfor i in range(20000): print('x' * 50, file=sys.stderr); print('y' * 50)"
        outcome = run(self.python(code), lambda line: None, lambda: False)
        self.assertEqual((len(outcome.stderr), len(outcome.stdout), outcome.exit_code), (20000, 51 * 20000, 0))

    @unittest.skipIf(sys.platform == "win32", "Windows ends a program at once")
    def test_cancelling_asks_it_to_end_and_waits_until_it_has(self):
        with tempfile.TemporaryDirectory() as folder:
            mark = os.path.join(folder, "tidied")
            code = (
                "import signal, sys, time\n"
                f"def end(*_): open({mark!r}, 'w').close(); sys.exit(1)\n"
                "signal.signal(signal.SIGTERM, end)\nprint('ready', file=sys.stderr)\ntime.sleep(60)"
            )
            lines = []
            outcome = run(self.python(code), lines.append, lambda: bool(lines))
            self.assertTrue(outcome.was_cancelled and os.path.exists(mark))
            self.assertEqual(outcome.exit_code, 1)

    @unittest.skipIf(sys.platform == "win32", "Windows ends a program at once")
    def test_one_that_does_not_end_is_asked_again(self):
        code = (
            "import signal, sys, time\nn = []\n"
            "def end(*_):\n    n.append(0)\n    if len(n) == 2: sys.exit(130)\n"
            "signal.signal(signal.SIGTERM, end)\nprint('ready', file=sys.stderr)\n"
            "while True: time.sleep(0.05)"
        )
        lines = []
        outcome = run(self.python(code), lines.append, lambda: bool(lines), grace_seconds=0.3)
        self.assertEqual(outcome.exit_code, 130)

    def test_a_listener_that_fails_leaves_no_program_behind(self):
        def fail(line):
            raise RuntimeError(line)

        code = "import sys, time\nprint('x', file=sys.stderr)\ntime.sleep(60)"
        with self.assertRaises(RuntimeError):
            run(self.python(code), fail, lambda: False)


if __name__ == "__main__":
    unittest.main()
