"""scripts/headlines and the programs behind it: its lines, what it refuses, what the cycle model says of known pairs."""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import subprocess
import sys
import unittest

from cli_case import BIN, SOURCE, CliCase

sys.path.insert(0, str(SOURCE / "scripts"))
import bench_kernels  # noqa: E402
import cycle_model  # noqa: E402

FIRMWARE = BIN.parent / "firmware/bin/bench-kernels.elf"
CASES = json.loads((SOURCE / "bench/headlines.json").read_text())


def load_headlines():
    """The script as a module that measures this build, on few images."""
    loader = importlib.machinery.SourceFileLoader("headlines", str(SOURCE / "scripts/headlines"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("headlines", loader))
    loader.exec_module(module)
    module.BIN = bench_kernels.BIN = BIN
    module.build, module.HOST_IMAGES = lambda: None, 64
    cycle_model.ELF = FIRMWARE
    cycle_model.PLUGIN = BIN.parent / "bench/libinstruction_profile.so"
    return module


class Headlines(CliCase):
    def test_an_unknown_area_is_a_usage_error_that_names_the_known_ones(self):
        done = subprocess.run([SOURCE / "scripts/headlines", "kernel"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assert_error(done, "headlines", "unknown area 'kernel'", "kernels")

    def test_the_record_has_every_figure_and_the_conditions(self):
        headlines = load_headlines()
        headlines.ROOT = self.folder
        (self.folder / "bench/results").mkdir(parents=True)
        headlines.CASES = [case for case in CASES if case["case"] == "test_suite"]
        headlines.AREAS = {"pipeline": lambda: [("test_suite", 5.0, headlines.MEASURED)]}
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(headlines.main(["--record"]), 0)
        line = json.loads((self.folder / "bench/results/headlines.jsonl").read_text())
        self.assertEqual((line["case"], line["value"], line["source"]), ("test_suite", 5.0, "measured"))
        run = json.loads((self.folder / "bench/results/run.json").read_text())
        self.assertEqual(set(run), {"schema", "date", "commit", "machine", "seconds"})
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(headlines.main(["--record", "pipeline"]), 2)
        self.assertIn("--record goes alone", said.getvalue())

    @unittest.skipUnless(FIRMWARE.exists(), "this build has no firmware")
    def test_every_kernel_case_is_measured_and_printed_exactly_once(self):
        headlines, printed = load_headlines(), io.StringIO()
        with contextlib.redirect_stdout(printed):
            status = headlines.main(["kernels", "--json"])
        records = [json.loads(line) for line in printed.getvalue().splitlines()]
        wanted = [case for case in CASES if case["area"] == "kernels"]
        self.assertEqual(sorted(r["case"] for r in records), sorted(case["case"] for case in wanted))
        by_name = {case["case"]: case for case in wanted}
        for record in records:
            self.assertEqual(record["schema"], "nestkit.headline/1")
            self.assertEqual(record["source"], "measured")
            self.assertGreater(record["value"], 0)
            for key in ("area", "metric", "op", "floor", "stretch"):
                self.assertEqual(record[key], by_name[record["case"]][key])
        self.assertIn("in_estimated_cycles", next(r for r in records if r["case"].startswith("break_even")))
        missed = [r for r in records if r["value"] > r["floor"]]
        self.assertEqual(status, int(bool(missed)))

    def test_a_crossing_lies_between_the_two_costs_around_it(self):
        points = [(0.1, 110), (0.2, 90), (0.3, 70)]
        self.assertAlmostEqual(bench_kernels.crossing(points, 100), 0.15)
        self.assertEqual(bench_kernels.crossing(points, 120), 0.1)
        self.assertEqual(bench_kernels.crossing(points, 60), 1.0)


class CycleModel(CliCase):
    def cycles(self, source, rules=cycle_model.MID):
        """Cycles of a few instructions that follow nothing."""
        (self.folder / "code.s").write_text(".syntax unified\n.thumb\n" + source)
        subprocess.run(["arm-none-eabi-as", "-mcpu=cortex-m7", "-o", "code.o", "code.s"], cwd=self.folder, check=True)
        return cycle_model.run(cycle_model.disassemble(self.folder / "code.o").values(), cycle_model.State(), rules)[0]

    @unittest.skipUnless(FIRMWARE.exists(), "this build has no firmware, so there may be no assembler")
    def test_pairs_are_those_of_the_published_rules(self):
        for body, cycles in {
            "add r0, r1\n add r2, r3\n": 1,                                # two ALUs
            "add r0, r1\n eor r2, r0\n": 1,                                # an early result serves its own cycle
            "eor r0, r1\n eor r2, r0\n": 2,                                # a late one does not
            "smlad r4, r0, r1, r4\n smlad r4, r0, r2, r4\n": 2,            # one MAC a cycle, chained accumulation is free
            "smlad r4, r0, r1, r4\n add r5, r6\n": 1,
            "sxtb16 r0, r1\n sxtb16 r2, r3\n": 2,                          # one DSP instruction a cycle
            "sxtb16 r0, r1\n smlad r4, r2, r3, r4\n": 1,
            "smlad r4, r2, r3, r4\n sxtb16 r0, r1\n": 2,                   # and only as the first
            "ldr r0, [r1]\n ldr r2, [r1, #4]\n": 1,                        # two banks
            "ldr r0, [r1]\n ldr r2, [r1, #8]\n": 2,                        # one bank
            "ldr r0, [r1]\n str r2, [r3]\n": 1,
            "str r0, [r1]\n str r2, [r3]\n": 2,
            "smlad r4, r2, r3, r4\n str r0, [r1]\n": 2,
            "ldr r0, [r1]\n mul r2, r0, r3\n": 3,                          # load to multiplicand: one cycle between
            "add r0, r1, r2, lsl #3\n add r3, r4, r5, lsl #3\n": 2,        # one shifter for operands
        }.items():
            with self.subTest(body=body):
                self.assertEqual(self.cycles(body), cycles)
        self.assertEqual(self.cycles("ldm r0, {r1-r4}\n", cycle_model.LOW), 2)
        self.assertEqual(self.cycles("ldm r0!, {r1-r4}\n", cycle_model.HIGH), 3)


if __name__ == "__main__":
    unittest.main()
