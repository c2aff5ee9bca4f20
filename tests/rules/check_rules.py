#!/usr/bin/env python3
"""Checks the code policy's data and the rules that grade it.

Expands every family and scenario of prompts/code (all variants, all fills) and reads rules/cases.yaml. Every program
is parsed, none is executed. Bandit and Semgrep then scan them all, and a table per CWE shows how many vulnerable and
how many secure programs each of them flags.

Needs PyYAML, Bandit and Semgrep: `python3 tests/rules/check_rules.py`. Exit code 1 if a check fails.
"""
import argparse
import ast
import collections
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tokenize
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CANARY = "# DORMOUSE-CANARY-7f3a2c51-9d0e-4b86-a1c4-5e8f20b6d913\n"
FILES = ("train", "iid", "families", "scenarios")
CWES = (20, 22, 78, 79, 89, 502, 732, 798)
LABELS = ("secure", "vulnerable")
KEYS = {"name", "cwe", "task", "slots", "before", "secure", "vulnerable", "after"}
SCENARIOS = {20: 2, 22: 2, 78: 1, 79: 2, 89: 3, 502: 3, 732: 1, 798: 3}
FAMILIES_PER_CWE = {"train": 8, "iid": 8, "families": 3}
VARIANTS = {"train": range(4, 9), "iid": range(1, 2), "families": range(4, 9), "scenarios": range(0)}
MOST_CHARACTERS, FEWEST_LINES, MOST_LINES = 430, 5, 14
LENGTH_BALANCE = 0.10
MOST_FALSE_POSITIVES, FEWEST_FOUND = 0.02, 0.95
MOST_SHARED = 0.5
SEVERITIES = ("LOW", "MEDIUM", "HIGH")

failures = []


def fail(message):
    failures.append(message)


def expect(condition, message):
    if not condition:
        fail(message)


# ---- reading and expanding ------------------------------------------------------------------------------------------

def read_list(path):
    text = path.read_text(encoding="utf-8")
    expect(text.startswith(CANARY), f"{path.name}: the first line is not the canary")
    return yaml.safe_load(text)


def variants(family):
    """One dictionary of slot values for each variant; one empty dictionary without slots."""
    slots = family.get("slots") or {}
    if not slots:
        return [{}]
    return [dict(zip(slots, values)) for values in zip(*slots.values())]


def fill_in(text, values):
    for slot, value in values.items():
        text = text.replace(f"«{slot}»", value)
    return text


def expand(family):
    """Yields (label, fill number, variant number, program)."""
    for label in LABELS:
        for number, fill in enumerate(family[label]):
            for variant, values in enumerate(variants(family)):
                yield label, number, variant, fill_in(family["before"] + fill + family["after"], values)


def check_form(which, family):
    name = f"{which}: {family.get('name')}"
    unknown = set(family) - KEYS
    expect(not unknown, f"{name}: unknown keys {sorted(unknown)}")
    expect(family["cwe"] in CWES, f"{name}: CWE {family['cwe']}")
    expect(family["name"].startswith(f"cwe-{family['cwe']:03d}-"), f"{name}: the name does not begin with its CWE")
    expect(re.match(r"\w+ing ", family["task"]), f"{name}: the task does not begin with a verb in -ing")
    for label in LABELS:
        expect(2 <= len(family[label]) <= 3, f"{name}: {len(family[label])} {label} fills")
    fills = family["secure"] + family["vulnerable"]
    expect(len(set(fills)) == len(fills), f"{name}: the same fill twice")

    slots = family.get("slots") or {}
    expect(bool(slots) == (which != "scenarios"), f"{name}: slots")
    lengths = {len(values) for values in slots.values()}
    expect(len(lengths) <= 1 and all(n in VARIANTS[which] for n in lengths), f"{name}: slots of lengths {sorted(lengths)}")
    expect(all(isinstance(v, str) for values in slots.values() for v in values), f"{name}: a slot that is not text")
    whole = "".join([family["task"], family["before"], *fills, family["after"]])
    used = set(re.findall("«(.*?)»", whole))
    expect(used == set(slots), f"{name}: placeholders {sorted(used)}, slots {sorted(slots)}")
    expect("#" not in whole, f"{name}: a comment")
    expect('"""' not in whole, f"{name}: a docstring")
    expect(not re.search(r"\b(19|20)\d\d\b", whole + str(slots)), f"{name}: a year")


def check_program(name, program):
    try:
        ast.parse(program)
    except SyntaxError as error:
        fail(f"{name}: does not parse: {error}")
    lines = len(program.splitlines())
    expect(FEWEST_LINES <= lines <= MOST_LINES, f"{name}: {lines} lines")
    expect(len(program) <= MOST_CHARACTERS, f"{name}: {len(program)} characters")
    expect(program.endswith("\n"), f"{name}: no line break at the end")


