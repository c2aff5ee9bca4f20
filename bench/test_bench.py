#!/usr/bin/env python3
"""Tests of the benchmark's own code, with shell scripts in place of Dormouse and the peers. No model needed.

Run: python3 bench/test_bench.py
"""

import contextlib
import io
import json
import stat
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import cases  # noqa: E402
import machine  # noqa: E402
import measure  # noqa: E402
import results  # noqa: E402
import run  # noqa: E402

GEMM = '{"work":"gemm","fp32":100.0,"bf16":20.0}'


def answer(speed, threads=1, dtype="fp32"):
    return json.dumps(
        {
            "work": "sft",
            "tokens": 100,
            "seconds": 1.0,
            "tokens_per_second": speed,
            "dtype": dtype,
            "threads": threads,
            "peak_memory_mib": 5,
        }
    )


def outcome(program, speeds, workload="sft", dtype="fp32", once=False):
    made = measure.Outcome(cases.Case(workload, program, "", dtype, ("true",), once))
    made.by_round = {n: json.loads(answer(speed)) for n, speed in enumerate(speeds)}
    return made


class WithScripts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def script(self, name, body):
        path = self.folder / name
        path.write_text("#!/bin/sh\n" + body + "\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    def case(self, body):
        return cases.Case("sft", "TRL", "", "fp32", (self.script("program", body),))


class MeasureTest(WithScripts):
    def test_reads_the_last_object_after_other_output(self):
        result, reason = measure.measure_once(self.case(f"echo hello; echo '{answer(7.5)}'; echo bye"), 1, 10)
        self.assertEqual((result["tokens_per_second"], reason), (7.5, ""))

    def test_peak_memory_is_the_process_own(self):
        result, _ = measure.measure_once(self.case(f"echo '{answer(1)}'"), 1, 10)
        self.assertNotEqual(result["peak_memory_mib"], 5)
        self.assertGreater(result["peak_memory_mib"], 0)

    def test_a_failure_gives_its_last_line_without_paths(self):
        _, reason = measure.measure_once(
            self.case("echo first >&2; echo 'no file /home/me/x/model.gguf' >&2; exit 3"), 1, 10
        )
        self.assertEqual(reason, "no file model.gguf")

    def test_a_program_past_its_limit_is_killed(self):
        _, reason = measure.measure_once(self.case("exec sleep 30"), 1, 0.2)
        self.assertEqual(reason, "took longer than 0 s")

    def test_a_missing_program_is_a_reason(self):
        _, reason = measure.measure_once(
            cases.Case("sft", "TRL", "", "", (str(self.folder / "none"),)), 1, 10
        )
        self.assertEqual(reason, "none: No such file or directory")

    def test_other_thread_counts_are_refused(self):
        _, reason = measure.measure_once(self.case(f"echo '{answer(7.5, threads=4)}'"), 1, 10)
        self.assertEqual(reason, "used 4 threads instead of 1")

    def test_output_without_a_speed_is_refused(self):
        _, reason = measure.measure_once(self.case("echo '{\"tokens\":1}'"), 1, 10)
        self.assertIn("tokens_per_second", reason)

    def test_rounds_are_interleaved_and_a_failed_case_is_not_repeated(self):
        seen = []
        good, bad = self.case(f"echo '{answer(1)}'"), cases.Case("sft", "x", "", "", ("false",))
        measure.measure_all([good, bad], 2, 1, 10, lambda n, o, text: seen.append((n, o.case.program)))
        self.assertEqual(seen, [(0, "TRL"), (0, "x"), (1, "TRL")])

    def test_slow_dtypes_are_measured_once(self):
        fast, slow, near = (
            outcome("TRL", [10]),
            outcome("TRL", [3], dtype="bf16"),
            outcome("TRL", [4], dtype="f16"),
        )
        marked, other = outcome("TRL", [9], once=True), outcome("llama.cpp", [1])
        measure.drop_slow([fast, slow, near, marked, other], factor=3)
        self.assertEqual(
            [o.dropped for o in (fast, slow, near, marked, other)], [False, True, False, True, False]
        )


class ResultsTest(unittest.TestCase):
    def test_ratio_is_of_medians_with_the_range_of_paired_rounds(self):
        found = results.ratio(outcome("Dormouse", [20, 30, 22]), outcome("TRL", [10, 10, 11]))
        self.assertEqual((found.value, found.low, found.high), (2.2, 2.0, 3.0))

    def test_goals_compare_with_the_fastest_row(self):
        rows = [
            outcome("Dormouse", [12], dtype="f32"),
            outcome("Dormouse", [30]),
            outcome("TRL", [10]),
            outcome("TRL", [16], dtype="bf16"),
        ]
        self.assertEqual(
            results.goal_rows(rows, cases.GOALS), [["sft", "TRL bf16", ">= 3", "1.88", "missed"]]
        )
        self.assertEqual(results.goal_rows(rows[:3], cases.GOALS)[0][4], "met")
        self.assertEqual(results.goal_rows(rows[:2], cases.GOALS)[0][4], "not measured")
        self.assertEqual(results.goal_rows(rows[2:], cases.GOALS)[0][4], "not measured")

    def test_what_failed_is_shown_with_its_reason(self):
        failed = outcome("TRL", [])
        failed.reason = "No module named 'trl'"
        row = results.table_rows([outcome("Dormouse", [30]), failed], {})[1]
        self.assertEqual(row[3], "not measured: No module named 'trl'")

    def test_share_of_the_ceiling_uses_the_dtype_of_the_row(self):
        rows = [outcome("Dormouse", [50], dtype="auto")]
        flop = 6 * (results.BODY_WEIGHTS + results.HEAD_WEIGHTS * results.TARGET_SHARE)
        self.assertAlmostEqual(
            results.ceiling_share(rows[0], {"fp32": 100.0, "bf16": 20.0}), 50 * flop / 1e9 / 100
        )
        self.assertIsNone(results.ceiling_share(rows[0], {}))

    def test_a_row_of_a_gpu_shows_the_utilisation_that_it_reports(self):
        row = outcome("Dormouse", [50, 60], workload="sample 32 cuda")
        self.assertIsNone(results.ceiling_share(row, {"fp32": 100.0, "bf16": 20.0}))
        for number, share in enumerate((0.1, 0.3)):
            row.by_round[number]["model_flops_utilisation"] = share
        self.assertAlmostEqual(results.ceiling_share(row, {}), 0.2)

    def test_earlier_sections_stay_below_the_new_one(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "RESULTS.md"
            results.add_section(path, "## one\n\ntext 1\n")
            first = path.read_text(encoding="utf-8")
            results.add_section(path, "## two\n\ntext 2\n")
            text = path.read_text(encoding="utf-8")
        self.assertTrue(text.startswith(results.INTRO))
        self.assertTrue(text.endswith("## two\n\ntext 2\n\n## one\n\ntext 1\n"))
        self.assertEqual(first, results.INTRO + "\n## one\n\ntext 1\n")

    def test_target_share_is_that_of_the_rows(self):
        header = json.loads((cases.DATA / "sft_rows.jsonl").read_text(encoding="utf-8").splitlines()[0])
        self.assertEqual(results.TARGET_SHARE, header["targets"] / header["tokens"])


class RunTest(WithScripts):
    def setUp(self):
        super().setUp()
        no_gpu = unittest.mock.patch.object(machine, "gpus", list)
        no_gpu.start()
        self.addCleanup(no_gpu.stop)

    def run_it(self, *words, dormouse=None):
        own = dormouse or self.script("dormouse", f"echo '{answer(30)}'")
        # Stands in for every worker, whose path is its first argument: llama.cpp fails, all others answer.
        python = self.script(
            "python",
            f"case $1 in *gemm.py) echo '{GEMM}';; *llama*) echo 'no llama' >&2; exit 1;; "
            f"*) echo '{answer(10)}';; esac",
        )
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            status = run.main(
                [
                    "--no-setup",
                    "--no-record",
                    "--threads",
                    "1",
                    "--rounds",
                    "2",
                    "--dormouse",
                    own,
                    "--python",
                    python,
                    *words,
                ]
            )
        return status, out.getvalue()

    def test_the_table_has_every_peer_and_the_goals(self):
        status, text = self.run_it()
        self.assertEqual(status, 0)
        self.assertIn("TRL, packed to 1,024", text)
        self.assertIn("not measured: no llama", text)
        self.assertEqual(text.count("met"), 3)

    def test_gpu_rows_appear_where_there_is_a_gpu(self):
        with unittest.mock.patch.object(machine, "gpus", lambda: ["NVIDIA H100 80GB HBM3"]):
            _, text = self.run_it("--only", "sft", "--peer", "llama.cpp")
        self.assertIn("sft cuda", text)
        self.assertIn("sft long cuda", text)

    def test_json_has_one_object_a_measurement(self):
        _, text = self.run_it("--json", "--only", "sample", "--peer", "llama.cpp")
        lines = [json.loads(line) for line in text.splitlines()]
        self.assertEqual(lines[0], json.loads(GEMM))
        self.assertEqual(sum(line.get("program") == "Dormouse" for line in lines), 12)
        self.assertEqual(
            {line["not_measured"] for line in lines if line.get("program") == "llama.cpp"}, {"no llama"}
        )

    def test_without_dormouse_the_status_is_1(self):
        status, text = self.run_it("--only", "sft", dormouse=str(self.folder / "absent"))
        self.assertEqual(status, 1)
        self.assertIn("not measured: absent: No such file or directory", text)

    def test_wrong_arguments_give_status_2(self):
        for words in (["--only", "chess"], ["--steps", "1"], ["--threads", "0"]):
            with self.assertRaises(SystemExit) as raised, contextlib.redirect_stderr(io.StringIO()):
                run.parse_arguments(words)
            self.assertEqual(raised.exception.code, 2)

    def test_machine_paths_stay_out_of_the_recorded_command(self):
        self.assertEqual(
            run.shown_command(["--quick", "--dormouse", "/home/me/dormouse"]),
            "bench/run.py --quick --dormouse PATH",
        )


if __name__ == "__main__":
    unittest.main()
