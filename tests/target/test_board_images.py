"""Images for physical boards, which no test runs: vectors, sections and symbols lie in memories that the chips have, and sizes fit.

Memories as in RM0410 (STM32F76xxx) and RM0433 (STM32H742/743/753), section 2."""
import os
import pathlib
import struct
import unittest

FIRMWARE = pathlib.Path(os.environ["NESTKIT_FIRMWARE_DIR"])
K = 1024
CODE, MODEL = (0x08000000, 256 * K), (0x08040000, 1792 * K)
DTCM = (0x20000000, 128 * K)
BOARDS = {
    "nucleo_f767zi": {"itcm": (0, 16 * K), "ram": (0x20000000, 512 * K), "arena": (0x20000000, 512 * K), "sector": 256 * K},
    "nucleo_h743zi": {"itcm": (0, 64 * K), "ram": DTCM, "arena": (0x24000000, 512 * K), "sector": 128 * K},
}


def inside(address, size, memory):
    return memory[0] <= address and address + size <= memory[0] + memory[1]


class Image:
    def __init__(self, path):
        self.bytes = path.read_bytes()
        header = struct.unpack_from("<16sHHIIIIIHHHHHH", self.bytes)
        self.entry, program_at, section_at, program_count, section_count = header[4], header[5], header[6], header[10], header[12]
        names_index = header[13]
        self.segments = [struct.unpack_from("<8I", self.bytes, program_at + 32 * i) for i in range(program_count)]
        raw = [struct.unpack_from("<10I", self.bytes, section_at + 40 * i) for i in range(section_count)]
        names = raw[names_index]
        self.sections = {self.text(names[4] + s[0]): s for s in raw}
        self.symbols = {}
        table = self.sections[".symtab"]
        strings = raw[table[6]]
        for at in range(table[4], table[4] + table[5], 16):
            name, value, size, _, _, section = struct.unpack_from("<IIIBBH", self.bytes, at)
            self.symbols[self.text(strings[4] + name)] = (value, section, size)

    def text(self, at):
        return self.bytes[at:self.bytes.index(b"\0", at)].decode()

    def content(self, name):
        section = self.sections[name]
        return self.bytes[section[4]:section[4] + section[5]]


class BoardImages(unittest.TestCase):
    def each(self):
        for board, memories in BOARDS.items():
            yield board, memories, Image(FIRMWARE / f"nestkit-{board}.elf")

    def test_the_vector_table_is_where_the_core_looks_and_leads_into_the_image(self):
        for _, _, image in self.each():
            self.assertEqual(image.sections[".vectors"][3], CODE[0])
            vectors = struct.unpack("<16I", image.content(".vectors"))
            self.assertEqual(vectors[0], image.symbols["linker_stack_top"][0])
            self.assertTrue(inside(vectors[0] - 16 * K, 16 * K, DTCM))
            self.assertEqual(vectors[0] % 8, 0)
            self.assertEqual(vectors[1], image.symbols["reset_handler"][0])
            for handler in [v for v in vectors[1:] if v]:
                self.assertEqual(handler % 2, 1, "Thumb")
                self.assertTrue(inside(handler, 2, CODE))

    def test_every_section_lies_in_a_memory_of_the_chip(self):
        for _, memories, image in self.each():
            where = {".vectors": CODE, ".text": CODE, ".ARM.exidx": CODE, ".itcm": memories["itcm"], ".stack": DTCM, ".data": DTCM,
                     ".bss": DTCM, ".fast": DTCM, ".arena": memories["arena"]}
            allocated = {name: s for name, s in image.sections.items() if s[2] & 2 and s[5]}
            self.assertLessEqual(set(allocated), set(where))
            for name, section in allocated.items():
                self.assertTrue(inside(section[3], section[5], where[name]), name)
            for kind, _, _, load_address, file_bytes, *_ in image.segments:
                if kind == 1 and file_bytes:
                    self.assertTrue(inside(load_address, file_bytes, CODE))
            ranges = sorted((s[3], s[3] + s[5]) for s in allocated.values())
            for (_, end), (start, _) in zip(ranges, ranges[1:]):
                self.assertLessEqual(end, start)

    def test_the_arena_and_the_model_have_their_room(self):
        for board, memories, image in self.each():
            start, end = image.symbols["linker_arena_start"][0], image.symbols["linker_arena_end"][0]
            self.assertGreaterEqual(end - start, 448 * K)
            self.assertEqual(start % 32, 0)
            fast = image.symbols["linker_fast_end"][0] - image.symbols["linker_fast_start"][0]
            self.assertGreaterEqual(max(fast, sum(DTCM) - start if start >= DTCM[0] and start < sum(DTCM) else 0), 80 * K, "of the arena in DTCM")
            first, last = image.symbols["linker_model_start"][0], image.symbols["linker_model_end"][0]
            self.assertEqual((first, last - first), MODEL)
            self.assertEqual((first - CODE[0]) % memories["sector"], 0, "the model begins a sector of flash")

    def test_the_loops_of_convolutions_run_from_tightly_coupled_memory(self):
        for _, memories, image in self.each():
            for loop in ("nsrt_m7_two_pixels", "nsrt_m7_two_rows"):
                address, _, size = image.symbols[loop]
                self.assertTrue(inside(address, size, memories["itcm"]), loop)
                self.assertGreater(size, K, loop)

    def test_start_up_unlocks_the_cycle_counter(self):
        lock_register, key = 0xE0001FB0, 0xC5ACCE55
        for _, _, image in self.each():
            words = {struct.unpack_from("<I", image.content(".text"), at)[0] for at in range(0, image.sections[".text"][5] - 3, 2)}
            self.assertIn(key, words)
            self.assertIn(lock_register & ~0xFFF, words)  # the base that the compiler reaches it from

    def test_the_plain_bytes_are_those_of_the_image_from_the_beginning_of_flash(self):
        for board, _, image in self.each():
            plain = (FIRMWARE / f"nestkit-{board}.bin").read_bytes()
            self.assertLess(len(plain), CODE[1])
            self.assertTrue(plain.startswith(image.content(".vectors")))
            for kind, offset, _, load_address, file_bytes, *_ in image.segments:
                if kind == 1 and file_bytes:
                    at = load_address - CODE[0]
                    self.assertEqual(plain[at:at + file_bytes], image.bytes[offset:offset + file_bytes])


if __name__ == "__main__":
    unittest.main()