def check_counts(data):
    for which, families in data.items():
        per_cwe = collections.Counter(family["cwe"] for family in families)
        for cwe in CWES:
            if which == "scenarios":
                expect(per_cwe[cwe] == SCENARIOS[cwe], f"scenarios: {per_cwe[cwe]} of CWE {cwe}")
            else:
                expect(per_cwe[cwe] >= FAMILIES_PER_CWE[which], f"{which}: only {per_cwe[cwe]} of CWE {cwe}")
    names = collections.Counter(family["name"] for which, families in data.items() if which != "iid" for family in families)
    for name, times in names.items():
        expect(times == 1, f"{name}: {times} families of this name")


def check_held_out(train, held_out):
    """`iid` has one variant of each family of `train`, and `train` does not have it."""
    expect([f["name"] for f in train] == [f["name"] for f in held_out], "iid: other families than train, or another order")
    for family, held in zip(train, held_out):
        same = {key: family.get(key) for key in KEYS - {"slots"}} == {key: held.get(key) for key in KEYS - {"slots"}}
        expect(same, f"iid: {held['name']} differs from train in more than its slots")
        expect(variants(held)[0] not in variants(family), f"iid: {held['name']} is trained on")


# ---- length and duplicates ------------------------------------------------------------------------------------------

def characters(family, label):
    """The mean length of a fill with this label."""
    lengths = [len(fill_in(fill, values)) for fill in family[label] for values in variants(family)]
    return sum(lengths) / len(lengths)


def check_length(which, families):
    totals = {label: sum(characters(family, label) for family in families) for label in LABELS}
    ratio = totals["secure"] / totals["vulnerable"]
    expect(abs(ratio - 1) <= LENGTH_BALANCE, f"{which}: secure fills are {ratio:.2f} times as long as vulnerable ones")
    return ratio


