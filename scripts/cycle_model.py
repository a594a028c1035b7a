#!/usr/bin/env python3
"""Estimates Cortex-M7 cycles of benchmark cases from their executed code and published pairing rules (docs/cycle_model.md).

usage: scripts/cycle_model.py CASE [--listing|--functions]      (a case of bench-kernels.elf, e.g. conv1x1_16x16x64_64/dense)
       scripts/cycle_model.py --loops FILE.S        (every label begins a loop: its cycles a turn, once it is in its steady state)

An estimate, not a measurement: memory without wait states, low and high from what the published rules leave open.
--functions: the instructions of every function that takes at least one in two hundred.
--listing: the hottest blocks, each instruction with the cycle of its block in which it issues (estimate in the middle).
"""
import bisect
import collections
import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/release"
ELF = BUILD / "firmware/bin/bench-kernels.elf"
FEWEST = "-fewest"  # of the name of the same program with the other schedule of the inner loops
PLUGIN = BUILD / "bench/libinstruction_profile.so"


@dataclasses.dataclass(frozen=True)
class Rules:
    """What the sources disagree on or leave open."""
    early_alu: bool            # results of an early add, sub, mov serve the same cycle, or the next cycle's address
    unknown_banks_pair: bool   # two loads pair if nothing shows that their words lie in the same bank
    long_mac_pairs: bool       # SMLAL, SMULL … pair with other instructions
    multiple_stall: int        # extra cycles of LDM, STM, LDRD, STRD: 0 none, 1 without two 16-bit instructions before, 2 always
    narrow_store_cycles: float  # that the store buffer needs for a byte or half word
    taken_cycles: int          # lost at a predicted taken branch
    miss_cycles: int           # lost at a mispredicted one
    miss_share: float          # of the branches that went elsewhere than the last time


LOW = Rules(True, True, True, 0, 1.0, 0, 6, 0.0)
MID = Rules(True, False, True, 1, 2.4, 0, 7, 0.5)
HIGH = Rules(False, False, False, 2, 4.0, 1, 8, 1.0)

SPREAD = 1.35  # least distance of low and high from the estimate

ALIAS = {"sl": "r10", "fp": "r11", "ip": "r12", "r13": "sp", "r14": "lr", "r15": "pc"}
REGISTER = re.compile(r"\b(r1[0-5]|r[0-9]|sl|fp|ip|sp|lr|pc)\b")
CONDITION = "eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le"
MAC = re.compile(r"mul|ml[as]|sm[ulm]|um(ul|la|aa)")
DSP = re.compile(r"[us]xt|[us]sat|u?q[ads]|[us]h?(add|sub|asx|sax)(8|16)|pkh|rev|rbit|clz|bf[ci]|[us]bfx|usad|sel")
SLOW_DSP = re.compile(r"[us]sat|u?q[ads]|usad")  # one more cycle of latency (LLVM)
EARLY = re.compile(r"(add|sub|mov|lsl|lsr|asr|ror)")
NO_RESULT = re.compile(r"cm[pn]|tst|teq|nop|it")