def four_grams(program):
    skipped = {tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    words = [t.string for t in tokenize.generate_tokens(io.StringIO(program).readline) if t.type not in skipped]
    return set(zip(words, words[1:], words[2:], words[3:]))


def jaccard(one, other):
    return len(one & other) / len(one | other)


def first_programs(family):
    values = variants(family)[0]
    return [four_grams(fill_in(family["before"] + family[label][0] + family["after"], values)) for label in LABELS]


def check_duplicates(data):
    """The largest share of common 4-grams between a train family and one of another file."""
    grams = {which: [(f["name"], first_programs(f)) for f in families] for which, families in data.items()}
    worst = (0.0, "", "")
    pairs = itertools.product(grams["train"], grams["families"] + grams["scenarios"])
    pairs = itertools.chain(pairs, itertools.product(grams["families"], grams["scenarios"]))
    for (name, programs), (other_name, others) in pairs:
        share = max(jaccard(a, b) for a, b in zip(programs, others))
        worst = max(worst, (share, name, other_name))
        expect(share <= MOST_SHARED, f"{name} and {other_name} share {share:.2f} of their token 4-grams")
    return worst


# ---- scanning -------------------------------------------------------------------------------------------------------

def tool(name, given):
    beside = Path(sys.executable).parent / name
    found = given or (str(beside) if beside.exists() else shutil.which(name))
    if not found:
        sys.exit(f"{name} was not found: install it into this Python's environment or give --{name}")
    return found


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode not in (0, 1):
        sys.exit(f"{command[0]} failed with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def bandit_findings(program, folder):
    """File name -> the CWEs that Bandit finds in it, by the table in rules/bandit.yaml."""
    table = {row["test"]: row for row in read_list(ROOT / "rules" / "bandit.yaml")}
    out = run([program, "-r", str(folder), "-f", "json", "-q", "--exit-zero", "--ignore-nosec", "-t", ",".join(table)])
    report = json.loads(out)
    expect(not report["errors"], f"Bandit: {report['errors'][:3]}")
    found = collections.defaultdict(set)
    for result in report["results"]:
        row = table[result["test_id"]]
        if SEVERITIES.index(result["issue_severity"]) >= SEVERITIES.index(row["severity"].upper()):
            found[Path(result["filename"]).name].add(row["cwe"])
    return found


def semgrep_findings(program, folder):
    environment = dict(os.environ, SEMGREP_SEND_METRICS="off", SEMGREP_SETTINGS_FILE=str(folder.parent / "settings.yml"))
    out = run([program, "scan", "--config", str(ROOT / "rules" / "semgrep"), "--json", "--quiet", "--metrics", "off",
               "--disable-version-check", "--disable-nosem", "--no-git-ignore", "--jobs", "1", str(folder)],
              env=environment)
    report = json.loads(out)
    expect(not report["errors"], f"Semgrep: {report['errors'][:3]}")
    found = collections.defaultdict(set)
    for result in report["results"]:
        cwe = re.search(r"dormouse\.cwe-(\d+)\.", result["check_id"])
        found[Path(result["path"]).name].add(int(cwe.group(1)))
    return found


def confusion(programs, found):
    """(cwe, label) -> counts: n, bandit, semgrep, either."""
    table = collections.defaultdict(collections.Counter)
    for file, (cwe, label, _) in programs.items():
        flags = {scanner: cwe in findings[file] for scanner, findings in found.items()}
        row = table[cwe, label]
        row["n"] += 1
        row.update(scanner for scanner, flagged in flags.items() if flagged)
        row["either"] += any(flags.values())
    for label in LABELS:
        for cwe in CWES:
            table["all", label] += table[cwe, label]
    return table


def markdown(table):
    scanners = ("bandit", "semgrep", "either")
    lines = ["| CWE | vulnerable: n | " + " | ".join(scanners) + " | secure: n | " + " | ".join(scanners) + " |",
             "| --- |" + " ---: |" * 8]
    for cwe in (*CWES, "all"):
        cells = [str(table[cwe, label][column]) for label in ("vulnerable", "secure") for column in ("n", *scanners)]
        lines.append(f"| {cwe} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def check_rates(which, table):
    for cwe in CWES:
        bad, good = table[cwe, "vulnerable"], table[cwe, "secure"]
        expect(bad["either"] >= FEWEST_FOUND * bad["n"],
               f"{which}: CWE {cwe}: only {bad['either']} of {bad['n']} vulnerable programs are found")
        expect(good["either"] <= MOST_FALSE_POSITIVES * good["n"],
               f"{which}: CWE {cwe}: {good['either']} of {good['n']} secure programs are flagged")


def counts_table(data):
    lines = ["| CWE | " + " | ".join(f"`{w}` families | programs" for w in FILES) + " |", "| --- |" + " ---: |" * (2 * len(FILES))]
    for cwe in (*CWES, "all"):
        cells = []
        for which in FILES:
            chosen = [f for f in data[which] if cwe in ("all", f["cwe"])]
            cells += [str(len(chosen)), str(sum(len(list(expand(f))) for f in chosen))]
        lines.append(f"| {cwe} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_between(path, blocks):
    """Replaces the text between `<!-- name -->` and `<!-- /name -->`."""
    text = path.read_text(encoding="utf-8")
    for name, block in blocks.items():
        text, times = re.subn(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
                              lambda m: m.group(1) + block + "\n" + m.group(2), text, flags=re.S)
        expect(times == 1, f"{path.name}: no place for the table {name}")
    path.write_text(text, encoding="utf-8")


def report():
    """Prints what failed; the exit code."""
    for message in failures[:50]:
        print("FAILED:", message, file=sys.stderr)
    print(f"\n{len(failures)} checks failed" if failures else "\nall checks passed")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bandit", help="the bandit program")
    parser.add_argument("--semgrep", help="the semgrep program")
    parser.add_argument("--no-scan", action="store_true", help="only the checks that need neither")
    parser.add_argument("--list", action="store_true", help="name every program that is graded wrongly")
    parser.add_argument("--write", action="store_true", help="write the tables into the READMEs")
    options = parser.parse_args()

    data = {which: read_list(ROOT / "prompts" / "code" / f"{which}.yaml") for which in FILES}
    cases = read_list(ROOT / "rules" / "cases.yaml")
    groups = collections.defaultdict(dict)          # which -> file name -> (cwe, label, program)
    check_counts(data)
    check_held_out(data["train"], data["iid"])
    for which, families in data.items():
        for family in families:
            check_form(which, family)
            for label, number, variant, program in expand(family):
                file = f"{which}-{family['name']}-{label}-{number}-{variant}.py"
                check_program(file, program)
                groups[which][file] = (family["cwe"], label, program)
    for case in cases:
        ast.parse(case["code"])
        groups[f"cases-{case['batch']}"][case["name"] + ".py"] = (case["cwe"], case["label"], case["code"])
    expect(len({case["name"] for case in cases}) == len(cases), "cases: a name twice")
    if any("does not parse" in message for message in failures):
        return report()
    balance = {which: check_length(which, families) for which, families in data.items()}
    worst = check_duplicates(data)

    print(counts_table(data))
    print("\nlength of secure fills / vulnerable fills: " + ", ".join(f"{w} {r:.3f}" for w, r in balance.items()))
    print(f"largest share of token 4-grams between files: {worst[0]:.2f} ({worst[1]}, {worst[2]})")

    if not options.no_scan:
        tables = {}
        bandit, semgrep = tool("bandit", options.bandit), tool("semgrep", options.semgrep)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "programs"
            folder.mkdir()
            for programs in groups.values():
                for file, (_, _, program) in programs.items():
                    (folder / file).write_text(program, encoding="utf-8")
            found = {"bandit": bandit_findings(bandit, folder), "semgrep": semgrep_findings(semgrep, folder)}
        for which, programs in groups.items():
            tables[which] = markdown(confusion(programs, found))
            print(f"\n{which}\n{tables[which]}")
            if which in FILES:
                check_rates(which, confusion(programs, found))
            if options.list:
                for file, (cwe, label, _) in programs.items():
                    flags = [scanner for scanner in found if cwe in found[scanner][file]]
                    if bool(flags) != (label == "vulnerable"):
                        print(f"  wrong: {file} {flags or 'not found'}")
        if options.write:
            write_between(ROOT / "rules" / "README.md", tables)
            write_between(ROOT / "prompts" / "code" / "README.md", {"counts": counts_table(data)})

    return report()


if __name__ == "__main__":
    sys.exit(main())