class Instruction:
    """One line of a disassembly: its issue class and the registers it reads (early, late, as multiplicand or accumulator) and writes."""

    def __init__(self, size, mnemonic, operands):
        self.size, self.text = size, f"{mnemonic} {operands}"
        name = re.sub(r"\.[wn]$", "", mnemonic)
        words = [REGISTER.findall(word) for word in re.split(r",\s*(?![^\[{]*[\]}])", operands)]
        words = [[ALIAS.get(r, r) for r in word] for word in words]
        flat = [r for word in words for r in word]
        first, rest = (words[0] if words else []), [r for word in words[1:] for r in word]
        self.early, self.late, self.factors, self.sums, self.writes = [], [], [], [], []
        self.conditional_branch = bool(re.fullmatch(rf"cbn?z|b(x|lx?)?({CONDITION})", name))
        self.kind, self.cycles, self.latency = "alu", 1, (1, 2, 1, 1)  # to late, early, multiplicand, accumulator
        self.shifted = self.early_alu = self.long = self.narrow = False
        self.bank, self.bases = None, []
        if self.conditional_branch or re.fullmatch(r"b(x|lx?)?", name):
            self.kind, self.late = "branch", flat
        elif re.match(r"ldm|pop|stm|push", name):
            listed = words[-1]
            self.kind, self.cycles = "multiple", -(-len(listed) // 2)
            self.early = first if len(words) > 1 else ["sp"]
            self.bases = self.early if len(words) == 1 or "!" in operands else []
            self.writes, self.latency = (listed if name[:3] in ("ldm", "pop") else []) + self.bases, (1, 2, 2, 1)
        elif re.match(r"ldr|str", name):
            pair, load = name.startswith("d", 3), name.startswith("ldr")
            data = first + (words[1] if pair else [])
            self.early = [r for word in words[2 if pair else 1:] for r in word]
            self.kind = "multiple" if pair else "load" if load else "store"
            self.narrow = not pair and bool(re.match(r"(ldrs?|str)[bh]", name))
            self.bases = self.early if re.search(r"\]!|\],", operands) else []
            self.writes = (data if load else []) + self.bases
            self.latency = (2, 3, 2, 1) if self.narrow else (1, 2, 2, 1)
            offset = re.search(r"\[\w+(?:, #(-?\d+))?\]", operands)
            if offset and self.early:
                self.bank = (self.early[0], int(offset.group(1) or 0) // 4)
        elif re.match(r"tb[bh]|[us]div|v|mrs|msr|dsb|isb|dmb|svc|bkpt|udf", name):
            self.kind, self.late, self.cycles = "alone", flat, 8 if "div" in name else 2
            self.writes = first
        elif MAC.match(name):
            self.kind, self.latency = "mac", (2, 3, 2, 1)
            self.long = bool(re.match(r"[us]m(ull|lal|lsl)|umaal", name))
            self.writes = words[0] + words[1] if self.long else first
            self.factors = flat if len(words) == 2 else [r for word in (words[2:4] if self.long else words[1:3]) for r in word]
            self.sums = self.writes if re.match(r"[us]ml[as]l|umaal", name) else [r for word in words[3:] for r in word]
        else:
            self.writes = [] if NO_RESULT.match(name) else first
            reads = rest if len(words) > 2 or re.match(r"mov|mvn|clz|rev|rbit|[us]xt[bh]|adr|rsb|neg", name) else flat
            if re.match(r"movt|bf[ci]", name):
                reads = flat
            shift = re.search(r"\b(lsl|lsr|asr|ror|rrx)\b", operands)
            constant = re.search(r"#(\d+)", operands)
            wide = constant and int(constant.group(1)) > 255 and not re.match(r"movw|movt|addw|subw", name)
            self.shifted = bool(shift) or bool(wide)
            if DSP.match(name):
                self.kind, self.latency = "dsp", (2, 3, 2, 1) if SLOW_DSP.match(name) else (1, 2, 1, 1)
                self.early = words[-1] if shift or re.match(r"pkh|[us]bfx|rev|rbit|bfi|[us]sat", name) else rest[1:] if "xta" in name else []
            elif shift:
                self.early = next(w for w in reversed(words) if w)[-1:]
            else:
                self.early_alu = not wide and bool(EARLY.match(name))
            self.late = [r for r in reads if r not in self.early]
        self.pure_shift = bool(re.match(r"(lsl|lsr|asr|ror)s?", name))


def pair(old, new, rules):
    """Whether two neighbours issue in one cycle, their operands apart."""
    kinds = {old.kind, new.kind}
    if kinds & {"multiple", "alone"} or new.kind == "dsp" or (not rules.long_mac_pairs and (old.long or new.long)):
        return False
    if old.kind == new.kind and old.kind in ("mac", "store", "branch") or kinds == {"mac", "store"}:
        return False
    if old.kind == new.kind == "load":
        if old.bank and new.bank and old.bank[0] == new.bank[0]:
            return (old.bank[1] ^ new.bank[1]) & 1 == 1
        return rules.unknown_banks_pair
    return not (new.shifted and (old.shifted or old.kind == "dsp" or (old.pure_shift and rules != LOW)))


@dataclasses.dataclass
class State:
    """Where the core stands at the end of a block; times are relative to the cycle in which the next instruction may issue."""
    older: Instruction = None   # issued last and still without a partner
    ready: tuple = ()           # (register, (late, early, multiplicand, accumulator))
    credit: int = 0             # 16-bit instructions not yet used up by a load multiple
    drained: float = 0          # when the store buffer is empty


def run(block, state, rules, issued=None):
    """Cycles of a block after a state, and the state after it."""
    now, older, credit, drained = -1, state.older, state.credit, state.drained  # -1: the cycle of `older`
    free, ready = 0, dict(state.ready)
    never = (-99,) * 4
    for i in block:
        need = max([ready.get(r, never)[1] for r in i.early] + [ready.get(r, never)[0] for r in i.late] +
                   [ready.get(r, never)[2] for r in i.factors] + [ready.get(r, never)[3] for r in i.sums] + [-1])
        if i.kind == "store":
            if i.narrow:
                need = max(need, int(drained - 4 * rules.narrow_store_cycles))  # four stores fit into the buffer
        if older and need <= now and pair(older, i, rules):
            older, second = None, True
        else:
            now, second = max(free, need), False
            older = None if i.kind in ("multiple", "alone") else i
            free = now + i.cycles
            if i.kind == "multiple":
                stall = rules.multiple_stall
                free += stall == 2 or (stall == 1 and credit < 2)
                credit = max(0, credit - 2)
        credit = min(8, credit + (i.size == 2))
        if i.kind == "store":
            drained = max(drained, now) + (rules.narrow_store_cycles if i.narrow else 1)
        early = rules.early_alu and i.early_alu and not second and all(ready.get(r, never)[1] <= now for r in i.late)
        latency = (0, 1, 1, 0) if early else i.latency
        for place, r in enumerate(i.writes):  # a load multiple gives two registers a cycle
            later = 0 if i.kind not in ("multiple", "alone") else i.cycles - 1 if i.kind == "alone" else place // 2
            ready[r] = tuple(now + n + later for n in latency) if r not in i.bases else (now + 1,) * 4
        if issued is not None:
            issued.append((now, second, i))
    cycles = free
    left = tuple(sorted((r, tuple(max(t - cycles, -4) for t in times)) for r, times in ready.items() if max(times) > cycles - 1))
    return cycles, State(older, left, credit, max(0.0, drained - cycles))


class Profile:
    """Executed blocks of one case with the edges between them."""

    def __init__(self, code, path):
        self.edges, self.turns, self.blocks = [], {}, {}
        for line in path.read_text().splitlines():
            kind, *numbers = line.split()
            start, count = int(numbers[0], 16), int(numbers[1])
            if kind == "turn":
                self.turns[start, count] = int(numbers[2])
            else:
                self.edges.append(((start, count), (int(numbers[2], 16), int(numbers[3])), int(numbers[4])))
        for block in {end for edge in self.edges for end in edge[:2]}:
            address, self.blocks[block] = block[0], []
            for _ in range(block[1]):
                self.blocks[block].append(code[address])
                address += code[address].size
        self.ends = {b: b[0] + sum(i.size for i in code_of) for b, code_of in self.blocks.items()}
        self.instructions = sum(count * to[1] for _, to, count in self.edges)

    def cycles(self, rules):
        """Every block after every block that it follows; what that one starts from is its own most frequent predecessor."""
        likely = {}
        for source, to, count in self.edges:
            if count > likely.get(to, (0, None))[0]:
                likely[to] = (count, source)
        entry = {block: State() for block in self.blocks}
        for _ in range(3):
            after = {block: run(code, entry[block], rules)[1] for block, code in self.blocks.items()}
            entry = {block: self.arrive(after[likely[block][1]], likely[block][1], block) if block in likely else State()
                     for block in self.blocks}
        total = 0
        for source, to, count in self.edges:
            taken = self.ends[source] != to[0]
            total += count * (run(self.blocks[to], self.arrive(after[source], source, to), rules)[0] + taken * rules.taken_cycles)
        for block, turns in self.turns.items():
            last = self.blocks[block][-1]
            total += turns * min(1, rules.miss_share * (1 if last.conditional_branch else 2)) * rules.miss_cycles
        return total

    def arrive(self, state, source, to):
        """A taken branch ends its issue group."""
        return dataclasses.replace(state, older=None) if self.ends[source] != to[0] else state


def disassemble(elf):
    text = subprocess.run(["arm-none-eabi-objdump", "-d", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    code = {}
    for line in text.splitlines():
        match = re.match(r"\s*([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(\S+)\s*([^@;<]*)", line)
        if match:
            size = len(match.group(2).replace(" ", "")) // 2
            code[int(match.group(1), 16)] = Instruction(size, match.group(3), match.group(4).strip())
    return code


def profile(case, code, elf):
    """Runs one case of bench-kernels.elf; its record and its profile."""
    symbols = subprocess.run(["arm-none-eabi-nm", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    counter = re.search(r"([0-9a-f]+) T _ZN5board7counterEv", symbols).group(1)
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "profile"
        done = subprocess.run([ROOT / "firmware/run", "-p", f"{PLUGIN},counter=0x{counter},out={out}", elf, case],
                              stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0 or not done.stdout.startswith("{"):
            raise RuntimeError(f"{case}: {elf.name} ends with status {done.returncode}: {done.stdout.strip()}")
        record, found = json.loads(done.stdout.splitlines()[0]), Profile(code, out)
    if record["case"] != case or abs(found.instructions - record["instructions"]) > 1000 + record["instructions"] // 200:
        raise RuntimeError(f"{case}: the profile holds {found.instructions} instructions, counted were {record['instructions']}")
    return record, found


def estimate(case, code, elf=None):
    """The record of a case with its cycles; low and high are never closer than 35 %: no board has confirmed the model."""
    record, found = profile(case, code, elf or ELF)
    scale = record["instructions"] / found.instructions
    low, middle, high = (found.cycles(rules) * scale for rules in (LOW, MID, HIGH))
    return record | {"cycles_low": round(min(low, middle / SPREAD)), "cycles_estimate": round(middle),
                     "cycles_high": round(max(high, middle * SPREAD))}


def listing(case, code, blocks=12):
    _, found = profile(case, code, ELF)
    counts = collections.Counter()
    for _, to, count in found.edges:
        counts[to] += count
    for block, count in sorted(counts.items(), key=lambda item: -item[1] * item[0][1])[:blocks]:
        issued = []
        cycles, _ = run(found.blocks[block], State(), MID, issued)
        print(f"{block[0]:#x}: {count} times, {block[1]} instructions, {cycles} cycles")
        for cycle, second, i in issued:
            print(f"  {'' if second else cycle:>5}  {i.text}")


def functions(case, code):
    record, found = profile(case, code, ELF)
    symbols = subprocess.run(["arm-none-eabi-nm", "-nC", ELF], stdout=subprocess.PIPE, text=True, check=True).stdout
    starts = [(int(address, 16) & ~1, name) for address, name in re.findall(r"^(\w+) [tTwW] (.*)$", symbols, re.M)]
    counts = collections.Counter()
    for _, to, count in found.edges:
        counts[starts[bisect.bisect_right(starts, (to[0], "~")) - 1][1]] += count * to[1]
    for name, count in counts.most_common():
        if count * 200 >= found.instructions:
            print(f"{count:10} {100 * count / found.instructions:5.1f} %  {name.split('(')[0] or name}")
    print(f"{record['instructions']:10} in all")


def turn(block, rules, turns=16):
    """Cycles that one turn of a loop takes when it has run for a while."""
    state, cycles = State(), []
    for _ in range(2 * turns):
        now, state = run(block, state, rules)
        cycles.append(now)
    return sum(cycles[turns:]) / turns


def loops(source):
    """A line for every label of an assembly file."""
    with tempfile.TemporaryDirectory() as folder:
        built = pathlib.Path(folder) / "loops.o"
        subprocess.run(["arm-none-eabi-gcc", "-mcpu=cortex-m7", "-c", source, "-o", built], check=True)
        code = disassemble(built)
        symbols = subprocess.run(["arm-none-eabi-nm", "-n", built], stdout=subprocess.PIPE, text=True, check=True).stdout
    labels = [(int(address, 16), name) for address, kind, name in re.findall(r"^(\w+) (t) ([a-z]\w*)$", symbols, re.M)]
    print(f"{'loop':32} {'instructions':>12}  cycles, low / estimate / high")
    for (start, name), (end, _) in zip(labels, labels[1:] + [(1 << 32, "")]):
        block = [code[address] for address in sorted(code) if start <= address < end]
        print(f"{name:32} {len(block):12}  " + " / ".join(f"{turn(block, rules):.3g}" for rules in (LOW, MID, HIGH)))


def main(words):
    cases = [word for word in words if not word.startswith("-")]
    if "-h" in words or "--help" in words or len(cases) != 1:
        print(__doc__, file=sys.stdout if "-h" in words or "--help" in words else sys.stderr)
        return 0 if "-h" in words or "--help" in words else 2
    try:
        if "--loops" in words:
            loops(cases[0])
            return 0
        code = disassemble(ELF)
        if "--functions" in words:
            functions(cases[0], code)
            return 0
        if "--listing" in words:
            listing(cases[0], code)
        print(json.dumps(estimate(cases[0], code)))
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print(f"cycle_model: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
